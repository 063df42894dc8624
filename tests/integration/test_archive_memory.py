"""An archive of many files needs no more memory than archives of two files."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile

from azure.storage.blob import ContainerClient

from dev.paths import ROOT
from tests.fixtures.samples import HEADER, row

ROWS = 400
"""In each file, which has 6 MB."""
SMALL, LARGE = 2, 10
"""Files in an archive."""
SMALL_ARCHIVES = 3

PROGRAM = """
import sys
from pathlib import Path
from azure.storage.blob import ContainerClient
from shared import settings
from shared.resources import Resources
from shared.use_cases.load_blob import BlobLoader

database_url, storage, container_name, *paths = sys.argv[1:]
container = ContainerClient.from_connection_string(
    storage, container_name, max_single_get_size=8 << 20, max_chunk_get_size=8 << 20
)
resources = Resources(settings.load({"DATABASE_URL": database_url, "UPLOADS": storage}))
loader = BlobLoader(resources.engine, container, "sales")
for path in paths:
    Path("/proc/self/clear_refs").write_text("5")  # sets the peak to the memory in use
    counts = loader.load(path).counts
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    print(counts.read, counts.inserted, peak * 1024)
"""

_NOTE = "," + "n" * 16_000
"""A cell of a column that is not loaded."""


def test_memory_does_not_grow_with_the_archive(
    container: ContainerClient, database_url: str, storage: str
) -> None:
    paths = [f"sales/small-{number}.zip" for number in range(SMALL_ARCHIVES)]
    for number, path in enumerate(paths):
        container.upload_blob(path, archive(SMALL * number, SMALL))
    content = archive(SMALL * SMALL_ARCHIVES, LARGE)
    container.upload_blob("sales/large.zip", content)

    *small, large = loads(database_url, storage, str(container.container_name), *paths, "sales/large.zip")

    assert [rows for *rows, _ in small] == [[ROWS * SMALL, ROWS * SMALL]] * SMALL_ARCHIVES
    assert large[:2] == (ROWS * LARGE, ROWS * LARGE)
    assert large[2] - max(peak for *_, peak in small) < len(content) / 2


def loads(*arguments: str) -> list[tuple[int, int, int]]:
    """Load archives in a new process; return the rows read, the rows inserted and the peak memory of each."""
    output = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], text=True, cwd=ROOT, capture_output=True, check=True
    ).stdout
    lines = (map(int, line.split()) for line in output.splitlines())
    return [(read, inserted, peak) for read, inserted, peak in lines]


def archive(first: int, count: int) -> bytes:
    """`count` files of different rows, not compressed, so that they are not taken for decompression bombs."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as written:
        for number in range(first, first + count):
            rows = (row(ROWS * number + order) + _NOTE for order in range(ROWS))
            written.writestr(f"{number}.csv", "\n".join([f"{HEADER},Note", *rows]))
    return file.getvalue()
