"""The header: on which line the names stand, if any, below what preamble, and in how many records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from statistics import median

from shared.contracts.spellings import normal
from shared.detection import headings, likeness, opening
from shared.detection.cells import kind
from shared.detection.records import Record, is_blank

_LOOKED_AT = 200
"""Records in which a header is looked for; the rest of the head counts for columns only."""

_FEW_CELLS = 0.5
"""Share of the table's columns that a record must fill to be its header and no line above it."""

_STEADY = 3

_UNLIKE = "The first line has {} of the {} values that the rows have: tell its delimiter or header_line."


@dataclass(frozen=True, slots=True)
class Header:
    """The physical line of the first header record, how many records there are, and what is doubtful.

    `line` is `None` where there is no header. `width` is the number of values in a record of the table,
    `matches` that of the names that are known.
    """

    line: int | None
    records: int = 1
    width: int = 1
    matches: int = 0
    doubts: tuple[str, ...] = ()


def matches(record: Record, known: Collection[str]) -> int:
    """How many different names of `known`, which are `normal`, the record has."""
    return len({name for cell in record.cells if (name := normal(cell)) in known})


def known(found: list[Record], names: Collection[str]) -> Header | None:
    """The first record that has most of the known `names`; at least two, or half of all."""
    looked_at = [record for record in found[:_LOOKED_AT] if not is_blank(record)]
    if not looked_at or not names:
        return None
    best = max(looked_at, key=lambda record: matches(record, names))
    if matches(best, names) < min(2, (len(names) + 1) // 2):
        return None
    return Header(best.line, width=len(best.cells), matches=matches(best, names))


def fit(found: list[Record], top: Header) -> float:
    """How well the records below `top` have values for its names, 0.5 to 1: quotes may have been missed."""
    below = [record for record in found if record.line > (top.line or 0) and not is_blank(record)]
    fitting = sum(
        len(record.cells) == top.width or (len(record.cells) == top.width + 1 and not record.cells[-1])
        for record in below
    )
    return 0.5 + 0.5 * fitting / len(below) if below else 1.0


def detect(found: list[Record]) -> Header:
    """The header of the table that the records `found` make, judged by how it differs from the rows."""
    rows = [record for record in found if not is_blank(record)]
    if not rows:
        return Header(None, doubts=("The file is empty.",))
    counts = Counter(len(record.cells) for record in rows)
    wide = {width: count for width, count in counts.items() if width > 1} or counts
    width = max(wide, key=lambda width: wide[width])
    line = opening.below_blank(found, width)
    if line is not None:
        return Header(line, width=width)
    if opening.differs(rows, width) and not _lacks_trailing_delimiter(rows[0], rows[1:], width):
        return Header(rows[0].line, width=width, doubts=(_UNLIKE.format(len(rows[0].cells), width),))
    place = headings.names(rows, _first(rows, width), width)
    top, below = rows[place], rows[place + 1 :]
    body = _fitting(below, len(top.cells)) or _fitting(below, width)
    above = headings.count_above(rows, place, width)
    missing, doubts = likeness.is_row(top, body)
    if missing and not above:
        if place:
            doubts = (*doubts, f"The {place} records above the table are taken for rows.")
        return Header(None, width=width, doubts=doubts)
    if above:
        doubts = (*doubts, f"The {above} records above the names are taken for headings of them.")
    return Header(rows[place - above].line, 1 + above, width, doubts=doubts)


def _fitting(rows: list[Record], width: int) -> list[Record]:
    return [record for record in rows if len(record.cells) == width]


def _first(rows: list[Record], width: int) -> int:
    """The place of the first record of the table: the first that fills enough of its columns."""
    table = _fitting(rows, width)
    filled = [sum(map(_is_filled, record.cells)) for record in table]
    needed = max(_FEW_CELLS * median(filled), min(2, max(filled)))
    for place, record in enumerate(rows[:_LOOKED_AT]):
        above = sum(map(_is_filled, record.cells)) < needed
        if len(record.cells) < width:
            above = above or not _lacks_trailing_delimiter(record, rows[place + 1 :], width)
        if not above and not _is_sentence(record, rows[place + 1 : place + 2 + _STEADY], width):
            return place
    return 0


def _is_filled(cell: str) -> bool:
    return bool(cell.strip())


def _lacks_trailing_delimiter(record: Record, below: list[Record], width: int) -> bool:
    """Whether only the rows end with a delimiter, the header does not."""
    table = _fitting(below, width)
    return len(record.cells) == width - 1 and bool(table) and not any(row.cells[-1] for row in table)


def _is_sentence(record: Record, below: list[Record], width: int) -> bool:
    """Whether the record has delimiters by chance, above a header and rows that agree in their width."""
    return (
        len(record.cells) > width
        and len(below) > _STEADY
        and all(len(row.cells) == width for row in below)
        and any(cell.startswith(" ") for cell in record.cells)
        and all(kind(cell) == "text" for cell in below[0].cells)
    )
