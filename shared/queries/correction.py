"""A correction: rejected rows as a CSV file with the columns of their own, ready to be mended."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from shared.parsing import notes
from shared.queries import raw

_LONGEST_NAME = 100
"""Characters of a column's name that the ledger keeps."""

_RAW = "raw"
"""The column of rows whose file has none."""

_TO_QUOTE = re.compile(r'[,"\r\n]|^\s|\s$|^$')


class Correction:
    """Writes RFC 4180 with LF, columns in the order of the file of `columns` and `format`, then the notes."""

    def __init__(self, columns: Sequence[Mapping[str, str | None]], found: Mapping[str, Any]) -> None:
        """Both as the ledger has them."""
        self._dialect = raw.dialect(found)
        self._places = [place for place, one in enumerate(columns) if one["name"] not in notes.NAMES]
        has_names = found.get("header_line", 1) is not None
        self._names = [_name(columns[place], has_names=has_names) for place in self._places] or [_RAW]
        self._width = len(columns)

    def header(self) -> str:
        """The first line: names as the file has them, or the table's where it has none."""
        return _line([*self._names, *notes.NAMES])

    def record(self, line: int, text: str, errors: Sequence[Mapping[str, str | None]]) -> str:
        """One reject. Values too many follow behind the notes; of a broken one the text comes first."""
        values = (raw.values(text, self._dialect) if self._width else None) or [text]
        own = [values[place] if place < len(values) else None for place in self._places]
        return _line([*(own or [text]), str(line), _told(errors), *values[max(self._width, 1) :]])


def _name(column: Mapping[str, str | None], *, has_names: bool) -> str:
    """The file's own name, unless it has none or a longer one than is known."""
    name = column["name"] or ""
    is_whole = has_names and len(name) < _LONGEST_NAME
    return name if is_whole else column["column"] or name


def _told(errors: Sequence[Mapping[str, str | None]]) -> str:
    return "; ".join(
        f"{error['column']}: {error['message']}" if error["column"] else f"{error['message']}"
        for error in errors
    )


def _line(values: Sequence[str | None]) -> str:
    return ",".join("" if value is None else _cell(value) for value in values) + "\n"


def _cell(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if _TO_QUOTE.search(value) else value
