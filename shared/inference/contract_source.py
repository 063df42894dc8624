"""The contract of an inferred dataset as Python source."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shared.contracts import column_names
from shared.contracts.column_types import COLUMN_TYPES, MAX_DIGITS, Kind
from shared.inference.contract_builder import ModelField, class_name, model_fields
from shared.inference.table_columns import TableColumn

_MAX_LINE = 110
_STEP = 4
_LATIN_END = "\u0250"
"""Letters before it cannot be mistaken. Later ones are escaped, because some look like Latin letters."""
_BLANK = re.compile(r"column_\d+(_\d+)?")
"""Names of columns that have no name in the header."""


def contract_source(dataset: str, columns: Sequence[TableColumn], key: Sequence[str] = ()) -> str:
    """A module with the contract that `build_contract` builds; raises the same errors.

    One difference: a column that no header names is nullable, since a declared contract finds columns only by
    their names.
    """
    named = _named_columns(columns)
    fields = [
        field if field.name in named or field.name in key else replace(field, nullable=True)
        for field in model_fields(columns, key)
    ]
    places = sorted({field.places for field in fields if field.kind is Kind.NUMERIC})
    decimals = [
        f"_Decimal{number} = Annotated[Decimal, Field(max_digits={MAX_DIGITS}, decimal_places={number})]"
        for number in places
    ]
    head = [
        f'"""`{dataset}`, as inferred from its files."""',
        "from __future__ import annotations",
        *_imports(fields),
        *(["\n".join(decimals)] if decimals else []),
    ]
    body = [
        f"class {class_name(dataset)}(Contract):",
        '    """One row."""',
        "",
        *_variable("dataset", "str", _literal(dataset)),
        *(_variable("key", "tuple[str, ...]", _tuple(key)) if key else []),
        *_null_spellings(fields),
        "",
        *(line for field in fields for line in _field(field)),
    ]
    return "\n\n".join(head) + "\n\n\n" + "\n".join(body) + "\n"


def _named_columns(columns: Sequence[TableColumn]) -> set[str]:
    """Columns that a header names; all of them if no file had a header, because then the order counts."""
    if not any(column.headers for column in columns):
        return {column.name for column in columns}
    owners: dict[str, str] = {}
    for column in columns:
        for header in column.headers or [column.name] * (not _BLANK.fullmatch(column.name)):
            owners.setdefault(column_names.normalize_name(header), column.name)
    return {column for header, column in owners.items() if header}


def _imports(fields: Iterable[ModelField]) -> list[str]:
    """Imports in three groups: standard library, pydantic, contracts."""
    names = {("typing", "ClassVar"), ("shared.contracts.base", "Contract")}
    for field in fields:
        column_type = COLUMN_TYPES[field.kind]
        if column_type.module:
            names.add((column_type.module, column_type.source))
        if field.kind is Kind.NUMERIC:
            names |= {("typing", "Annotated"), ("pydantic", "Field")}
        if field.aliases:
            names.add(("pydantic", "Field"))
        if len(field.aliases) > 1:
            names.add(("pydantic", "AliasChoices"))
        if field.nulls:
            names.add(("collections.abc", "Mapping"))
    groups: dict[str, list[str]] = {"": [], "pydantic": [], "shared": []}
    for module in sorted({module for module, _ in names}):
        package = module.partition(".")[0]
        imported = ", ".join(sorted(name for source, name in names if source == module))
        groups[package if package in groups else ""].append(f"from {module} import {imported}")
    return ["\n".join(lines) for lines in groups.values() if lines]


def _null_spellings(fields: Sequence[ModelField]) -> list[str]:
    items = [f"{_literal(field.name)}: {_tuple(field.nulls)}" for field in fields if field.nulls]
    if not items:
        return []
    return _variable("null_spellings", "Mapping[str, tuple[str, ...]]", _Bracketed("{", items, "}"))


def _tuple(values: Sequence[str]) -> _Bracketed:
    return _Bracketed("(", [_literal(value) for value in values])


def _variable(name: str, annotation: str, value: str | _Bracketed) -> list[str]:
    return _lines(f"{name}: ClassVar[{annotation}] = ", value)


def _field(field: ModelField) -> list[str]:
    source = f"_Decimal{field.places}" if field.kind is Kind.NUMERIC else COLUMN_TYPES[field.kind].source
    annotation = f"{source} | None" if field.nullable else source
    if not field.aliases:
        return [f"    {field.name}: {annotation}" + " = None" * field.nullable]
    names = [_literal(alias) for alias in field.aliases]
    alias = (
        _Bracketed("validation_alias=AliasChoices(", names)
        if len(names) > 1
        else f"validation_alias={names[0]}"
    )
    options = ["default=None"] * field.nullable
    return _lines(f"{field.name}: {annotation} = ", _Bracketed("Field(", [*options, alias]))


@dataclass(frozen=True, slots=True)
class _Bracketed:
    """Items in brackets: `opening` ends with the opening bracket."""

    opening: str
    items: Sequence[str | _Bracketed]
    closing: str = ")"

    def __str__(self) -> str:
        """All in one line."""
        comma = "," * (self.opening == "(" and len(self.items) == 1)  # a tuple of one
        return f"{self.opening}{', '.join(map(str, self.items))}{comma}{self.closing}"


def _lines(before: str, value: str | _Bracketed, after: str = "", indent: int = _STEP) -> list[str]:
    """`before`, `value` and `after` in one line if it fits, otherwise each item of `value` in a line."""
    blank = " " * indent
    line = f"{blank}{before}{value}{after}"
    if len(line) <= _MAX_LINE:
        return [line]
    if isinstance(value, str):
        return [f"{line}  # noqa: E501"]
    items = [line for item in value.items for line in _lines("", item, ",", indent + _STEP)]
    return [f"{blank}{before}{value.opening}", *items, f"{blank}{value.closing}{after}"]


def _literal(value: str) -> str:
    """A string literal in double quotes; escapes characters that are not printable or look like others."""
    return "".join(map(_escaped, json.dumps(value, ensure_ascii=False)))


def _escaped(char: str) -> str:
    if char.isprintable() and (char.isascii() or (char.isalpha() and char < _LATIN_END)):
        return char
    return char.encode("unicode_escape").decode()
