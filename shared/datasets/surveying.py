"""The use case of reading a file that nobody declared: a look at all of it, then a table that it fits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection

from shared.datasets import catalog, growing
from shared.datasets.catalog import Dataset
from shared.errors import Contended
from shared.faults import POSTGRES
from shared.formats.overrides import Overrides
from shared.inference import naming
from shared.inference.inferred import Found, Look
from shared.ledger import locks
from shared.storage import asked_key
from shared.storage.content import Content
from shared.storage.uploads import Upload


@dataclass(frozen=True, slots=True)
class Ready:
    """A dataset whose table takes the file of which `found` was found, while the load's lock holds."""

    dataset: Dataset
    found: Found

    @property
    def fields(self) -> tuple[str | None, ...]:
        """For each column of the file the table's, `None` for one that no row gave a type."""
        known = self.dataset.contract.model_fields
        return tuple(name if name in known else None for name in self.found.header.fields)


def begin(connection: Connection, upload: Upload, name: str, content: Content, told: Overrides) -> Look:
    """Read the header of a file for dataset `name`, beside what its table has, if there is one.

    Raises `FileRefused` where it asks for another key, or lacks a column of the key.
    """
    known = growing.find(connection, name)
    return beside(known, content, told, asked_key.parse(upload.metadata), upload.size)


def beside(
    known: Dataset | None, content: Iterable[bytes], told: Overrides, asked: tuple[str, ...], size: int
) -> Look:
    """The same beside a dataset that is `known`, or for the first file of one, which has `size` bytes."""
    key = asked if known is None else known.contract.key
    look = Look(content, told, (known.columns or ()) if known else (), key, size)
    if known is not None:
        _require_same_key(known, look, asked)
    return look


def end(connection: Connection, upload: Upload, name: str, found: Found, *, alone: bool) -> Ready:
    """Fit the table to the file, and take part in the loads of the dataset from then on.

    Raises `FileRefused`, and `Contended` where the file has to be looked at once more.
    """
    growing.fit(connection.engine, name, found, upload.version.ingestion_id)
    locks.acquire_dataset(connection, name, alone=alone)
    known = catalog.find(connection, name)
    if known is None:
        raise Contended(POSTGRES, "the dataset went away at this moment")
    growing.require_same(known, found)
    return Ready(known, found)


def _require_same_key(known: Dataset, look: Look, asked: tuple[str, ...]) -> None:
    if not asked:
        return
    header = look.reading.header
    columns = [name or "" for name in header.fields]
    places = naming.places(asked, naming.names_of(header), columns)
    if {place if place is None else columns[place] for place in places} == set(known.contract.key):
        return
    if known.contract.key:
        raise asked_key.differs(known.contract, asked, "A key is set once: send the file without one")
    raise asked_key.differs(
        known.contract,
        asked,
        f'Set it with PUT /api/datasets/{known.name} {{"key": [...]}}, then send the file',
    )
