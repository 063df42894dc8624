"""Memory: a bomb or a long file of any encoding needs only some blocks of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.decoding.compressed_files import COMPRESS
from tests.unit.decoding.zip_files import zipped

PROGRAM = """
import sys
from pathlib import Path
from shared.decoding.zip_archive import Archive
from shared.decoding.compression import decompress
from shared.decoding.limits import ExpansionLimits
from shared.decoding.zip_archive import RangeFile
from shared.decoding.text_decoder import TextDecoder

LIMITS = ExpansionLimits(ratio=10**9, free=0, max_size=10**12)

def expanded(kind, path):
    data = Path(path).read_bytes()
    if kind != "zip":
        return decompress([data], kind, LIMITS)
    archive = Archive(RangeFile(lambda offset, length: data[offset : offset + length], len(data)), LIMITS)
    return archive.read(archive.members[0])

def decoded(encoding, blocks, is_guess):
    block = "4711;Müller;Düsseldorf\\n".encode(encoding) * 60000
    return TextDecoder((block for _ in range(blocks)), None if is_guess else encoding)

def peak():  # megabytes; ru_maxrss would begin with that of the process that started this one
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024

def size(pieces):
    return sum(map(len, pieces)) >> 20

few, many = EXPRESSIONS
size(few)
start = peak()
print(size(many), peak() - start)
"""
ROOT = Path(__file__).parents[3]


def measured(few: str, many: str) -> tuple[int, int]:
    """Return the megabytes that `many` gives, and by how many memory grows for it after `few`."""
    program = PROGRAM.replace("EXPRESSIONS", f"{few}, {many}")
    output = subprocess.check_output([sys.executable, "-c", program], text=True, cwd=ROOT)
    size, growth = map(int, output.split())
    return size, growth


@pytest.mark.parametrize("kind", ["gzip", "bz2", "zstd", "zip"])
def test_a_bomb_needs_no_more_memory_than_a_small_file(kind: str, tmp_path: Path) -> None:
    for megabytes in (1, 64):
        zeros = bytes(megabytes << 20)
        data = zipped(("a.csv", zeros)) if kind == "zip" else COMPRESS[kind](zeros)
        (tmp_path / str(megabytes)).write_bytes(data)
    size, growth = measured(*(f"expanded({kind!r}, {str(tmp_path / name)!r})" for name in ("1", "64")))
    assert size == 64
    assert growth < 12


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
@pytest.mark.parametrize("is_guess", [True, False])
def test_a_long_text_needs_no_more_memory_than_a_short_one(encoding: str, is_guess: bool) -> None:
    size, growth = measured(*(f"decoded({encoding!r}, {blocks}, {is_guess})" for blocks in (2, 60)))
    assert size > 80
    assert growth < 12
