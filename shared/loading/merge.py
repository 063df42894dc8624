"""The merge of the staged rows into the dataset's table: one statement, which also counts."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg2 import sql
from sqlalchemy import Connection, Table

from shared.contracts.base import Contract
from shared.loading import copy
from shared.tables import dataset
from shared.tables.dataset import LINE_COLUMN, LOAD_COLUMN

_BY_KEY = sql.SQL("""
    with latest as materialized (
        select distinct on ({key}) * from {staging} order by {key}, {line} desc
    ), merged as (
        insert into {table} as present ({columns}, {line}, {load})
        select {columns}, {line}, %(serial)s from latest
        on conflict ({key}) do update set {assignments}
        where {changed}
        returning (xmax = 0) as is_new
    )
    select (select count(*) from {staging}), (select count(*) from latest),
        count(*) filter (where is_new), count(*) filter (where not is_new)
    from merged""")
"""Of rows with the same key the last line counts. The rows go in by key order, so that two loads with the
same keys wait for each other instead of deadlocking. An unchanged row is not written and keeps its load.
`xmax` is 0 in a row that this statement inserted, and this transaction in one that it updated."""

_APPEND = sql.SQL("""
    with merged as (
        insert into {table} ({columns}, {line}, {load})
        select {columns}, {line}, %(serial)s from {staging} order by {line}
        returning 1
    )
    select (select count(*) from {staging}), (select count(*) from {staging}), count(*), 0 from merged""")


@dataclass(frozen=True, slots=True)
class Merged:
    """Rows, as Postgres counted them: `distinct` have a key of their own, the rest came again later."""

    staged: int
    distinct: int
    inserted: int
    updated: int


def merge(connection: Connection, staging: Table, contract: type[Contract], serial: int) -> Merged:
    """Bring the staged rows into the table of `contract` as rows of load `serial`."""
    names = [field.name for field in dataset.fields(contract)]
    values = [name for name in names if name not in contract.key]
    statement = (_BY_KEY if contract.key else _APPEND).format(
        table=copy.identifier(dataset.table(contract)),
        staging=copy.identifier(staging),
        columns=copy.columns(names),
        key=copy.columns(list(contract.key)),
        line=sql.Identifier(LINE_COLUMN),
        load=sql.Identifier(LOAD_COLUMN),
        assignments=sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name))
            for name in [*values, LINE_COLUMN, LOAD_COLUMN]
        ),
        changed=_changed(values),
    )
    with copy.cursor(connection) as driver:
        driver.execute(statement, {"serial": serial})
        return Merged(*driver.fetchall()[0])


def _changed(values: list[str]) -> sql.Composable:
    """Whether a present row differs; one that is all key never does."""
    if not values:
        return sql.SQL("false")
    rows = (
        sql.SQL(", ").join(sql.Identifier(alias, name) for name in values)
        for alias in ("present", "excluded")
    )
    return sql.SQL("({}) is distinct from ({})").format(*rows)
