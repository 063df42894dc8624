"""Maps the columns of a file to the fields of a contract or the columns of a table.

Whoever mends such a file and sends it again may leave them in: they are never loaded.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from shared.contracts import column_names
from shared.contracts.base import Contract
from shared.errors import FileRefused
from shared.text import printable

_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What the header says.

    `fields` has, for each column of the file in order, the contract's field or `None` where it is not
    loaded; `ignored` are the names of those. `names` are the file's own, as they stand in it; none where it
    has no header.
    """

    fields: tuple[str | None, ...]
    ignored: tuple[str, ...]
    names: tuple[str, ...] = ()

    def as_json(self) -> list[dict[str, str | None]]:
        """Which column of the file went where, for the ledger; `column` is `None` where it is not loaded."""
        names = self.names or tuple(f"{place}." for place in range(1, len(self.fields) + 1))
        return [
            {"name": _shown(name), "column": field} for name, field in zip(names, self.fields, strict=True)
        ]


def match_contract(names: Sequence[str], contract: type[Contract], line: int) -> ColumnMapping:
    """The header's `names`, which stand on `line`, against the contract's fields, in any order.

    `SalesOrderNumber`, `sales_order_number`, `Sales Order Number` and other cases are the same name, and so
    are the aliases of a field. Raises `FileRefused` with the columns found where the header lacks a required
    column or has more than one for a field.
    """
    by_spelling = column_names.fields_by_name(contract)
    fields = tuple(by_spelling.get(column_names.normalize_name(name)) for name in names)
    repeated = sorted(name for name, count in Counter(fields).items() if name and count > 1)
    missing = [
        name for name, info in contract.model_fields.items() if info.is_required() and name not in fields
    ]
    if missing or repeated:
        raise _mismatch(names, missing, repeated, line)
    ignored = tuple(_shown(name) for name, field in zip(names, fields, strict=True) if field is None)
    return ColumnMapping(fields, ignored, tuple(names))


def map_by_position(width: int, contract: type[Contract], line: int, *, is_told: bool) -> ColumnMapping:
    """The contract's fields in their order, for a file without a header whose rows begin on `line`.

    Raises `FileRefused` unless that was told and the file has as many columns: where it only looks so, what
    its columns are would be a guess.
    """
    fields = tuple(contract.model_fields)
    if is_told and width == len(fields):
        return ColumnMapping(fields, ())
    order = ", ".join(fields)
    message = (
        f"The file has {width} columns without a header, the contract {len(fields)}: {order}."
        if is_told
        else "The file seems to have no header. Add one with the names of the columns, or tell "
        f"header_line=none if they are in the contract's order: {order}."
    )
    raise FileRefused("header_mismatch", message, line=line, width=width, missing=list(fields))


def _shown(name: str) -> str:
    return printable(name)[:_MOST_SHOWN]


def _mismatch(found: Sequence[str], missing: list[str], repeated: list[str], line: int) -> FileRefused:
    faults = [
        *([f"lacks {', '.join(missing)}"] if missing else []),
        *([f"has more than one {', '.join(repeated)}"] if repeated else []),
    ]
    return FileRefused(
        "header_mismatch",
        f"The header {' and '.join(faults)}.",
        line=line,
        found=[_shown(name) for name in found[:_MOST_SHOWN]],
        missing=missing,
        repeated=repeated,
    )


REJECT_LINE = "_line"
REJECT_ERRORS = "_errors"
REJECT_COLUMNS = (REJECT_LINE, REJECT_ERRORS)

REJECT_LAYOUT: Mapping[str, Any] = {
    "encoding": None,
    "delimiter": ",",
    "quote": '"',
    "escape": "",
    "spaces_around_quotes": False,
    "line_end": None,
    "sep_line": False,
    "header_line": 1,
    "header_lines": 1,
    "has_trailing_delimiter": False,
}
"""How a file of rejects is to be read, whatever is told: a contract tells the form of other files.

What a spreadsheet may have changed is looked for. How numbers are written, they have in common.
"""

_IN_BYTES = tuple(name.encode() for name in REJECT_COLUMNS)


def is_reject_file(head: bytes) -> bool:
    """Whether a file that begins with `head` has the header of a file of rejects, as it was written."""
    if not all(name in head for name in _IN_BYTES):  # of nearly every file there is none
        return False
    try:
        first = next(csv.reader(io.StringIO(head.decode("latin-1"), newline=""), strict=True), [])
    except csv.Error:
        return False
    return tuple(first[-len(REJECT_COLUMNS) :]) == REJECT_COLUMNS


def without_reject_columns(
    names: Sequence[str], rest: Callable[[Sequence[str]], ColumnMapping]
) -> ColumnMapping:
    """The header with these `names`, as `rest` matches them, but for those that are notes."""
    if not set(REJECT_COLUMNS).intersection(names):
        return rest(names)
    found = rest([name for name in names if name not in REJECT_COLUMNS])
    fields = iter(found.fields)
    return replace(
        found,
        fields=tuple(None if name in REJECT_COLUMNS else next(fields) for name in names),
        ignored=(*found.ignored, *(name for name in names if name in REJECT_COLUMNS)),
        names=tuple(names),
    )


class Columns(Protocol):
    """Takes the header's names, `None` for a file without a header."""

    @property
    def known(self) -> Collection[str]:
        """Names that the header should have, as `spellings.normal` spells them; none if unknown."""

    def match(
        self, names: Sequence[str] | None, width: int, line: int, *, is_told: bool = False
    ) -> ColumnMapping:
        """The header with these `names`, that begins on `line` of the file; the table has `width` columns.

        `is_told`: whether it was told, not detected, where the header is. Raises `FileRefused`.
        """


class ContractColumns:
    """The columns that a contract has fields for; the others of the file are not loaded."""

    def __init__(self, contract: type[Contract]) -> None:
        self._contract = contract

    @property
    def known(self) -> Collection[str]:
        """Of all fields."""
        return column_names.fields_by_name(self._contract)

    def match(
        self, names: Sequence[str] | None, width: int, line: int, *, is_told: bool = False
    ) -> ColumnMapping:
        """See `header.match`, and `header.in_order` for a file without a header."""
        if names is None:
            return map_by_position(width, self._contract, line, is_told=is_told)
        return without_reject_columns(names, lambda rest: match_contract(rest, self._contract, line))


class AllColumns:
    """All columns of the file, each by a readable name made of its own."""

    known: Collection[str] = ()

    def match(
        self,
        names: Sequence[str] | None,
        width: int,
        line: int,  # noqa: ARG002
        *,
        is_told: bool = False,  # noqa: ARG002
    ) -> ColumnMapping:
        """Names of columns, unique; those without a header are called by their places."""
        found = tuple(names or ())
        return ColumnMapping(tuple(column_names.readable_names(found or ("",) * width)), (), found)


class FixedColumns:
    """The columns by fields that are known beforehand, `None` for one that is not loaded."""

    known: Collection[str] = ()

    def __init__(self, fields: Sequence[str | None]) -> None:
        self._fields = tuple(fields)

    def match(
        self,
        names: Sequence[str] | None,
        width: int,  # noqa: ARG002
        line: int,  # noqa: ARG002
        *,
        is_told: bool = False,  # noqa: ARG002
    ) -> ColumnMapping:
        """The fields as they were given."""
        found = tuple(names or ())
        return ColumnMapping(self._fields, tuple(name for name in found if name in REJECT_COLUMNS), found)
