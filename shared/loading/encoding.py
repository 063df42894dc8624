"""Accepted rows with their lineage, and their form in Postgres' binary COPY."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pgpq import ArrowToPostgresBinaryEncoder

from shared.tables.dataset import LINE_COLUMN, LOAD_COLUMN
from shared.validation.validating import Validated


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """Rows of a batch for the table's columns `names`; `pieces` joined are the COPY's input."""

    count: int
    names: list[str]
    pieces: tuple[bytes, ...]

    def file(self) -> io.RawIOBase:
        """The input as a file, for the driver to read."""
        return _Pieces(self.pieces)


def with_lineage(validated: Validated, serial: int) -> pa.RecordBatch:
    """The accepted rows of a batch as rows of load `serial`: the contract's columns, `_line`, `_load`."""
    loads = pa.array(np.full(len(validated.lines), serial, np.int64))
    return (
        pa.RecordBatch.from_pandas(validated.rows, preserve_index=False)
        .append_column(LINE_COLUMN, pa.array(validated.lines))
        .append_column(LOAD_COLUMN, loads)
    )


def encode(rows: pa.RecordBatch) -> EncodedRows:
    """`rows` for the columns of the same names."""
    encoder = ArrowToPostgresBinaryEncoder(rows.schema)
    pieces = (encoder.write_header(), encoder.write_batch(rows), encoder.finish())
    return EncodedRows(rows.num_rows, rows.schema.names, pieces)


class _Pieces(io.RawIOBase):
    """Reads through pieces of bytes without joining them."""

    def __init__(self, pieces: tuple[bytes, ...]) -> None:
        self._waiting = [memoryview(piece) for piece in reversed(pieces)]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while self._waiting and not self._waiting[-1]:
            self._waiting.pop()
        if not self._waiting:
            return b""
        piece = self._waiting[-1]
        size = len(piece) if size < 0 else size
        self._waiting[-1] = piece[size:]
        return bytes(piece[:size])
