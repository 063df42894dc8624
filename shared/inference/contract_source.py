"""The contract of an inferred dataset as Python source."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.contracts import column_names
from shared.inference.contract_builder import ModelField, class_name, model_fields
from shared.inference.table_columns import TableColumn
from shared.inference.widening import MAX_DIGITS, Kind

_WIDTH = 110
_STEP = 4
_LATIN_END = "\u0250"
"""Letters before it look like nothing else; others are escaped, since some look like Latin ones."""


@dataclass(frozen=True, slots=True)
class Bracketed:
    """Items in brackets, after `opening`, which ends with the bracket; those of a call may share a line."""

    opening: str
    items: Sequence[str | Bracketed]
    closing: str = ")"
    is_call: bool = True

    def __str__(self) -> str:
        """All in one line."""
        single = "," if self.closing == ")" and len(self.items) == 1 and not self.is_call else ""
        return f"{self.opening}{', '.join(map(str, self.items))}{single}{self.closing}"


def format_lines(before: str, value: str | Bracketed, after: str = "", indent: int = _STEP) -> list[str]:
    """`before`, `value` and `after`: in a line, or the items in the next one, or each in one of its own."""
    blank, inner = " " * indent, " " * (indent + _STEP)
    line = f"{blank}{before}{value}{after}"
    if len(line) <= _WIDTH:
        return [line]
    if isinstance(value, str):
        return [f"{line}  # noqa: E501"]
    joined = f"{inner}{', '.join(map(str, value.items))}"
    if value.is_call and len(joined) <= _WIDTH:
        between = [joined]
    else:
        between = [line for item in value.items for line in format_lines("", item, ",", indent + _STEP)]
    return [f"{blank}{before}{value.opening}", *between, f"{blank}{value.closing}{after}"]


def text_literal(value: str) -> str:
    """A literal in double quotes that shows what is printable and not to be mistaken."""
    return "".join(map(_shown, json.dumps(value, ensure_ascii=False)))


def _shown(char: str) -> str:
    if char.isprintable() and (char.isascii() or (char.isalpha() and char < _LATIN_END)):
        return char
    return char.encode("unicode_escape").decode()


_NAMES = {
    Kind.NOTHING: "str",
    Kind.BOOLEAN: "bool",
    Kind.BIGINT: "BigInt",
    Kind.DOUBLE: "_Double",
    Kind.DATE: "Date",
    Kind.TIMESTAMP: "Timestamp",
    Kind.TIMESTAMPTZ: "TimestampTz",
    Kind.TEXT: "str",
}
_BLANK = re.compile(r"column_\d+(_\d+)?")
"""What columns without a name in the header are called."""
_OF_BASE = {"BigInt", "Date", "Timestamp", "TimestampTz"}


def contract_source(dataset: str, columns: Sequence[TableColumn], key: Sequence[str] = ()) -> str:
    """A module with the contract that `contract_of` makes for the same; raises what it raises.

    But a column that the files gave no name of its own may be missing: a declared contract finds columns by
    their names alone.
    """
    named = _named(columns)
    fields = [
        field if field.name in named or field.name in key else replace(field, nullable=True)
        for field in model_fields(columns, key)
    ]
    body = [
        *_variable("dataset", "str", text_literal(dataset)),
        *(_variable("key", "tuple[str, ...]", _tuple(key)) if key else []),
        *_nulls(fields),
        "",
        *(line for field in fields for line in _field(field, _type(field))),
    ]
    aliases = _aliases(fields)
    head = [
        f'"""`{dataset}`, as inferred from its files."""',
        "\n".join(["from __future__ import annotations", "", *_imports(fields)]),
        *(["\n".join(aliases)] if aliases else []),
    ]
    row = "\n".join([f"class {class_name(dataset)}(Contract):", '    """One row."""', "", *body])
    return "\n\n".join(head) + f"\n\n\n{row}\n"


def _named(columns: Sequence[TableColumn]) -> set[str]:
    """Columns that a file's header names; all of them where no file had a header, so that order tells."""
    if not any(column.headers for column in columns):
        return {column.name for column in columns}
    own: dict[str, str] = {}
    for column in columns:
        for header in column.headers or [column.name] * (not _BLANK.fullmatch(column.name)):
            own.setdefault(column_names.normalize_name(header), column.name)
    return {name for header, name in own.items() if header}


def _type(field: ModelField) -> str:
    return f"_Decimal{field.places}" if field.kind is Kind.NUMERIC else _NAMES[field.kind]


def _imports(fields: Sequence[ModelField]) -> list[str]:
    names = {_type(field) for field in fields}
    kinds = {field.kind for field in fields}
    annotated = kinds & {Kind.NUMERIC, Kind.DOUBLE}
    nulls = any(field.nulls for field in fields)
    typing = ["Annotated"] * bool(annotated) + ["ClassVar"]
    choices = ["AliasChoices"] * any(len(field.aliases) > 1 for field in fields)
    pydantic = choices + ["Field"] * bool(annotated or any(field.aliases for field in fields))
    standard = [
        *(["from collections.abc import Mapping"] if nulls else []),
        *(["from decimal import Decimal"] if Kind.NUMERIC in kinds else []),
        f"from typing import {', '.join(typing)}",
    ]
    third = ["", f"from pydantic import {', '.join(pydantic)}"] if pydantic else []
    own = sorted({"Contract", *(names & _OF_BASE)})
    return [*standard, *third, "", f"from shared.contracts.base import {', '.join(own)}"]


def _aliases(fields: Sequence[ModelField]) -> list[str]:
    places = sorted({field.places for field in fields if field.kind is Kind.NUMERIC})
    decimals = [
        f"_Decimal{number} = Annotated[Decimal, Field(max_digits={MAX_DIGITS}, decimal_places={number})]"
        for number in places
    ]
    double = any(field.kind is Kind.DOUBLE for field in fields)
    doubles = ["_Double = Annotated[float, Field(allow_inf_nan=False)]"] if double else []
    return [*decimals, *doubles]


def _nulls(fields: Sequence[ModelField]) -> list[str]:
    items = [f"{text_literal(field.name)}: {_tuple(field.nulls)}" for field in fields if field.nulls]
    if not items:
        return []
    return _variable("null_spellings", "Mapping[str, tuple[str, ...]]", Bracketed("{", items, "}", False))


def _tuple(values: Sequence[str]) -> Bracketed:
    return Bracketed("(", [text_literal(value) for value in values], is_call=False)


def _variable(name: str, kind: str, value: str | Bracketed) -> list[str]:
    return format_lines(f"{name}: ClassVar[{kind}] = ", value)


def _field(field: ModelField, kind: str) -> list[str]:
    kind += " | None" * field.nullable
    if not field.aliases:
        return [f"    {field.name}: {kind}" + " = None" * field.nullable]
    names = [text_literal(alias) for alias in field.aliases]
    several = Bracketed("validation_alias=AliasChoices(", names)
    alias = several if len(names) > 1 else f"validation_alias={names[0]}"
    return format_lines(
        f"{field.name}: {kind} = ", Bracketed("Field(", [*["default=None"] * field.nullable, alias])
    )
