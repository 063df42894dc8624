"""How a dataset's table stands in the database, against what a load writes into it."""

from __future__ import annotations

from psycopg2 import sql
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.database.driving import cursor
from shared.errors import Unavailable
from shared.faults import POSTGRES

# The first of the two keeps the table's definition as it is until the transaction ends.
_TYPES = sql.SQL("""
    select from {table} limit 0;
    select attname::text, case typtype
        when 'd' then format_type(typbasetype, typtypmod) else format_type(atttypid, atttypmod) end
    from pg_attribute join pg_type on pg_type.oid = atttypid
    where attrelid = {name}::regclass and attnum > 0 and not attisdropped""")
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def types(connection: Connection, name: str) -> dict[str, str]:
    """Postgres' names of the types of the columns of table `name`; of a domain, the type that it is of.

    The table stays as it is until the transaction ends.
    """
    table = sql.Identifier(dataset.SCHEMA, name)
    with cursor(connection) as driver:
        driver.execute(_TYPES.format(table=table, name=sql.Literal(dataset.qualified(name))))
        return dict(driver.fetchall())


def require_same(connection: Connection, contract: type[Contract], *, is_declared: bool) -> None:
    """Raises `Unavailable` where the table's columns have other types than a load of `contract` writes.

    Values are sent as the bytes of their types, and the same eight bytes are a `bigint` as well as a
    `timestamp`: Postgres cannot see the difference. Columns that only the table has are its owner's.
    """
    found = types(connection, contract.dataset)
    wanted = {one.name: one.type.compile(_DIALECT) for one in dataset.table(contract).columns}
    said = "the contract wants" if is_declared else "recorded as"
    differences = [
        f"column {name} is {found.get(name, 'missing')}, {said} {kind}"
        for name, kind in ((name, _plain(kind)) for name, kind in wanted.items())
        if found.get(name) != kind
    ]
    if differences:
        raise _unavailable(contract.dataset, differences, is_declared=is_declared)


def require_room(connection: Connection, name: str, added: list[str]) -> None:
    """Raises `Unavailable` where columns that are to be `added` for a file are there already."""
    found = types(connection, name)
    if there := [f"column {column} is {found[column]}, not recorded" for column in added if column in found]:
        raise _unavailable(name, there, is_declared=False)


def _plain(kind: str) -> str:
    return kind.partition(" COLLATE ")[0].lower()


def _unavailable(name: str, differences: list[str], *, is_declared: bool) -> Unavailable:
    listed = "; ".join(differences)
    if is_declared:
        return Unavailable(
            POSTGRES, f"table {name} differs from its contract: {listed}; run `python3 dev migrate`"
        )
    return Unavailable(
        POSTGRES, f"table {name} was changed by hand: {listed}; change it back, or declare a contract for it"
    )
