"""COPY into a table of Postgres."""

from __future__ import annotations

from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
from psycopg2 import sql
from sqlalchemy import Connection, Table

from shared.database.driving import cursor
from shared.errors import ConservationBroken
from shared.loading.encoding import EncodedRows

_BUFFER = 1024 * 1024
"""Bytes that the driver takes at a time."""


def identifier(table: Table) -> sql.Identifier:
    """The table's quoted name, with its schema where it has one."""
    return sql.Identifier(table.schema, table.name) if table.schema else sql.Identifier(table.name)


def columns(names: list[str]) -> sql.Composed:
    """Quoted names, separated by commas."""
    return sql.SQL(", ").join(map(sql.Identifier, names))


def places(ctids: pa.StringArray) -> str:
    """Places of rows, at least one, as the text of an array."""
    joined: Any = pc.binary_join(pa.ListArray.from_arrays([0, len(ctids)], ctids), '","')
    return f'{{"{joined[0].as_py()}"}}'


def copy_rows(connection: Connection, table: Table, rows: EncodedRows) -> None:
    """Append `rows` to the columns of `table` that have the same names; types must be the columns' own.

    Raises `ConservationBroken` where Postgres took fewer, as a trigger of the table's owner can cause.
    """
    taken = _copy(connection, table, rows.names, "binary", rows.file())
    if taken != rows.count:
        raise ConservationBroken(f"{rows.count} rows were sent to {table.name}, but it took {taken}")


def copy_csv(connection: Connection, table: Table, names: list[str], file: IO[bytes]) -> None:
    """Append the rows of a CSV `file` in UTF-8, without header, to the columns `names` of `table`."""
    _copy(connection, table, names, "csv, encoding 'UTF8'", file)


def _copy(connection: Connection, table: Table, names: list[str], form: str, file: Any) -> int:
    statement = sql.SQL("copy {} ({}) from stdin (format {})").format(
        identifier(table), columns(names), sql.SQL(form)
    )
    with cursor(connection) as driver:
        driver.copy_expert(statement, file, size=_BUFFER)
        return driver.rowcount
