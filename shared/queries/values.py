"""Values of columns as texts of a request give them: of the column's type, or a sentence why not."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import pydantic
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from shared.contracts import type_names
from shared.contracts.base import BigInt, Timestamp, TimestampTz
from shared.contracts.dataset import Field

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_DIGITS = 500
"""Before and behind the point, of a number to compare with; one with more is a slip, or means harm."""
_LONGEST_SHOWN = 100

_Decimal = Annotated[Decimal, pydantic.Field(max_digits=2 * _MOST_DIGITS, decimal_places=_MOST_DIGITS)]


def read(field: Field, text: str) -> Any:
    """`text` as a value of the column of `field`; raises `ValueError` with a sentence that names both."""
    try:
        return _READERS[field.python_type](text)
    except ValueError as exc:
        shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
        reason = exc.errors()[0]["msg"] if isinstance(exc, ValidationError) else str(exc)
        kind = type_names.of(field)
        raise ValueError(f"{field.name} is {kind}, and {shown!r} is not: {_sentence(reason)}") from None


def _sentence(reason: str) -> str:
    return f"{reason.removeprefix('Value error, ').rstrip('.')}."


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError("Postgres' texts have no NUL")
    text.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    return text


def _date(text: str) -> date:
    if not _ISO_DATE.fullmatch(text):
        raise ValueError("not an ISO 8601 date, such as 2019-07-01")
    return date.fromisoformat(text)


def _of(kind: Any) -> Callable[[str], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    return adapter.validate_python


_READERS: dict[Any, Callable[[str], Any]] = {
    str: _text,
    int: _of(BigInt),
    float: _of(float),
    Decimal: _of(_Decimal),
    bool: _of(bool),
    date: _date,
    datetime: _of(Timestamp),
    AwareDatetime: _of(TimestampTz),
}
