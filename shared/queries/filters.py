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
    """The values of `text`; raises `csv.Error` or `ValueError` where it is no such record."""
    rows = list(csv.reader([text], strict=True))
    if len(rows) != 1:
        raise ValueError(f"{text!r} is not one list of values")
    return rows[0]


def parse_list(text: str, count: int, names: Sequence[str]) -> list[str]:
    """The `count` values of `text`; raises `ValueError` that says how to send those named."""
    try:
        values = split_list(text)
    except (csv.Error, ValueError):
        values = []
    if len(values) != count:
        raise ValueError(
            f"{text!r} is not {count} value{'s' if count > 1 else ''}, which {', '.join(names)} "
            f"{'are' if count > 1 else 'is'}: separate values by commas, and enclose in double quotes one "
            'that has a comma or a quote (doubled) in it, or is empty: a,"b, c"'
        )
    return values


_MOST_DIGITS = 500
"""Before and behind the point, of a number to compare with; one with more is a slip, or means harm."""
_LONGEST_SHOWN = 100

_Decimal = Annotated[Decimal, pydantic.Field(max_digits=2 * _MOST_DIGITS, decimal_places=_MOST_DIGITS)]


def parse_value(field: Field, text: str) -> Any:
    """`text` as a value of the column of `field`; raises `ValueError` with a sentence that names both."""
    try:
        return _READERS[field.column_type.name](text)
    except ValueError as exc:
        shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
        reason = exc.errors()[0]["msg"] if isinstance(exc, ValidationError) else str(exc)
        raise ValueError(
            f"{field.name} is {field.column_type.name}, and {shown!r} is not: {_sentence(reason)}"
        ) from None


def _sentence(reason: str) -> str:
    return f"{reason.removeprefix('Value error, ').rstrip('.')}."


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError("Postgres' texts have no NUL")
    text.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    return text


def _of(kind: Any) -> Callable[[str], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    return adapter.validate_python


_READERS: dict[Kind, Callable[[str], Any]] = {
    **{kind: _of(each.annotation) for kind, each in COLUMN_TYPES.items()},
    Kind.TEXT: _text,
    Kind.DOUBLE: _of(float),
    Kind.NUMERIC: _of(_Decimal),
}

PREFIX = "column."
"""Before the name of a column that is also a parameter's: `column.limit=5`."""

_COMPARISONS = {"eq": "=", "ne": "is distinct from", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
OPERATORS = (*_COMPARISONS, "in", "null")
_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Filter:
    """`value` is a list for `in`, and whether it is missing for `null`."""

    field: Field
    operator: str
    value: Any

    def condition(self) -> sql.Composable:
        """What rows have to fulfil."""
        column: sql.Composable = sql.Identifier(self.field.name)
        value = sql.Literal(self.value)
        if self.operator == "null":
            return sql.SQL("{} is null" if self.value else "{} is not null").format(column)
        if self.operator == "in":
            return sql.SQL("{} = any ({})").format(column, value)
        if self.field.python_type is str and self.operator not in {"eq", "ne"}:
            column = sql.SQL('{} collate "C"').format(column)  # as keys are compared, on every server alike
        return sql.SQL("{} {} {}").format(column, sql.SQL(_COMPARISONS[self.operator]), value)


def parse_filters(
    contract: type[Contract], query: Mapping[str, str], known: Sequence[str]
) -> tuple[Filter, ...]:
    """The filters of `query`, whose `known` parameters are something else.

    Raises `InvalidRequest` with every fault: unknown columns, with those there are, and values that are none
    of their column.
    """
    fields = {field.name: field for field in dataset_table.contract_fields(contract)}
    found, faults = [], []
    for name, text in query.items():
        if name in known:
            continue
        try:
            found.append(_parse_filter(fields, name, text, known))
        except ValueError as exc:
            faults.append({"parameter": name, "detail": str(exc)})
    if faults:
        raise InvalidRequest(" ".join(fault["detail"] for fault in faults), faults)
    return tuple(found)


def combine_filters(conditions: Iterable[sql.Composable]) -> sql.Composable:
    """What rows have to fulfil that fulfil all of them."""
    return sql.SQL(" and ").join([sql.SQL("true"), *conditions])


def _parse_filter(fields: Mapping[str, Field], name: str, text: str, known: Sequence[str]) -> Filter:
    column = name.removeprefix(PREFIX)
    operator = "eq"
    if column not in fields or (column == name and column in known):
        column, separator, operator = column.rpartition("__")
        if column not in fields or not separator or operator not in OPERATORS:
            raise ValueError(
                f"{name} is no column and no parameter. Parameters: {', '.join(known)}; columns, which may "
                f"be followed by {', '.join(f'__{one}' for one in OPERATORS)}: {', '.join(fields)}."
            )
    return Filter(fields[column], operator, _value(fields[column], operator, name, text))


def _value(field: Field, operator: str, name: str, text: str) -> Any:
    if operator == "null":
        if text not in _TRUTHS:
            raise ValueError(f"{name} must be true or false, not {text!r}.")
        return _TRUTHS[text]
    if operator == "in":
        try:
            return [parse_value(field, one) for one in split_list(text)]
        except csv.Error as exc:
            raise ValueError(f'{name} is no list of values such as a,"b, c": {exc}.') from None
    return parse_value(field, text)


Key = dict[str, Any]
"""The values by their columns, in the order of the key."""

_SLASH = re.compile("%2f", re.IGNORECASE)


def parse_key(contract: type[Contract], text: str) -> Key:
    """The key that `text` is; raises `InvalidRequest`, and `Conflict` where the dataset has none.

    The platform decodes all of a path but `%2F`, so that is left to us.
    """
    if not contract.key:
        raise Conflict(
            f"The dataset {contract.dataset} has no key, so no row can be told from the others. Give "
            f"it one with PUT /api/datasets/{contract.dataset}, or in its contract where the app declares it."
        )
    fields = {field.name: field for field in dataset_table.contract_fields(contract)}
    try:
        texts = parse_list(_SLASH.sub("/", text), len(contract.key), contract.key)
        return {name: parse_value(fields[name], one) for name, one in zip(contract.key, texts, strict=True)}
    except ValueError as exc:
        raise InvalidRequest(str(exc), [{"parameter": "key", "detail": str(exc)}]) from None


def key_condition(key: Key) -> sql.Composable:
    """What the row with this key fulfils."""
    pairs = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in key.items()
    ]
    return sql.SQL(" and ").join(pairs)
