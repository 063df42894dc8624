"""Memory does not grow with the number of files in an archive."""

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

app = Resources(settings.load({"DATABASE_URL": sys.argv[1], "UPLOADS": sys.argv[2]}))
container = ContainerClient.from_connection_string(
    sys.argv[2], sys.argv[3], max_single_get_size=8 << 20, max_chunk_get_size=8 << 20
)
loader = BlobLoader(app.engine, container, "sales")
print(loader.load("sales/few.zip").counts.read)
start = peak()
print(loader.load("sales/many.zip").counts.read, peak() - start)
"""

_NOTE = "," + "n" * 4000
"""The value of a column that is not loaded."""


def _archive(first: int, count: int) -> bytes:
    """Return an archive with `count` files of about 8 MB, not compressed so that it is not a bomb."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for number in range(first, first + count):
            lines = [f"{HEADER},Note", *(row(2000 * number + order) + _NOTE for order in range(2000))]
            archive.writestr(f"{number}.csv", "\n".join(lines))
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
