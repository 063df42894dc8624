"""Rows as JSON before they are in a table: as Postgres would show them afterwards."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from shared.validation import arrow


def texts(rows: pd.DataFrame) -> list[str]:
    """A JSON object for each of `rows`, which came out of validation.

    Dates are ISO 8601; decimals are JSON numbers with all of their digits, but for zeros at the end; what no
    JSON number is, such as `NaN`, is a text.
    """
    columns = {name: _values(column) for name, column in arrow.columns(rows).items()}
    names = [json.dumps(name, ensure_ascii=False) for name in columns]
    return [
        f"{{{','.join(f'{name}:{_text(value)}' for name, value in zip(names, row, strict=True))}}}"
        for row in zip(*columns.values(), strict=True)
    ]


def _values(column: Any) -> list[Any]:
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):
        # In UTC some are before the year 1 or after 9999: Python knows no such time.
        texts = column.cast(pa.timestamp("us")).cast(pa.string()).to_pylist()
        return [text and f"{text.replace(' ', 'T').rstrip('0').rstrip('.')}+00:00" for text in texts]


def _text(value: Any) -> str:
    show = _SHOWN.get(type(value))
    return show(value) if show else json.dumps(value, ensure_ascii=False)


def _decimal(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _double(value: float) -> str:
    if not math.isfinite(value):
        return {"inf": '"Infinity"', "-inf": '"-Infinity"'}.get(str(value), '"NaN"')
    return repr(value).removesuffix(".0")


def _moment(value: datetime) -> str:
    day, _, time = value.isoformat(timespec="microseconds").partition(".")
    fraction, zone = time[:6].rstrip("0"), time[6:]
    return f'"{day}{"." * bool(fraction)}{fraction}{zone}"'


def _day(value: date) -> str:
    return f'"{value.isoformat()}"'


_SHOWN: dict[type, Callable[[Any], str]] = {
    Decimal: _decimal,
    float: _double,
    datetime: _moment,
    date: _day,
}
