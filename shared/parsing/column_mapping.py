"""Maps the columns of a file to the fields of a contract or the columns of a table."""

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

_MAX_NAMES = 100
"""Names of a header in an error, and characters of a name."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The mapping that the header of a file gives.

    `fields` has, for each column of the file in order, the contract's field or `None` where the column is not
    loaded; `ignored` are the names of those columns. `names` are the names in the header, empty where the
    file has no header.
    """

    fields: tuple[str | None, ...]
    ignored: tuple[str, ...]
    names: tuple[str, ...] = ()

    def as_json(self) -> list[dict[str, str | None]]:
        """The field of each column of the file, for the ledger; `column` is `None` where it is not loaded."""
        names = self.names or tuple(f"{number}." for number in range(1, len(self.fields) + 1))
        return [
            {"name": _printable_name(name), "column": field}
            for name, field in zip(names, self.fields, strict=True)
        ]


def match_contract(names: Sequence[str], contract: type[Contract], line: int) -> ColumnMapping:
    """Map the header's `names`, on line `line`, to the contract's fields, in any order.

    `SalesOrderNumber`, `sales_order_number`, `Sales Order Number` and other cases are the same name, and so
    are the aliases of a field. Raises `FileRefused` with the names of the header where a required column is
    missing or a field has more than one column.
    """
    fields_by_name = column_names.fields_by_name(contract)
    fields = tuple(fields_by_name.get(column_names.normalize_name(name)) for name in names)
    repeated = sorted(name for name, count in Counter(fields).items() if name and count > 1)
    missing = [
        name for name, info in contract.model_fields.items() if info.is_required() and name not in fields
    ]
    if missing or repeated:
        raise _mismatch(names, missing, repeated, line)
    ignored = tuple(_printable_name(name) for name, field in zip(names, fields, strict=True) if field is None)
    return ColumnMapping(fields, ignored, tuple(names))


def map_by_position(width: int, contract: type[Contract], line: int, *, is_explicit: bool) -> ColumnMapping:
    """Map the columns of a file without a header, whose rows begin on `line`, to all fields in their order.

    Raises `FileRefused` unless the option `header_line` is set (`is_explicit`) and the number of columns is
    right: where the missing header is only detected, the meaning of the columns would be a guess.
    """
    fields = tuple(contract.model_fields)
    if is_explicit and width == len(fields):
        return ColumnMapping(fields, ())
    if is_explicit:
        raise FileRefused(
            "header_mismatch.width", {"expected": len(fields)}, line=line, width=width, missing=list(fields)
        )
    raise FileRefused("header_mismatch.no_header", line=line, width=width, missing=list(fields))


def _printable_name(name: str) -> str:
    return printable(name)[:_MAX_NAMES]


def _mismatch(names: Sequence[str], missing: list[str], repeated: list[str], line: int) -> FileRefused:
    problems = [
        *([f"has no {', '.join(missing)}"] if missing else []),
        *([f"has more than one {', '.join(repeated)}"] if repeated else []),
    ]
    return FileRefused(
        "header_mismatch",
        {"problems": " and ".join(problems)},
        line=line,
        found=[_printable_name(name) for name in names[:_MAX_NAMES]],
        missing=missing,
        repeated=repeated,
    )


REJECT_LINE = "_line"
REJECT_ERRORS = "_errors"
REJECT_COLUMNS = (REJECT_LINE, REJECT_ERRORS)
"""The columns that a file of rejects has besides those of its rows.

A corrected file may still have them when it is sent again: they are never loaded.
"""

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
"""The format of a file of rejects; it replaces other options, since a contract's options are for other files.

Encoding and line ends are detected, because a spreadsheet may have changed them. Number formats are those of
the original file.
"""

_REJECT_COLUMNS_AS_BYTES = tuple(name.encode() for name in REJECT_COLUMNS)


def is_reject_file(head: bytes) -> bool:
    """Whether a file that begins with `head` has the header of a file of rejects."""
    if not all(name in head for name in _REJECT_COLUMNS_AS_BYTES):  # fast, and true for almost every file
        return False
    try:
        first = next(csv.reader(io.StringIO(head.decode("latin-1"), newline=""), strict=True), [])
    except csv.Error:
        return False
    return tuple(first[-len(REJECT_COLUMNS) :]) == REJECT_COLUMNS


def without_reject_columns(
    names: Sequence[str], match: Callable[[Sequence[str]], ColumnMapping]
) -> ColumnMapping:
    """Map the header's `names` with `match`, with the reject columns left out and ignored."""
    if not set(REJECT_COLUMNS).intersection(names):
        return match(names)
    mapping = match([name for name in names if name not in REJECT_COLUMNS])
    fields = iter(mapping.fields)
    return replace(
        mapping,
        fields=tuple(None if name in REJECT_COLUMNS else next(fields) for name in names),
        ignored=(*mapping.ignored, *(name for name in names if name in REJECT_COLUMNS)),
        names=tuple(names),
    )


class Columns(Protocol):
    """The columns that a file may have."""

    @property
    def known(self) -> Collection[str]:
        """Names that the header should have, normalized by `normalize_name`; empty if unknown."""

    def match(
        self, names: Sequence[str] | None, width: int, line: int, *, is_explicit: bool = False
    ) -> ColumnMapping:
        """Map the header's `names`, `None` for a file without a header.

        The header, or the first row, is on `line`; the table has `width` columns. `is_explicit`: whether the
        option `header_line` is set. Raises `FileRefused`.
        """


class ContractColumns:
    """The columns that a contract has fields for; other columns of the file are not loaded."""

    def __init__(self, contract: type[Contract]) -> None:
        self._contract = contract

    @property
    def known(self) -> Collection[str]:
        """The names of all fields."""
        return column_names.fields_by_name(self._contract)

    def match(
        self, names: Sequence[str] | None, width: int, line: int, *, is_explicit: bool = False
    ) -> ColumnMapping:
        """See `match_contract`, and `map_by_position` for a file without a header."""
        if names is None:
            return map_by_position(width, self._contract, line, is_explicit=is_explicit)
        return without_reject_columns(names, lambda rest: match_contract(rest, self._contract, line))


class AllColumns:
    """All columns of the file, each with a readable name made from its header."""

    known: Collection[str] = ()

    def match(
        self,
        names: Sequence[str] | None,
        width: int,
        line: int,  # noqa: ARG002
        *,
        is_explicit: bool = False,  # noqa: ARG002
    ) -> ColumnMapping:
        """Return unique column names; columns without a name are numbered."""
        names = tuple(names or ())
        return ColumnMapping(tuple(column_names.readable_names(names or ("",) * width)), (), names)


class FixedColumns:
    """Columns with given fields, `None` for a column that is not loaded."""

    known: Collection[str] = ()

    def __init__(self, fields: Sequence[str | None]) -> None:
        self._fields = tuple(fields)

    def match(
        self,
        names: Sequence[str] | None,
        width: int,  # noqa: ARG002
        line: int,  # noqa: ARG002
        *,
        is_explicit: bool = False,  # noqa: ARG002
    ) -> ColumnMapping:
        """Return the given fields."""
        names = tuple(names or ())
        return ColumnMapping(self._fields, tuple(name for name in names if name in REJECT_COLUMNS), names)
