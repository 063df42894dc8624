"""Writes pages of rows as JSON, NDJSON or CSV, chosen by `Accept`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from shared.queries.row_page import RowPage

_SPECIAL = frozenset('",\r\n')


@dataclass(frozen=True, slots=True)
class Form:
    """A media type, and the text of a page in it with the cursor of the next one."""

    media_type: str
    write: Callable[[RowPage, str | None], str]


def requested_format(accept: str) -> Form:
    """The form that `accept`, a header, prefers; JSON where it names none of them."""
    weights = dict(_weights(accept))

    def weight(form: Form) -> float:
        kind = form.media_type.partition("/")[0]
        ranges = (form.media_type, f"{kind}/*", "*/*")
        return next((weights[one] for one in ranges if one in weights), 0.0)

    return max(FORMS, key=weight)  # of equals the first


def _weights(accept: str) -> Iterable[tuple[str, float]]:
    for one in accept.split(","):
        media_range, *parameters = (part.strip().lower() for part in one.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            yield media_range, float(quality)
        except ValueError:
            yield media_range, 0.0


def _json(page: RowPage, after: str | None) -> str:
    return f'{{"rows":[{",".join(page.rows)}],"next":{json.dumps(after)}}}'


def _ndjson(page: RowPage, _after: str | None) -> str:
    return "".join(f"{row}\n" for row in page.rows)


def _csv(page: RowPage, _after: str | None) -> str:
    """Missing values are empty, an empty text is `""`; numbers, times and truths are as in JSON."""
    lines = [",".join(map(_cell, page.columns))]
    for row in page.rows:
        # The texts of numbers, so that no digit is lost.
        shown = json.loads(row, parse_float=str, parse_int=str)
        lines.append(",".join(_cell(shown[name]) for name in page.columns))
    return "".join(f"{line}\r\n" for line in lines)


def _cell(value: str | bool | None) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else value
    if text and not _SPECIAL.intersection(text):
        return text
    return '"' + text.replace('"', '""') + '"'


FORMS = (
    Form("application/json", _json),
    Form("text/csv", _csv),
    Form("application/x-ndjson", _ndjson),
)
