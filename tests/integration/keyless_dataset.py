"""A dataset without a key, and blobs of it; each letter is a row."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from azure.storage.blob import ContainerClient
from pydantic import Field
from sqlalchemy import Engine, text

from shared.contracts.base import Contract
from shared.ledger.tables import State
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.load_context import LoadOutcome


class Keyless(Contract):
    """Rows without a key."""

    dataset: ClassVar[str] = "keyless"
    max_reject_ratio: ClassVar[float] = 0.5

    name: Annotated[str, Field(max_length=3)]


class Uploads:
    """Uploads and loads blobs of the dataset."""

    def __init__(self, container: ContainerClient, loader: BlobLoader) -> None:
        self._container = container
        self._loader = loader

    def put(self, blob: str, names: str) -> State | None:
        self.upload(blob, names)
        return self.load(blob).state

    def upload(self, blob: str, names: str) -> None:
        content = "\n".join(["name", *names.split(), ""])
        self._container.upload_blob(f"keyless/{blob}.csv", content, overwrite=True)

    def load(self, blob: str) -> LoadOutcome:
        return self._loader.load(f"keyless/{blob}.csv")


def require_consistent(engine: Engine) -> None:
    """Check that each row belongs to a loaded file, and each loaded file or archive member has its rows."""
    with engine.connect() as connection:
        loads = connection.execute(
            text("""
            select coalesce(entry.rows_inserted, 0), count(_load) from keyless
            full join (
                select * from ingest.ingestions where state = 'loaded' and replaced_by is null
                and (member <> '' or format ->> 'compression' = '')
            ) as entry
            on serial = _load group by serial, _load, entry.rows_inserted""")
        ).all()
        lost = connection.scalar(
            text("""
            select count(*) from ingest.ingestions as entry join ingest.ingestions as original
            on original.id = entry.duplicate_of where entry.state = 'duplicate' and entry.replaced_by is null
            and (original.state <> 'loaded' or original.replaced_by is not null)""")
        )
    assert [rows for rows, _ in loads] == [rows for _, rows in loads]
    assert lost == 0


def names(engine: Engine) -> str:
    """The rows of the table in the order of their letters."""
    with engine.connect() as connection:
        return " ".join(connection.scalars(text("select name from keyless order by name")))


def history(engine: Engine, blob: str) -> list[dict[str, Any]]:
    """The entries of a blob's versions, oldest first."""
    query = text("select * from ingest.ingestions where path = :path order by serial")
    with engine.connect() as connection:
        found = connection.execute(query, {"path": f"keyless/{blob}.csv"})
        return [dict(one) for one in found.mappings()]
