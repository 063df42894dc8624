"""The outlook for a file of a dataset that nobody declared: its table would be made, or grow, to fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.datasets import growing, surveying
from shared.datasets.catalog import Dataset
from shared.datasets.changes import changes
from shared.errors import FileRefused
from shared.inference.contract import contract_of
from shared.inference.inferred import Found, Look
from shared.inference.kinds import TEXT
from shared.inference.table import TableColumn
from shared.parsing.batches import Reading
from shared.parsing.columns import Mapped
from shared.parsing.reject import Reject
from shared.storage.told import Told
from shared.storage.trial_content import Content
from shared.use_cases import unread
from shared.use_cases.outlook import Column, Outlook, unloaded
from shared.use_cases.trial import MOST_REJECTS, Trial


def outlook(content: Content, name: str, known: Dataset | None, told: Told) -> Outlook:
    """What a load into the dataset of that name would do, which is `known` unless this is its first file."""
    try:
        look = surveying.beside(known, content, told.overrides, told.key, content.size)
    except FileRefused as exc:
        return unread.outlook(content, told.overrides, exc)
    rejects = _Rejects()
    try:
        found = look.run(rejects.keep)
        table = growing.columns_after(known, found)
    except FileRefused as exc:
        return rejects.outlook(look, exc)
    contract = contract_of(name, table, found.key)
    fields = [field if field in contract.model_fields else None for field in found.header.fields]
    trial = Trial(contract)
    reading = Reading(content, Mapped(fields), told.overrides, format=found.format, footers=found.footers)
    trial.run(reading, content.size)
    return trial.outlook(
        found.format, _columns(found, table), changes((known and known.columns) or table, table)
    )


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


def _columns(found: Found, table: Sequence[TableColumn]) -> list[Column]:
    known = {column.name: column for column in table}
    whys = {column.name: column.why_text for column in found.columns}
    return [_column(str(one["name"]), known.get(one["column"] or ""), whys) for one in found.header.as_json()]


def _column(header: str, column: TableColumn | None, whys: Mapping[str, str | None]) -> Column:
    if column is None:
        return Column(header)
    kind, why = str(column.type.kind), whys.get(column.name) if column.type == TEXT else None
    return Column(header, column.name, kind, column.nullable, column.nulls, why)
