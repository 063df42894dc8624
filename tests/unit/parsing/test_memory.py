"""The memory that reading takes does not grow with the file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import resource, sys
from shared.contracts.sales import Sales
from shared.parsing.reader import CsvReader
from shared.parsing.column_mapping import ContractColumns
from tests.fixtures.samples import HEADER, row

def blocks(row, megabytes):
    yield HEADER.encode() + b"\\n"
    block = row * ((8 << 20) // len(row))
    for _ in range(megabytes // 8):
        yield block

def peak():  # megabytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

kinds = {"rows": row(43659).encode() + b"\\n", "blank": b"\\n", "quotes": b'""' + b',""' * 8 + b"\\n"}
kind = kinds[sys.argv[1]]
for _ in CsvReader(blocks(kind, 0), ContractColumns(Sales)): pass
start = peak()
for _ in CsvReader(blocks(kind, 16), ContractColumns(Sales)): pass
first = peak()
for _ in CsvReader(blocks(kind, int(sys.argv[2])), ContractColumns(Sales)): pass
print(first - start, peak() - first)
"""


@pytest.mark.parametrize(("kind", "megabytes"), [("rows", 200), ("blank", 32), ("quotes", 32)])
def test_memory_does_not_grow_with_the_file(kind: str, megabytes: int) -> None:
    command = [sys.executable, "-c", PROGRAM, kind, str(megabytes)]
    output = subprocess.check_output(command, text=True, cwd=Path(__file__).parents[3])
    needed, grown = map(int, output.split())
    assert needed < 130  # a block, a window, two batches, pyarrow's buffers, and what allocators keep
    assert grown < 30
