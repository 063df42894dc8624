"""The outlook for a file of a dataset that nobody declared: its table would be made, or grow, to fit."""

from __future__ import annotations

from collections.abc import Sequence

from shared.catalog import Dataset
from shared.errors import FileRefused
from shared.inference.changes import changes
from shared.inference.contract import contract_of
from shared.inference.inferred import Found, Look
from shared.reading.batches import Reading
from shared.reading.columns import Mapped
from shared.reading.reject import Reject
from shared.storage.told import Told
from shared.trying import declared
from shared.trying.content import Content
from shared.trying.outlook import Column, Outlook, unloaded
from shared.trying.trial import MOST_REJECTS, Trial


def outlook(content: Content, name: str, known: Dataset | None, told: Told) -> Outlook:
    """What a load into the dataset of that name would do, which is `known` unless this is its first file."""
    table = (known and known.columns) or ()
    key = (known and known.contract.key) or told.key
    try:
        look = Look(content, told.overrides, table, key, content.size)
    except FileRefused as exc:
        return declared.unread(content, told.overrides, exc)
    rejects = _Rejects()
    try:
        found = look.run(rejects.keep)
    except FileRefused as exc:
        return rejects.outlook(look, exc)
    trial = Trial(contract_of(name, found.table, found.key))
    trial.run(Reading(content, Mapped(found.header.fields), told.overrides), content.size)
    return trial.outlook(found.format, _columns(found), changes(table, found.table) if table else ())


class _Rejects:
    """The rejects of a look, which are all that is left of it where the file is refused."""

    def __init__(self) -> None:
        self._count = 0
        self._first: list[Reject] = []

    def keep(self, more: Sequence[Reject]) -> None:
        """Take those of a batch."""
        self._count += len(more)
        self._first += more[: MOST_REJECTS - len(self._first)]

    def outlook(self, look: Look, refusal: FileRefused) -> Outlook:
        """For the file of `look`, whose columns are not all known."""
        columns = unloaded(look.reading.header)
        accepted = look.rows_read - self._count
        return Outlook(look.reading.format, columns, (), self._first, accepted, self._count, refusal)


def _columns(found: Found) -> list[Column]:
    table = {column.name: column for column in found.table}
    whys = {column.name: column.why_text for column in found.columns}
    columns = []
    for one in found.header.as_json():
        column = table[str(one["column"])]
        kind = str(column.type.kind)
        shown = str(one["name"])
        columns.append(Column(shown, column.name, kind, column.nullable, column.nulls, whys.get(column.name)))
    return columns
