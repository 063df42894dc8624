"""COPY into a table of Postgres, as CSV or in binary form."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
from pgpq import ArrowToPostgresBinaryEncoder
from psycopg2 import sql
from sqlalchemy import Connection, Table

from shared.database.transactions import cursor
from shared.errors import RowCountMismatch

_PIECE = 256 * 1024
"""Bytes of rows encoded at a time; encoded they take half as much again, or a bit more."""


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """`rows` for the table's columns of the same names, encoded only as they are sent.

    The server takes longer over a piece than its encoding does, so nobody waits for it, and the encoded form
    of a whole batch is never held.
    """

    rows: pa.RecordBatch

    @property
    def count(self) -> int:
        """How many there are."""
        return self.rows.num_rows

    @property
    def names(self) -> list[str]:
        """Of the columns."""
        return self.rows.schema.names

    def file(self) -> io.RawIOBase:
        """The COPY's input as a file, for the driver to read."""
        return _Pieces(_pieces(self.rows))


def encode_rows(rows: pa.RecordBatch) -> EncodedRows:
    """`rows` for the columns of the same names."""
    return EncodedRows(rows)


def _pieces(rows: pa.RecordBatch) -> Iterator[bytes]:
    encoder = ArrowToPostgresBinaryEncoder(rows.schema)
    yield encoder.write_header()
    step = max(rows.num_rows * _PIECE // max(rows.nbytes, 1), 1)
    for at in range(0, rows.num_rows, step):
        yield encoder.write_batch(rows.slice(at, step))
    yield encoder.finish()


class _Pieces(io.RawIOBase):
    """Reads through pieces of bytes without joining them."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes, up to `size`; none only at the end."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = memoryview(piece)  # of nothing, while the encoder keeps some rows back
        size = len(self._left) if size < 0 else size
        read, self._left = bytes(self._left[:size]), self._left[size:]
        return read


_BUFFER = 1024 * 1024
"""Bytes that the driver takes at a time."""


def quoted_identifier(table: Table) -> sql.Identifier:
    """The table's quoted name, with its schema where it has one."""
    return sql.Identifier(table.schema, table.name) if table.schema else sql.Identifier(table.name)


def column_list(names: list[str]) -> sql.Composed:
    """Quoted names, separated by commas."""
    return sql.SQL(", ").join(map(sql.Identifier, names))


def ctid_array(ctids: pa.StringArray) -> str:
    """Places of rows, at least one, as the text of an array."""
    joined: Any = pc.binary_join(pa.ListArray.from_arrays([0, len(ctids)], ctids), '","')
    return f'{{"{joined[0].as_py()}"}}'


def copy_rows(connection: Connection, table: Table, rows: EncodedRows) -> None:
    """Append `rows` to the columns of `table` that have the same names; types must be the columns' own.

    Raises `ConservationBroken` where Postgres took fewer, as a trigger of the table's owner can cause.
    """
    taken = _copy(connection, table, rows.names, "binary", rows.file())
    if taken != rows.count:
        raise RowCountMismatch(f"{rows.count} rows were sent to {table.name}, but it took {taken}")


def copy_csv(connection: Connection, table: Table, names: list[str], file: IO[bytes]) -> None:
    """Append the rows of a CSV `file` in UTF-8, without header, to the columns `names` of `table`."""
    _copy(connection, table, names, "csv, encoding 'UTF8'", file)


def _copy(connection: Connection, table: Table, names: list[str], form: str, file: Any) -> int:
    statement = sql.SQL("copy {} ({}) from stdin (format {})").format(
        quoted_identifier(table), column_list(names), sql.SQL(form)
    )
    with cursor(connection) as driver:
        driver.copy_expert(statement, file, size=_BUFFER)
        return driver.rowcount
