"""What a run of the benchmark works with: servers, folder, and the sizes asked for."""

from dataclasses import dataclass
from pathlib import Path

from azure.storage.blob import BlobServiceClient

from dev.azurite import Azurite
from dev.bench import sales_file
from dev.bench.sales_file import Edition
from dev.postgres import Postgres
from shared.settings import UPLOADS_CONTAINER

SMALL_BLOB, SMALL_ROWS = "sales/small.csv", 100
_SMALL = range(10**9, 10**9 + SMALL_ROWS)  # rows that no other file has


@dataclass(frozen=True)
class Setting:
    """Files are made in `folder` on first use, and are uploaded to the storage account of `azurite`."""

    folder: Path
    postgres: Postgres
    azurite: Azurite
    rows: int
    runs: int

    def file(self, numbers: range, edition: Edition = Edition.FIRST) -> Path:
        """The file of these rows."""
        path = self.folder / f"sales-{numbers.start}-{numbers.stop}-{numbers.step}-{edition}.csv"
        if not path.exists():
            sales_file.write(path, numbers, edition)
        return path

    def upload(self, blob: str, file: Path, metadata: dict[str, str] | None = None) -> None:
        """Put `file` into the container that the app loads from."""
        account = BlobServiceClient.from_connection_string(self.azurite.connection_string)
        with account as storage, file.open("rb") as content:
            storage.get_blob_client(UPLOADS_CONTAINER, blob).upload_blob(
                content, overwrite=True, metadata=metadata
            )

    def small_file(self) -> Path:
        """A small file whose rows no other has: what was loaded before anything is measured."""
        return self.file(_SMALL)
