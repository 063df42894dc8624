"""The use case of looking at rows: a page of them, in the order that the dataset can be read in; or one."""

from __future__ import annotations

from psycopg2 import sql
from sqlalchemy import Engine

from shared import faults
from shared.contracts.base import Contract
from shared.contracts.registry import CONTRACTS
from shared.database import brief
from shared.datasets import catalog
from shared.errors import InvalidRequest, NotFound, Unavailable
from shared.queries import by_key, by_load, by_place, keys, shown
from shared.queries.page import Asked, Page

_ROW = sql.SQL("""
    select row_to_json(_shown.*)::text from (select * from {table} where {is_key}) as page
    cross join lateral (select {columns}) as _shown""")
_NOT_FOUND_IN_TIME = (
    f"not enough rows that pass the filters were found within {brief.SECONDS} s, since columns without "
    "an index are looked through row by row: filter by the first column of the key too, or make an index"
)


def contract_of(engine: Engine, name: str) -> type[Contract]:
    """The contract of the dataset; raises `NotFound` and, but for a declared one, `Unavailable`."""
    if name in CONTRACTS:
        return CONTRACTS[name]
    with brief.connect(engine) as connection:
        found = catalog.find(connection, name)
    if found is None:
        raise NotFound(f"There is no dataset {name!r}; GET /api/datasets lists those there are.")
    return found.contract


def page(engine: Engine, contract: type[Contract], asked: Asked) -> Page:
    """The page that is `asked` for.

    Raises `InvalidRequest` where `after` is of no earlier page in the same order, and `Unavailable`, also
    where filters would need too long.
    """
    try:
        return _page(engine, contract, asked)
    except ValueError:
        detail = "after must be the `next` of an earlier answer of this list in the same order."
        raise InvalidRequest(detail, [{"parameter": "after", "detail": detail}]) from None
    except Unavailable as exc:
        if asked.filters and exc.reason == faults.TOO_SLOW:
            raise Unavailable(faults.POSTGRES, _NOT_FOUND_IN_TIME) from exc
        raise


def row(engine: Engine, contract: type[Contract], key: keys.Key) -> str | None:
    """The row with this key as JSON text, if there is one; raises `Unavailable`."""
    query = _ROW.format(
        table=shown.table(contract), is_key=keys.condition(key), columns=shown.columns(contract)
    )
    found = brief.ask(engine, query)
    return found[0][0] if found else None


def _page(engine: Engine, contract: type[Contract], asked: Asked) -> Page:
    if asked.recent:
        return by_load.page(engine, contract, _in(by_load.ORDER, asked))
    if contract.key:
        return by_key.page(engine, contract, _in(by_key.ORDER, asked))
    found = by_place.find(engine, contract)
    if found is None:  # places are no order there
        return by_load.page(engine, contract, _in(by_load.ORDER, asked))
    return by_place.page(engine, contract, _in(by_place.ORDER, asked), found)


def _in(order: str, asked: Asked) -> Asked:
    """`asked`, if it goes on in this order or begins."""
    if asked.after is not None and asked.after[:1] != [order]:
        raise ValueError("a place in another order")
    return asked
