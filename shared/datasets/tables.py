"""Creates the tables of datasets, checks their schema and counts their rows."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg2 import sql
from sqlalchemy import Connection, Table, bindparam, func, literal_column, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from shared import driver_errors
from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.database.sql_fragments import set_timeouts
from shared.database.transactions import cursor
from shared.driver_errors import POSTGRES
from shared.errors import Unavailable

_TAKEN = text("""
    select exists (
        select from pg_class where relname in :names and relnamespace = cast(:schema as regnamespace)
    ) or exists (
        select from pg_type where typname = :name and typnamespace = cast(:schema as regnamespace)
    )
    """).bindparams(bindparam("names", expanding=True))


def create_table(connection: Connection, contract: type[Contract]) -> None:
    """The table of `contract` and its index."""
    table = dataset_table.sqlalchemy_table(contract)
    connection.execute(CreateTable(table))
    for index in table.indexes:
        connection.execute(CreateIndex(index))


def name_is_taken(connection: Connection, name: str) -> bool:
    """Whether a table, view, index or type is where the table `name` and its indexes would be."""
    names = [name, dataset_table.index_name(name), dataset_table.key_name(name)]
    return bool(
        connection.scalar(_TAKEN, {"name": name, "names": names, "schema": dataset_table.TABLE_SCHEMA})
    )


# The first of the two keeps the table's definition as it is until the transaction ends.
_TYPES = sql.SQL("""
    select from {table} limit 0;
    select attname::text, case typtype
        when 'd' then format_type(typbasetype, typtypmod) else format_type(atttypid, atttypmod) end
    from pg_attribute join pg_type on pg_type.oid = atttypid
    where attrelid = {name}::regclass and attnum > 0 and not attisdropped""")
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def column_types(connection: Connection, name: str) -> dict[str, str]:
    """Postgres' names of the types of the columns of table `name`; of a domain, the type that it is of.

    The table stays as it is until the transaction ends.
    """
    table = sql.Identifier(dataset_table.TABLE_SCHEMA, name)
    with cursor(connection) as driver:
        driver.execute(_TYPES.format(table=table, name=sql.Literal(dataset_table.qualified_name(name))))
        return dict(driver.fetchall())


def check_table_schema(connection: Connection, contract: type[Contract], *, is_declared: bool) -> None:
    """Raises `Unavailable` where the table's columns have other types than a load of `contract` writes.

    Values are sent as the bytes of their types, and the same eight bytes are a `bigint` as well as a
    `timestamp`: Postgres cannot see the difference. Columns that only the table has are its owner's.
    """
    found = column_types(connection, contract.dataset)
    wanted = {
        one.name: one.type.compile(_DIALECT) for one in dataset_table.sqlalchemy_table(contract).columns
    }
    said = "the contract wants" if is_declared else "recorded as"
    differences = [
        f"column {name} is {found.get(name, 'missing')}, {said} {kind}"
        for name, kind in ((name, _plain(kind)) for name, kind in wanted.items())
        if found.get(name) != kind
    ]
    if differences:
        raise _unavailable(contract.dataset, differences, is_declared=is_declared)


def check_new_columns(connection: Connection, name: str, added: list[str]) -> None:
    """Raises `Unavailable` where columns that are to be `added` for a file are there already."""
    found = column_types(connection, name)
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


MAX_COUNTED = 100_000
"""Rows that are counted; above them the planner is asked, who knows pages and rows per page."""


@dataclass(frozen=True, slots=True)
class RowCount:
    """`rows`, perhaps an estimate; `None` where nobody can tell, with the reason in `problem`."""

    rows: int | None
    is_estimate: bool = False
    problem: str | None = None


def count_rows(connection: Connection, table: Table) -> RowCount:
    """The rows of `table` as far as this transaction sees them.

    A table that is missing, or locked while a load changes it, is no reason to fail: its count has the
    `problem`. Waits for locks of the rest of the transaction end as soon as those of this function.
    """
    try:
        with driver_errors.translate_errors(), connection.begin_nested():
            set_timeouts(connection, lock=0.2, statement=2)
            estimate = _estimate(connection, table)
    except Unavailable as exc:
        return RowCount(None, problem=exc.reason)
    if estimate > MAX_COUNTED:
        return RowCount(estimate, is_estimate=True)
    try:
        with driver_errors.translate_errors(), connection.begin_nested():
            counted = _counted(connection, table)
    except Unavailable:
        return RowCount(estimate, is_estimate=True)
    if counted > MAX_COUNTED:
        return RowCount(max(estimate, counted), is_estimate=True)
    return RowCount(counted)


def _estimate(connection: Connection, table: Table) -> int:
    """What the planner expects: rows per page when it was last analyzed, times the pages it has now."""
    query = select(literal_column("1")).select_from(table).compile(connection)
    plans = connection.scalars(text(f"explain (format json) {query}")).one()
    return int(plans[0]["Plan"]["Plan Rows"])


def _counted(connection: Connection, table: Table) -> int:
    """The rows, of which one more than `MOST_COUNTED` are read at most."""
    some = select(literal_column("1")).select_from(table).limit(MAX_COUNTED + 1).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0
