"""Filters: conditions on columns as a query gives them, `quantity__gte=5`, and as Postgres takes them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg2 import sql

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.contracts.dataset import Field
from shared.errors import InvalidRequest
from shared.queries import lists, values

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


def read(contract: type[Contract], query: Mapping[str, str], known: Sequence[str]) -> tuple[Filter, ...]:
    """The filters of `query`, whose `known` parameters are something else.

    Raises `InvalidRequest` with every fault: unknown columns, with those there are, and values that are none
    of their column.
    """
    fields = {field.name: field for field in dataset.fields(contract)}
    found, faults = [], []
    for name, text in query.items():
        if name in known:
            continue
        try:
            found.append(_read(fields, name, text, known))
        except ValueError as exc:
            faults.append({"parameter": name, "detail": str(exc)})
    if faults:
        raise InvalidRequest(" ".join(fault["detail"] for fault in faults), faults)
    return tuple(found)


def all_of(conditions: Iterable[sql.Composable]) -> sql.Composable:
    """What rows have to fulfil that fulfil all of them."""
    return sql.SQL(" and ").join([sql.SQL("true"), *conditions])


def _read(fields: Mapping[str, Field], name: str, text: str, known: Sequence[str]) -> Filter:
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
            return [values.read(field, one) for one in lists.split(text)]
        except csv.Error as exc:
            raise ValueError(f'{name} is no list of values such as a,"b, c": {exc}.') from None
    return values.read(field, text)
