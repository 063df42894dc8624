"""The outlook for a file: how it would be read, into which columns, which rows, and what it would become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.datasets.changes import Change
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.parsing.header import Header
from shared.parsing.reject import Reject


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file, and the table's that it would go to; without a `name` it would not be loaded.

    `nulls` are texts that would stand for a missing value, `why_text` says why no narrower type fits.
    """

    header: str
    name: str | None = None
    type: str | None = None
    nullable: bool | None = None
    nulls: tuple[str, ...] = ()
    why_text: str | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known beforehand. `format` is `None` where a file cannot even be begun.

    `rows` are the first that would be loaded, as JSON texts, `rejects` the first that would not; `accepted`
    and `rejected` count all. `refusal` says why nothing would be loaded. `changes` are those of the table.
    """

    format: Format | None = None
    columns: Sequence[Column] = ()
    rows: Sequence[str] = ()
    rejects: Sequence[Reject] = ()
    accepted: int = 0
    rejected: int = 0
    refusal: FileRefused | None = None
    changes: Sequence[Change] = ()


def unloaded(header: Header) -> tuple[Column, ...]:
    """The columns of a file of which none would be loaded."""
    return tuple(Column(str(one["name"])) for one in header.as_json())
