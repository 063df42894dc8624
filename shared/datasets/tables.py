"""Creates the tables of datasets, checks their schema and keys, and counts their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql
from sqlalchemy import Connection, Table, bindparam, func, literal_column, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from shared import driver_errors
from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.dataset_table import LINE_COLUMN, LOAD_COLUMN
from shared.database import transactions
from shared.database.transactions import cursor, set_timeouts
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
    """Create the table of `contract` and its index."""
    table = dataset_table.sqlalchemy_table(contract)
    connection.execute(CreateTable(table))
    for index in table.indexes:
        connection.execute(CreateIndex(index))


def name_is_taken(connection: Connection, name: str) -> bool:
    """Whether a table, view, index or type has the name of the table `name` or one of its indexes."""
    names = [name, dataset_table.index_name(name), dataset_table.key_name(name)]
    return bool(
        connection.scalar(_TAKEN, {"name": name, "names": names, "schema": dataset_table.TABLE_SCHEMA})
    )


# The first statement locks the table against changes of its definition.
_TYPES = sql.SQL("""
    select from {table} limit 0;
    select attname::text, case typtype
        when 'd' then format_type(typbasetype, typtypmod) else format_type(atttypid, atttypmod) end
    from pg_attribute join pg_type on pg_type.oid = atttypid
    where attrelid = {name}::regclass and attnum > 0 and not attisdropped""")
_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def column_types(connection: Connection, name: str) -> dict[str, str]:
    """PostgreSQL's type of each column of table `name`; for a domain, its base type.

    Locks the table against changes of its definition until the transaction ends.
    """
    table = sql.Identifier(dataset_table.TABLE_SCHEMA, name)
    with cursor(connection) as driver:
        driver.execute(_TYPES.format(table=table, name=sql.Literal(dataset_table.qualified_name(name))))
        return dict(driver.fetchall())


def check_table_schema(connection: Connection, contract: type[Contract], *, is_declared: bool) -> None:
    """Raise `Unavailable` if the table's columns have other types than a load of `contract` writes.

    Values are sent in binary form, in which the same eight bytes can be a `bigint` and a `timestamp`:
    PostgreSQL would not notice. Columns that only the table has are ignored.
    """
    actual = column_types(connection, contract.dataset)
    columns = dataset_table.sqlalchemy_table(contract).columns
    wanted = {column.name: _without_collation(column.type.compile(_DIALECT)) for column in columns}
    source = "the contract wants" if is_declared else "recorded as"
    differences = [
        f"column {name} is {actual.get(name, 'missing')}, {source} {type_}"
        for name, type_ in wanted.items()
        if actual.get(name) != type_
    ]
    if differences:
        raise _unavailable(contract.dataset, differences, is_declared=is_declared)


def check_new_columns(connection: Connection, name: str, added: list[str]) -> None:
    """Raise `Unavailable` if the table already has columns that are to be `added` for a file."""
    actual = column_types(connection, name)
    existing = [column for column in added if column in actual]
    differences = [f"column {column} is {actual[column]}, not recorded" for column in existing]
    if differences:
        raise _unavailable(name, differences, is_declared=False)


def _without_collation(type_: str) -> str:
    return type_.partition(" COLLATE ")[0].lower()


def _unavailable(name: str, differences: list[str], *, is_declared: bool) -> Unavailable:
    listed = "; ".join(differences)
    if is_declared:
        return Unavailable(
            POSTGRES, f"table {name} differs from its contract: {listed}; run `python3 dev migrate`"
        )
    return Unavailable(
        POSTGRES, f"table {name} was changed manually: {listed}; change it back, or declare a contract for it"
    )


MAX_COUNTED = 100_000
"""Rows that are counted; the planner's estimate is used for larger tables."""


@dataclass(frozen=True, slots=True)
class RowCount:
    """Number of rows, or an estimate; `None` if it is unknown, with the reason in `problem`."""

    rows: int | None
    is_estimate: bool = False
    problem: str | None = None


def count_rows(connection: Connection, table: Table) -> RowCount:
    """Count the rows of `table` that this transaction sees.

    Does not fail if the table is missing or locked by a load: the result has the `problem`. Also limits how
    long the rest of the transaction waits for locks.
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
    """The planner's estimate: rows per page at the last analysis, times the pages of today."""
    query = select(literal_column("1")).select_from(table).compile(connection)
    plans = connection.scalars(text(f"explain (format json) {query}")).one()
    return int(plans[0]["Plan"]["Plan Rows"])


def _counted(connection: Connection, table: Table) -> int:
    """The number of rows, or `MAX_COUNTED` + 1 if there are more."""
    some = select(literal_column("1")).select_from(table).limit(MAX_COUNTED + 1).subquery()
    return connection.scalar(select(func.count()).select_from(some)) or 0


_MAX_EXAMPLES = 10
_WITHOUT_KEY = sql.SQL("select {load}, {line} from {table} where {is_missing}")
_DUPLICATE_KEYS = sql.SQL("""
    select {load}, {line} from (
        select {load}, {line}, row_number() over (partition by {key} order by {load}, {line}) as nth
        from {table}
    ) as numbered where nth > 1""")
_VIOLATIONS = sql.SQL("""
    with found as materialized ({found})
    select (select count(*) from found), id::text, {load}, {line}
    from (select * from found order by 1, 2 limit {most}) as first
    left join ingest.ingestions on serial = {load} order by {load}, {line}""")


@dataclass(frozen=True, slots=True)
class KeyViolations:
    """Number of rows that prevent a key, and the ingestion, load and line of the first ones."""

    count: int
    first: tuple[tuple[str | None, int, int], ...]

    def as_faults(self, detail: str) -> list[dict[str, Any]]:
        """The first rows as JSON for an answer, without values."""
        return [
            {"ingestion_id": ingestion, "load": load, "line": line, "detail": detail}
            for ingestion, load, line in self.first
        ]


def rows_without_key(connection: Connection, name: str, key: Sequence[str]) -> KeyViolations:
    """Rows of table `name` in which a column of `key` is null; all rows if `key` is empty."""
    columns = [sql.SQL("{} is null").format(sql.Identifier(column)) for column in key]
    is_missing = sql.SQL(" or ").join(columns or [sql.SQL("true")])
    return _violations(connection, name, _WITHOUT_KEY, is_missing=is_missing)


def duplicate_keys(connection: Connection, name: str, key: Sequence[str]) -> KeyViolations:
    """Rows of table `name` with the same values of `key` as an earlier row."""
    return _violations(connection, name, _DUPLICATE_KEYS, key=transactions.column_list(key))


def _violations(connection: Connection, name: str, query: sql.SQL, **parts: sql.Composable) -> KeyViolations:
    table = sql.Identifier(dataset_table.TABLE_SCHEMA, name)
    lineage = {"load": sql.Identifier(LOAD_COLUMN), "line": sql.Identifier(LINE_COLUMN)}
    found = query.format(table=table, **lineage, **parts)
    with cursor(connection) as driver:
        driver.execute(_VIOLATIONS.format(found=found, most=sql.Literal(_MAX_EXAMPLES), **lineage))
        rows = driver.fetchall()
    return KeyViolations(rows[0][0] if rows else 0, tuple((id_, load, line) for _, id_, load, line in rows))
