"""Accepted rows with their lineage, and their form in Postgres' binary COPY."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pgpq import ArrowToPostgresBinaryEncoder

from shared.contracts.dataset import LINE_COLUMN, LOAD_COLUMN
from shared.validation import arrow
from shared.validation.validating import Validated

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


def with_lineage(validated: Validated, serial: int) -> pa.RecordBatch:
    """The accepted rows of a batch as rows of load `serial`: the contract's columns, `_line`, `_load`."""
    columns: dict[str, Any] = arrow.columns(validated.rows)
    columns[LINE_COLUMN] = pa.array(validated.lines)
    columns[LOAD_COLUMN] = pa.repeat(pa.scalar(serial, pa.int64()), len(validated.lines))
    return pa.RecordBatch.from_pydict(columns)


def encode(rows: pa.RecordBatch) -> EncodedRows:
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
