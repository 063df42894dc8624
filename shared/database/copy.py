"""COPY into a table of Postgres, as CSV or in binary form."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa
from pgpq import ArrowToPostgresBinaryEncoder
from psycopg2 import sql
from sqlalchemy import Connection, Table

from shared.database.transactions import column_list, cursor, quoted_identifier
from shared.errors import RowCountMismatch

_BYTES_PER_PIECE = 256 * 1024
"""Bytes of rows that are encoded at a time. Their encoded form is about half as large again."""

_BUFFER_BYTES = 1024 * 1024
"""Bytes that the driver reads at a time."""


def copy_rows(connection: Connection, table: Table, rows: pa.RecordBatch) -> None:
    """Append `rows` to the columns of `table` that have the same names; their types must be the same.

    Raises `RowCountMismatch` if Postgres inserted fewer, which a trigger on the table can cause.
    """
    copied = _copy(connection, table, rows.schema.names, "binary", BinaryRows(rows))
    if copied != rows.num_rows:
        raise RowCountMismatch(f"{rows.num_rows} rows were sent to {table.name}, but it took {copied}")


def copy_csv(connection: Connection, table: Table, names: list[str], file: IO[bytes]) -> None:
    """Append the rows of a CSV `file` in UTF-8, without header, to the columns `names` of `table`."""
    _copy(connection, table, names, "csv, encoding 'UTF8'", file)


class BinaryRows(io.RawIOBase):
    """`rows` as a file in the binary format of COPY.

    Rows are encoded piece by piece while the driver reads. The server takes longer for a piece than encoding
    does, so this does not slow COPY down, and the encoded form of a whole batch is never in memory.
    """

    def __init__(self, rows: pa.RecordBatch) -> None:
        self._pieces = _encoded_pieces(rows)
        self._left = memoryview(b"")

    def readable(self) -> bool:
        """Always: it is an input file."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, up to `size`; none only at the end."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = memoryview(piece)  # empty if the encoder still buffers rows
        size = len(self._left) if size < 0 else size
        read, self._left = bytes(self._left[:size]), self._left[size:]
        return read


def _encoded_pieces(rows: pa.RecordBatch) -> Iterator[bytes]:
    encoder = ArrowToPostgresBinaryEncoder(rows.schema)
    yield encoder.write_header()
    step = max(rows.num_rows * _BYTES_PER_PIECE // max(rows.nbytes, 1), 1)
    for start in range(0, rows.num_rows, step):
        yield encoder.write_batch(rows.slice(start, step))
    yield encoder.finish()


def _copy(connection: Connection, table: Table, names: list[str], options: str, file: Any) -> int:
    statement = sql.SQL("copy {} ({}) from stdin (format {})").format(
        quoted_identifier(table), column_list(names), sql.SQL(options)
    )
    with cursor(connection) as driver:
        driver.copy_expert(statement, file, size=_BUFFER_BYTES)
        return driver.rowcount
