"""Filters, keys and values of columns as requests send them."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import pydantic
from psycopg2 import sql
from pydantic import TypeAdapter, ValidationError

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.column_types import COLUMN_TYPES, Kind
from shared.contracts.dataset_table import Field
from shared.errors import Conflict, InvalidRequest


def split_list(text: str) -> list[str]:
    """The values of the CSV record `text`; raises `csv.Error`, or `ValueError` if it is not one record."""
    records = list(csv.reader([text], strict=True))
    if len(records) != 1:
        raise ValueError(f"{text!r} is not one list of values")
    return records[0]


_MAX_DIGITS = 500
"""Digits before and after the decimal point of a number; a longer one is a mistake or an attack."""
_MAX_SHOWN = 100
"""Characters of a value that an error message repeats."""

_Decimal = Annotated[Decimal, pydantic.Field(max_digits=2 * _MAX_DIGITS, decimal_places=_MAX_DIGITS)]


def parse_value(field: Field, text: str) -> Any:
    """`text` as a value of the column of `field`; raises `ValueError` with a sentence that names both."""
    try:
        return _PARSERS[field.column_type.name](text)
    except ValueError as exc:
        shown = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
        reason = exc.errors()[0]["msg"] if isinstance(exc, ValidationError) else str(exc)
        kind = field.column_type.name
        raise ValueError(f"{field.name} is {kind}; {shown!r} is not valid: {_sentence(reason)}") from None


def _sentence(reason: str) -> str:
    return f"{reason.removeprefix('Value error, ').rstrip('.')}."


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError("a text cannot contain a NUL character")
    text.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    return text


def _parser(python_type: Any) -> Callable[[str], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(python_type)
    return adapter.validate_python


_PARSERS: dict[Kind, Callable[[str], Any]] = {
    **{kind: _parser(column_type.annotation) for kind, column_type in COLUMN_TYPES.items()},
    Kind.TEXT: _text,
    Kind.DOUBLE: _parser(float),
    Kind.NUMERIC: _parser(_Decimal),
}

PREFIX = "column."
"""Prefix for a column with the name of a parameter: `column.limit=5`."""

_COMPARISONS = {"eq": "=", "ne": "is distinct from", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
OPERATORS = (*_COMPARISONS, "in", "null")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a column; `value` is a list for `in`, and a boolean for `null`."""

    field: Field
    operator: str
    value: Any

    def as_sql(self) -> sql.Composable:
        """The condition as SQL."""
        column: sql.Composable = sql.Identifier(self.field.name)
        value = sql.Literal(self.value)
        if self.operator == "null":
            return sql.SQL("{} is null" if self.value else "{} is not null").format(column)
        if self.operator == "in":
            return sql.SQL("{} = any ({})").format(column, value)
        if self.field.python_type is str and self.operator not in {"eq", "ne"}:
            column = sql.SQL('{} collate "C"').format(column)  # the order of keys, the same on every server
        return sql.SQL("{} {} {}").format(column, sql.SQL(_COMPARISONS[self.operator]), value)


def parse_filters(
    contract: type[Contract], query: Mapping[str, str], known: Sequence[str]
) -> tuple[Filter, ...]:
    """The filters of `query`: all parameters but the `known` ones.

    Raises `InvalidRequest` with every fault: unknown columns, and values that do not fit their column.
    """
    fields = {field.name: field for field in dataset_table.contract_fields(contract)}
    filters, faults = [], []
    for name, text in query.items():
        if name in known:
            continue
        try:
            filters.append(_parse_filter(fields, name, text, known))
        except ValueError as exc:
            faults.append({"parameter": name, "detail": str(exc)})
    if faults:
        raise InvalidRequest(" ".join(fault["detail"] for fault in faults), faults)
    return tuple(filters)


def combine_conditions(conditions: Iterable[sql.Composable]) -> sql.Composable:
    """The condition that all `conditions` hold."""
    return sql.SQL(" and ").join([sql.SQL("true"), *conditions])


def _parse_filter(fields: Mapping[str, Field], name: str, text: str, known: Sequence[str]) -> Filter:
    column = name.removeprefix(PREFIX)
    operator = "eq"
    if column not in fields or (column == name and column in known):
        column, separator, operator = column.rpartition("__")
        if column not in fields or not separator or operator not in OPERATORS:
            raise ValueError(
                f"{name} is neither a parameter nor a column. Parameters: {', '.join(known)}. Columns: "
                f"{', '.join(fields)}. A column may be followed by "
                f"{', '.join(f'__{one}' for one in OPERATORS)}."
            )
    return Filter(fields[column], operator, _value(fields[column], operator, name, text))


def _value(field: Field, operator: str, name: str, text: str) -> Any:
    if operator == "null":
        if text not in _BOOLEANS:
            raise ValueError(f"{name} must be true or false, not {text!r}.")
        return _BOOLEANS[text]
    if operator == "in":
        try:
            return [parse_value(field, one) for one in split_list(text)]
        except csv.Error as exc:
            raise ValueError(f'{name} must be a list of values such as a,"b, c": {exc}.') from None
    return parse_value(field, text)


Key = dict[str, Any]
"""Values by column, in the order of the key."""

_SLASH = re.compile("%2f", re.IGNORECASE)


def parse_key(contract: type[Contract], text: str) -> Key:
    """The key in the path segment `text`; raises `InvalidRequest`, and `Conflict` if the dataset has no key.

    The Functions host decodes everything in a path but `%2F`, so that is decoded here.
    """
    if not contract.key:
        raise Conflict(
            f"The dataset {contract.dataset} has no key, so single rows cannot be addressed. Set a key with "
            f"PUT /api/datasets/{contract.dataset}, or in the contract if the app declares the dataset."
        )
    fields = {field.name: field for field in dataset_table.contract_fields(contract)}
    try:
        texts = _key_values(contract, _SLASH.sub("/", text))
        return {
            name: parse_value(fields[name], value) for name, value in zip(contract.key, texts, strict=True)
        }
    except ValueError as exc:
        raise InvalidRequest(str(exc), [{"parameter": "key", "detail": str(exc)}]) from None


def _key_values(contract: type[Contract], text: str) -> list[str]:
    count = len(contract.key)
    try:
        values = split_list(text)
    except (csv.Error, ValueError):
        values = []
    if len(values) != count:
        number = "one value" if count == 1 else f"{count} values, separated by commas"
        raise ValueError(
            f"{text!r} is not a key of {contract.dataset}. The key ({', '.join(contract.key)}) has {number}. "
            "Enclose a value in double quotes if it is empty or has a comma or a quote (doubled) in it: "
            'a,"b, c".'
        )
    return values


def key_condition(key: Key) -> sql.Composable:
    """The condition that a row has this key."""
    pairs = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in key.items()
    ]
    return sql.SQL(" and ").join(pairs)
