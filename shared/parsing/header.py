"""The header: which column of the file is which field of the contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts import spellings
from shared.contracts.base import Contract
from shared.errors import FileRefused
from shared.printable import printable

_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Header:
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


def match(names: Sequence[str], contract: type[Contract], line: int) -> Header:
    """The header's `names`, which stand on `line`, against the contract's fields, in any order.

    `SalesOrderNumber`, `sales_order_number`, `Sales Order Number` and other cases are the same name, and so
    are the aliases of a field. Raises `FileRefused` with the columns found where the header lacks a required
    column or has more than one for a field.
    """
    by_spelling = spellings.fields(contract)
    fields = tuple(by_spelling.get(spellings.normal(name)) for name in names)
    repeated = sorted(name for name, count in Counter(fields).items() if name and count > 1)
    missing = [
        name for name, info in contract.model_fields.items() if info.is_required() and name not in fields
    ]
    if missing or repeated:
        raise _mismatch(names, missing, repeated, line)
    ignored = tuple(_shown(name) for name, field in zip(names, fields, strict=True) if field is None)
    return Header(fields, ignored, tuple(names))


def in_order(width: int, contract: type[Contract], line: int, *, is_told: bool) -> Header:
    """The contract's fields in their order, for a file without a header whose rows begin on `line`.

    Raises `FileRefused` unless that was told and the file has as many columns: where it only looks so, what
    its columns are would be a guess.
    """
    fields = tuple(contract.model_fields)
    if is_told and width == len(fields):
        return Header(fields, ())
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
