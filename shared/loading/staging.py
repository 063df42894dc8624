"""The staging table: accepted rows that wait for the merge, gone at the transaction's end in any case."""

from __future__ import annotations

from psycopg2 import sql
from sqlalchemy import Column, Connection, MetaData, Table

from shared.contracts.base import Contract
from shared.loading import copy
from shared.loading.encoding import EncodedRows
from shared.tables import dataset


def create(connection: Connection, contract: type[Contract]) -> Table:
    """Make an empty staging table with the dataset's columns."""
    target = dataset.table(contract)
    staging = Table("ingest_staging", MetaData(), *(Column(one.name, one.type) for one in target.columns))
    statement = sql.SQL("create temp table {} on commit drop as select {} from {} with no data").format(
        copy.identifier(staging), copy.columns([one.name for one in target.columns]), copy.identifier(target)
    )
    with copy.cursor(connection) as driver:
        driver.execute(statement)
    return staging


def add(connection: Connection, staging: Table, rows: EncodedRows) -> None:
    """Append `rows`."""
    copy.copy_rows(connection, staging, rows)


def analyze(connection: Connection, staging: Table) -> None:
    """Tell the planner how many rows there are; a temporary table's statistics are nobody else's job."""
    with copy.cursor(connection) as driver:
        driver.execute(sql.SQL("analyze {}").format(copy.identifier(staging)))
