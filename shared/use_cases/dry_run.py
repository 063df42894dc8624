"""The use case of a dry run: what posted files would become, with nothing stored, created or recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Engine

from shared.contracts.registry import CONTRACTS
from shared.database import brief
from shared.datasets import growing
from shared.decoding import compression
from shared.decoding.archive import Archive
from shared.decoding.members import Member
from shared.decoding.ranges import RangeFile
from shared.errors import FileRefused
from shared.storage import trial_content
from shared.storage.trial_content import Content
from shared.use_cases import declared, undeclared, unread
from shared.use_cases.outlook import Outlook
from shared.use_cases.uploading import Destination, File, require_storable

Foresee = Callable[[Content], Outlook]


@dataclass(frozen=True, slots=True)
class Item:
    """A posted file, or a `member` of a zip archive, which is an ingestion of its own."""

    file: File
    outlook: Outlook
    member: Member | None = None
    is_archive: bool = False


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would become of `items`, each by itself, in order.

    `is_new` says whether the first of them to be loaded would make the dataset.
    """

    dataset: str
    is_declared: bool
    is_new: bool
    items: Sequence[Item]


def run(
    engine: Engine,
    to: Destination,
    files: Sequence[File],
    found: Sequence[Mapping[str, Any]] = (),
) -> DryRun:
    """Try `files`; only a dataset that nobody declared is looked up in the database.

    `found` are faults of the request. Raises `InvalidRequest` where they would not even be stored, and
    `Unavailable`.
    """
    require_storable(to, files, found)
    foresee, is_new = _foresight(engine, to)
    return DryRun(to.dataset, to.dataset in CONTRACTS, is_new, list(_items(files, foresee)))


def _foresight(engine: Engine, to: Destination) -> tuple[Foresee, bool]:
    """What tells the outlook for a file, and whether there is no such dataset yet."""
    told = to.told.overrides
    if to.dataset in CONTRACTS:
        return partial(declared.outlook, contract=CONTRACTS[to.dataset], told=told), False
    try:
        with brief.connect(engine) as connection:
            known = growing.find(connection, to.dataset)
    except FileRefused as exc:
        return partial(unread.outlook, told=told, refusal=exc), False
    return partial(undeclared.outlook, name=to.dataset, known=known, told=to.told), known is None


def _items(files: Sequence[File], foresee: Foresee) -> Iterator[Item]:
    for file in files:
        if compression.kind(file.content[: compression.HEAD]) == "zip":
            yield from _members(file, foresee)
        else:
            yield Item(file, foresee(trial_content.of_bytes(file.content)))


def _members(file: File, foresee: Foresee) -> Iterator[Item]:
    """An item for each CSV file of an archive, or one for an archive that is none."""
    try:
        archive = Archive(RangeFile(lambda at, length: file.content[at : at + length], len(file.content)))
    except FileRefused as exc:
        yield Item(file, Outlook(refusal=exc), is_archive=True)
        return
    for member in archive.members:
        if not member.skipped:
            yield Item(file, foresee(_content(archive, member)), member, is_archive=True)


def _content(archive: Archive, member: Member) -> Content:
    return Content(lambda: archive.read(member), member.size)
