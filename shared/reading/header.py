"""The header: which column of the file is which field of the contract."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from shared.contracts import spellings
from shared.contracts.base import Contract
from shared.errors import FileRefused
from shared.printable import printable
from shared.reading.records import Record

_MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says.

    `fields` has, for each column of the file in order, the contract's field or `None` where it is not
    loaded; `ignored` are the names of those.
    """

    fields: tuple[str | None, ...]
    ignored: tuple[str, ...]


def match(record: Record | None, contract: type[Contract]) -> Header:
    """The header's columns against the contract's fields, in any order.

    `SalesOrderNumber`, `sales_order_number`, `Sales Order Number` and other cases are the same name, and so
    are the aliases of a field. Raises `FileRefused` with the columns found where the header cannot be read,
    lacks a required column or has more than one for a field.
    """
    if record is None:
        raise FileRefused("empty", "The file is empty: not even a header.")
    if record.fault:
        raise FileRefused("header_unreadable", f"The header is broken: {record.fault}.", line=record.line)
    found = [name or "" for name in record.fields]
    by_spelling = spellings.fields(contract)
    fields = tuple(by_spelling.get(spellings.normal(name)) for name in found)
    repeated = sorted(name for name, count in Counter(fields).items() if name and count > 1)
    missing = [
        name for name, info in contract.model_fields.items() if info.is_required() and name not in fields
    ]
    if missing or repeated:
        raise _mismatch(found, missing, repeated, record.line)
    ignored = tuple(_shown(name) for name, field in zip(found, fields, strict=True) if field is None)
    return Header(fields, ignored)


def _shown(name: str) -> str:
    return printable(name)[:_MOST_SHOWN]


def _mismatch(found: list[str], missing: list[str], repeated: list[str], line: int) -> FileRefused:
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
