"""The staging table: a file's accepted rows, gone at the end of the transaction whatever happens."""

from __future__ import annotations

import pyarrow as pa
from psycopg2 import sql
from sqlalchemy import Column, Connection, MetaData, Table

from shared.contracts.base import Contract
from shared.loading import copy
from shared.tables import dataset
from shared.tables.dataset import LINE_COLUMN, LOAD_COLUMN
from shared.validation.validating import Validated


def create(connection: Connection, contract: type[Contract]) -> Table:
    """Make an empty staging table with the dataset's columns and `_line`."""
    target = dataset.table(contract)
    kept = [column for column in target.columns if column.name != LOAD_COLUMN]
    staging = Table("ingest_staging", MetaData(), *(Column(column.name, column.type) for column in kept))
    statement = sql.SQL("create temp table {} on commit drop as select {} from {} with no data").format(
        copy.identifier(staging), copy.columns([column.name for column in kept]), copy.identifier(target)
    )
    with copy.cursor(connection) as driver:
        driver.execute(statement)
    return staging


def add(connection: Connection, staging: Table, validated: Validated) -> None:
    """Append the accepted rows of a batch."""
    if len(validated.lines):
        rows = pa.Table.from_pandas(validated.rows, preserve_index=False)
        lines = pa.array(validated.lines, pa.int64())
        copy.copy_in(connection, staging, rows.append_column(LINE_COLUMN, lines))
