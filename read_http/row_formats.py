"""Writes pages of rows as JSON, NDJSON or CSV, chosen by `Accept`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from shared.queries.row_page import RowPage

_NEEDS_QUOTES = frozenset('",\r\n')


@dataclass(frozen=True, slots=True)
class RowFormat:
    """A media type, and a function that writes a page with the cursor of the next one."""

    media_type: str
    write: Callable[[RowPage, str | None], str]


def requested_format(accept: str) -> RowFormat:
    """The format that the header `accept` prefers; JSON if it names none of them."""
    weights = dict(_weights(accept))

    def weight(row_format: RowFormat) -> float:
        main_type = row_format.media_type.partition("/")[0]
        ranges = (row_format.media_type, f"{main_type}/*", "*/*")
        return next((weights[media_range] for media_range in ranges if media_range in weights), 0.0)

    return max(_FORMATS, key=weight)  # the first one with the highest weight


def _weights(accept: str) -> Iterable[tuple[str, float]]:
    for item in accept.split(","):
        media_range, *options = (part.strip().lower() for part in item.split(";"))
        quality = next((option[2:] for option in options if option.startswith("q=")), "1")
        try:
            yield media_range, float(quality)
        except ValueError:
            yield media_range, 0.0


def _json(page: RowPage, after: str | None) -> str:
    return f'{{"rows":[{",".join(page.rows)}],"next":{json.dumps(after)}}}'


def _ndjson(page: RowPage, _after: str | None) -> str:
    return "".join(f"{row}\n" for row in page.rows)


def _csv(page: RowPage, _after: str | None) -> str:
    """Missing values are empty, an empty text is `""`; numbers, times and booleans are as in JSON."""
    lines = [",".join(map(_cell, page.columns))]
    for row in page.rows:
        # Numbers stay texts, so that no digit is lost.
        values = json.loads(row, parse_float=str, parse_int=str)
        lines.append(",".join(_cell(values[name]) for name in page.columns))
    return "".join(f"{line}\r\n" for line in lines)


def _cell(value: str | bool | None) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else value
    if text and not _NEEDS_QUOTES.intersection(text):
        return text
    return '"' + text.replace('"', '""') + '"'


_FORMATS = (
    RowFormat("application/json", _json),
    RowFormat("text/csv", _csv),
    RowFormat("application/x-ndjson", _ndjson),
)
