"""The top of a file: what stands above its rows, and the layout of those that follows from it."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from shared.contracts import column_names
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.parsing import layout, records
from shared.parsing.columns import Columns
from shared.parsing.dialect import Dialect, Values
from shared.parsing.header import Header
from shared.parsing.layout import Layout
from shared.parsing.lines import Lines
from shared.parsing.records import Record

_LOOKED_AT = 64 * 1024
_MOST = 200
"""Bytes and records by which the width of a table without a header is told."""


def read(lines: Lines, form: Format, columns: Columns) -> tuple[Header, Layout]:
    """Take the header of a file of this format, and whatever is above, from its `lines`.

    Raises `FileRefused`.
    """
    dialect = Dialect.of(form)
    is_told = "header_line" in form.told
    _skip(lines, form.header_line - 1 if form.header_line else int(form.sep_line))
    if form.header_line is None:
        header = columns.match(None, _width(lines, dialect), lines.number + 1, is_told=is_told)
        return header, Layout(header.fields, dialect)
    found = list(islice(records.parse(lines, None, dialect), form.header_lines))
    _require_readable(found, form.header_line)
    names = column_names.joined([_names(record.fields, dialect) for record in found])
    header = columns.match(names, len(names), found[0].line, is_told=is_told)
    headings = layout.headings([record.raw for record in found], names)
    return header, Layout(header.fields, dialect, headings)


def _skip(lines: Lines, count: int) -> None:
    while lines.number < count and lines.take() is not None:
        pass


def _require_readable(found: list[Record], line: int) -> None:
    if not found and line > 1:
        raise FileRefused("header_missing", f"There is no header on line {line} or below.", line=line)
    if not found:
        raise _empty()
    for record in found:
        if record.fault:
            raise FileRefused("header_unreadable", f"The header is broken: {record.fault}.", line=record.line)


def _names(values: Values, dialect: Dialect) -> list[str]:
    return [name or "" for name in _without_trailing(values, dialect)]


def _without_trailing(values: Values, dialect: Dialect) -> Values:
    is_cut = dialect.has_trailing_delimiter and len(values) > 1 and not (values[-1] or "").strip()
    return values[:-1] if is_cut else values


def _width(lines: Lines, dialect: Dialect) -> int:
    """Columns that most of the next records have; of equal numbers the first."""
    some = islice(records.parse(Lines([lines.ahead(_LOOKED_AT)]), None, dialect), _MOST)
    widths = Counter(len(_without_trailing(record.fields, dialect)) for record in some if not record.fault)
    if not widths:
        raise _empty()
    return widths.most_common(1)[0][0]


def _empty() -> FileRefused:
    return FileRefused("empty", "The file is empty: not even a header.")
