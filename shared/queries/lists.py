"""Lists of values in one text, as a record of a CSV file has them: `a,"b, c",""`."""

from __future__ import annotations

import csv
from collections.abc import Sequence


def split(text: str) -> list[str]:
    """The values of `text`; raises `csv.Error` or `ValueError` where it is no such record."""
    rows = list(csv.reader([text], strict=True))
    if len(rows) != 1:
        raise ValueError(f"{text!r} is not one list of values")
    return rows[0]


def require(text: str, count: int, names: Sequence[str]) -> list[str]:
    """The `count` values of `text`; raises `ValueError` that says how to send those named."""
    try:
        values = split(text)
    except (csv.Error, ValueError):
        values = []
    if len(values) != count:
        raise ValueError(
            f"{text!r} is not {count} value{'s' if count > 1 else ''}, which {', '.join(names)} "
            f"{'are' if count > 1 else 'is'}: separate values by commas, and enclose in double quotes one "
            'that has a comma or a quote (doubled) in it, or is empty: a,"b, c"'
        )
    return values
