"""Memory: an archive needs no more than its files do one by one, however large and many they are."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

from azure.storage.blob import ContainerClient

from tests.fixtures.samples import HEADER, row

PROGRAM = """
import sys
from pathlib import Path
from azure.storage.blob import ContainerClient
from shared import settings
from shared.use_cases.load_blob import BlobLoader
from shared.resources import Resources

def peak():  # megabytes; ru_maxrss would begin with that of the process that started this one
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024

own = Resources(settings.load({"DATABASE_URL": sys.argv[1], "UPLOADS": sys.argv[2]}))
container = ContainerClient.from_connection_string(
    sys.argv[2], sys.argv[3], max_single_get_size=8 << 20, max_chunk_get_size=8 << 20
)
ingesting = BlobLoader(own.engine, container, "sales")
print(ingesting.load("sales/few.zip").counts.read)
start = peak()
print(ingesting.load("sales/many.zip").counts.read, peak() - start)
"""

_NOTE = "," + "n" * 4000
"""Of a column that is not loaded."""


def _archive(first: int, count: int) -> bytes:
    """`count` files of some 8 MB each, which nothing makes smaller, so that none passes for a bomb."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as made:
        for number in range(first, first + count):
            lines = [f"{HEADER},Note", *(row(2000 * number + order) + _NOTE for order in range(2000))]
            made.writestr(f"{number}.csv", "\n".join(lines))
    return file.getvalue()


def test_memory_does_not_grow_with_the_archive(
    container: ContainerClient, database_url: str, storage: str
) -> None:
    container.upload_blob("sales/few.zip", _archive(1, 1))
    container.upload_blob("sales/many.zip", _archive(10, 7))

    command = [sys.executable, "-c", PROGRAM, database_url, storage, str(container.container_name)]
    output = subprocess.run(
        command, text=True, cwd=Path(__file__).parents[2], capture_output=True, check=True
    ).stdout

    few, many, grown = map(int, output.split())
    assert (few, many) == (2000, 14_000)
    assert grown < 30
