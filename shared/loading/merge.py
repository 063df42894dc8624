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
    ), compared as materialized (
        select latest.*, present.{load} as was_of from latest left join {table} as present using ({key})
        where present.{load} is null or present.{load} = %(serial)s or {changed}
    ), merged as (
        insert into {table} as present ({columns}, {line}, {load})
        select {columns}, {line}, %(serial)s from compared order by {key}
        on conflict ({key}) do update set {assignments}
        returning (xmax = 0) as is_new
    )
    select (select count(*) from {staging}), (select count(*) from latest), (select count(*) from compared),
        (select count(*) from compared where was_of = %(serial)s),
        count(*) filter (where is_new), count(*) filter (where not is_new)
    from merged""")
"""Of rows with the same key the last line counts. The rows go in by key order, so that two merges with the
same keys wait for each other instead of deadlocking. An unchanged row is not written and keeps its load; one
that this load wrote before is overwritten in any case, because its line changes.
`xmax` is 0 in a row that this statement inserted, and this transaction in one that it updated."""


@dataclass(frozen=True, slots=True)
class Merged:
    """Rows, as Postgres counted them.

    `distinct` of the `staged` have a key of their own, the rest came again later in the file; `different` of
    these are new or other than what is there, and `own` of those replaced a row of this same load.
    """

    staged: int
    distinct: int
    different: int
    own: int
    inserted: int
    updated: int


def merge(connection: Connection, staging: Table, contract: type[Contract], serial: int) -> Merged:
    """Bring the staged rows into the table of `contract`, which has a key, as rows of load `serial`."""
    names = [field.name for field in dataset.fields(contract)]
    values = [name for name in names if name not in contract.key]
    statement = _BY_KEY.format(
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
    """Whether a present row differs from the latest; one that is all key never does."""
    if not values:
        return sql.SQL("false")
    rows = (
        sql.SQL(", ").join(sql.Identifier(alias, name) for name in values) for alias in ("present", "latest")
    )
    return sql.SQL("({}) is distinct from ({})").format(*rows)
