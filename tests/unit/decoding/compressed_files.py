"""Test data compressed as the usual programs do it."""

from __future__ import annotations

import bz2
import gzip
import struct

import pyarrow as pa


def zstd(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


def zstd_skippable(data: bytes, number: int = 0) -> bytes:
    """A skippable frame, whose content zstd ignores (RFC 8878, 3.1.2)."""
    return struct.pack("<II", 0x184D2A50 + number, len(data)) + data


COMPRESS = {"gzip": lambda data: gzip.compress(data, 6, mtime=0), "bz2": bz2.compress, "zstd": zstd}
STREAMS = tuple(COMPRESS)
