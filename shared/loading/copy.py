"""COPY of an Arrow table into a table of Postgres."""

from __future__ import annotations

import io

import psycopg2.extensions
import pyarrow as pa
import pyarrow.csv
from psycopg2 import sql
from sqlalchemy import Connection, Table


def cursor(connection: Connection) -> psycopg2.extensions.cursor:
    """A psycopg2 cursor in the transaction of `connection`: COPY is the driver's own."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg2.extensions.connection)  # noqa: S101 - resources made it so
    return driver.cursor()


def identifier(table: Table) -> sql.Identifier:
    """The table's quoted name, with its schema where it has one."""
    return sql.Identifier(table.schema, table.name) if table.schema else sql.Identifier(table.name)


def columns(names: list[str]) -> sql.Composed:
    """Quoted names, separated by commas."""
    return sql.SQL(", ").join(map(sql.Identifier, names))


def copy_in(connection: Connection, table: Table, rows: pa.Table) -> None:
    """Append `rows` to the columns of `table` that have the same names.

    Travels as CSV, in which text is always quoted, so that NULL (nothing) and empty text (`""`) differ.
    """
    buffer = io.BytesIO()
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    pyarrow.csv.write_csv(rows, buffer, options)
    buffer.seek(0)
    statement = sql.SQL("copy {} ({}) from stdin (format csv, encoding 'UTF8')").format(
        identifier(table), columns(rows.column_names)
    )
    with cursor(connection) as driver:
        driver.copy_expert(statement, buffer)
