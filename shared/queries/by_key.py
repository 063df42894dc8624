"""Pages in the order of the key: at any depth alike, and no row that changes is missed or seen twice."""

from __future__ import annotations

import json

from psycopg2 import sql
from sqlalchemy import Engine

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.database import brief
from shared.queries import filters, shown, values
from shared.queries.page import Asked, Page, Place

ORDER = "key"

_ROWS = sql.SQL("select * from {table} where {conditions} order by {key} limit {limit}")
_BEHIND = sql.SQL("({key}) > ({values})")


def page(engine: Engine, contract: type[Contract], asked: Asked) -> Page:
    """The page that is `asked` for; raises `ValueError` where `after` is no place in this order."""
    conditions = [one.condition() for one in asked.filters]
    key = sql.SQL(", ").join(map(sql.Identifier, contract.key))
    if asked.after is not None:
        before = sql.SQL(", ").join(map(sql.Literal, _values(contract, asked.after)))
        conditions.append(_BEHIND.format(key=key, values=before))
    rows = _ROWS.format(
        table=shown.table(contract),
        conditions=filters.all_of(conditions),
        key=key,
        limit=sql.Literal(asked.limit + 1),  # whether there is another page
    )
    answer = brief.ask(engine, shown.query(contract, rows, key))
    found = [row for _, row in answer[: asked.limit]]
    after = _place(contract, found[-1]) if found and answer[0][0] > len(found) else None
    return Page(tuple(contract.model_fields), found, after)


def _place(contract: type[Contract], row: str) -> Place:
    """The key of `row`, numbers as texts: no digit may be lost on the way."""
    shown_row = json.loads(row, parse_float=str, parse_int=str)
    return [ORDER, *(str(shown_row[name]) for name in contract.key)]


def _values(contract: type[Contract], after: Place) -> list[object]:
    fields = {field.name: field for field in dataset.fields(contract)}
    return [values.read(fields[name], str(text)) for name, text in zip(contract.key, after[1:], strict=True)]
