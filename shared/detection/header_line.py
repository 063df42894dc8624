"""Detects the line of the header, the records it spans, and files without a header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from shared.contracts.column_names import normalize_name
from shared.detection import sample
from shared.detection.sample import UNTYPED, CellKind, SampleRecord, cell_kind, column_kind, is_blank

_MOST_HEADINGS = 4


def find_column_names(rows: list[SampleRecord], place: int, width: int) -> int:
    """`place`, or a place below it if those above are headings, names follow, and then rows unlike names."""
    for lower in range(place + 1, min(place + 1 + _MOST_HEADINGS, len(rows) - 1)):
        texts = rows[lower].cells
        if not _is_heading(rows[lower - 1], rows[lower], width):
            break
        if all(cell_kind(cell) == "text" for cell in texts):
            below = (row.cells for row in rows[lower + 1 :] if len(row.cells) == width)
            columns = zip(*below, strict=False)
            return lower if any(column_kind(column) not in UNTYPED for column in columns) else place
    return place


def count_group_headings(rows: list[SampleRecord], place: int, width: int) -> int:
    """How many records right above the one at `place` name groups of its columns."""
    if any(cell_kind(cell) not in UNTYPED for cell in rows[place].cells):
        return 0
    count = 0
    while count < min(place, _MOST_HEADINGS) and _is_heading(rows[place - count - 1], rows[place], width):
        count += 1
    return count


def _is_heading(record: SampleRecord, names: SampleRecord, width: int) -> bool:
    """Whether its values stand above groups of columns, behind a gap or in front of one.

    A title stands in the first column alone; a heading has a name below each of its values.
    """
    filled = [place for place, cell in enumerate(record.cells) if _is_filled(cell)]
    if len(record.cells) != width or not filled or filled == [0] or len(filled) == width:
        return False
    return all(place < len(names.cells) and _is_filled(names.cells[place]) for place in filled) and (
        len(filled) > 1 or filled[0] > 0
    )


_ROWS = 200
_REPEATED = 0.5
_FIRST_YEAR, _LAST_YEAR = 1800, 2200

_MOST_COLUMNS = 200
"""Columns that are compared with their names; a wide table takes too long otherwise, and tells no more."""


def looks_like_row(top: SampleRecord, body: list[SampleRecord]) -> tuple[bool, tuple[str, ...]]:
    """Whether `top` is a row like those of `body`, and the doubt about it.

    A header is assumed unless something speaks against it: a value of the kind that its column has.
    """
    kinds = [cell_kind(cell) for cell in top.cells[:_MOST_COLUMNS]]
    if UNTYPED.issuperset(kinds):
        return _is_repeated(top, body)
    if _are_labels(top.cells[:_MOST_COLUMNS]):
        return False, ("The names have numbers among them, so the first line could be a row as well.",)
    if not body:
        return True, ("The only record has numbers or dates, so it is taken for a row.",)
    columns = zip(*(row.cells[:_MOST_COLUMNS] for row in body[:_ROWS]), strict=False)
    return _compared(kinds, [column_kind(column) for column in columns])


def _compared(kinds: list[CellKind], columns: list[CellKind]) -> tuple[bool, tuple[str, ...]]:
    """Whether values of `kinds` are rather a row of `columns` than their names, and the doubt about it."""
    pairs = [(here, there) for here, there in zip(kinds, columns, strict=False) if there not in UNTYPED]
    differing = sum(here not in {"empty", there} for here, there in pairs)
    like = sum(here == there for here, there in pairs)
    if differing and like:
        return differing < like, ("The first line is like the rows in some columns, unlike them in others.",)
    if differing or like:
        return like > 0, ()
    labels = sum(name == "text" for name in kinds)
    return 2 * labels <= len(kinds), ("Whether the first line is a header cannot be told from the rows.",)


def _is_repeated(top: SampleRecord, body: list[SampleRecord]) -> tuple[bool, tuple[str, ...]]:
    """Whether the texts of `top` come again below it, as names of columns would not."""
    if not body or len(body) < _STEADY:
        return False, ()
    others = [row.cells for row in body if row.cells != top.cells]
    if len(others) < len(body) and any(
        column_kind(column) not in UNTYPED for column in zip(*others[:_ROWS], strict=False)
    ):
        return False, ("The header comes again further down, where it is read as a row.",)
    columns = zip(*(row.cells for row in body), strict=False)
    again = sum(
        bool(cell.strip()) and cell in column for cell, column in zip(top.cells, columns, strict=False)
    )
    if again > _REPEATED * len(top.cells):
        return True, ("The first line is taken for a row, as its values come again further down.",)
    return False, ()


def _are_labels(texts: list[str]) -> bool:
    """Whether the numbers are names of columns: years, or a count, rising, behind a name."""
    numbers = [text.strip() for text in texts if cell_kind(text) == "number"]
    if len(numbers) < 2 or cell_kind(texts[0]) not in UNTYPED:  # noqa: PLR2004
        return False
    if not all(number.isascii() and number.isdigit() for number in numbers):
        return False
    values = [int(number) for number in numbers]
    rising = all(here + 1 == there for here, there in pairwise(values))
    years = all(_FIRST_YEAR <= value <= _LAST_YEAR for value in values) and len(set(values)) == len(values)
    return rising or years


_LOOKED_AT = 200
"""Records in which a header is looked for; the rest of the head counts for columns only."""

_FEW_CELLS = 0.5
"""Share of the table's columns that a record must fill to be its header and no line above it."""

_STEADY = 3

_UNLIKE = "The first line has {} of the {} values that the rows have: tell its delimiter or header_line."


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """The physical line of the first header record, how many records there are, and what is doubtful.

    `line` is `None` where there is no header. `width` is the number of values in a record of the table,
    `matches` that of the names that are known.
    """

    line: int | None
    records: int = 1
    width: int = 1
    matches: int = 0
    doubts: tuple[str, ...] = ()


def count_known_names(record: SampleRecord, known: Collection[str]) -> int:
    """How many different names of `known`, which are `normal`, the record has."""
    return len({name for cell in record.cells if (name := normalize_name(cell)) in known})


def find_known_header(found: list[SampleRecord], names: Collection[str]) -> HeaderLine | None:
    """The first record that has most of the known `names`; at least two, or half of all."""
    looked_at = [record for record in found[:_LOOKED_AT] if not is_blank(record)]
    if not looked_at or not names:
        return None
    best = max(looked_at, key=lambda record: count_known_names(record, names))
    if count_known_names(best, names) < min(2, (len(names) + 1) // 2):
        return None
    return HeaderLine(best.line, width=len(best.cells), matches=count_known_names(best, names))


def header_fit(found: list[SampleRecord], top: HeaderLine) -> float:
    """How well the records below `top` have values for its names, 0.5 to 1: quotes may have been missed."""
    below = [record for record in found if record.line > (top.line or 0) and not is_blank(record)]
    fitting = sum(
        len(record.cells) == top.width or (len(record.cells) == top.width + 1 and not record.cells[-1])
        for record in below
    )
    return 0.5 + 0.5 * fitting / len(below) if below else 1.0


def detect_header(found: list[SampleRecord]) -> HeaderLine:
    """The header of the table that the records `found` make, judged by how it differs from the rows."""
    rows = [record for record in found if not is_blank(record)]
    if not rows:
        return HeaderLine(None, doubts=("The file is empty.",))
    counts = Counter(len(record.cells) for record in rows)
    wide = {width: count for width, count in counts.items() if width > 1} or counts
    width = max(wide, key=lambda width: wide[width])
    line = sample.header_below_blank_line(found, width)
    if line is not None:
        return HeaderLine(line, width=width)
    if sample.is_title_above_table(rows, width) and not _lacks_trailing_delimiter(rows[0], rows[1:], width):
        return HeaderLine(rows[0].line, width=width, doubts=(_UNLIKE.format(len(rows[0].cells), width),))
    place = find_column_names(rows, _first_header(rows, width), width)
    top, below = rows[place], rows[place + 1 :]
    body = _fitting(below, len(top.cells)) or _fitting(below, width)
    above = count_group_headings(rows, place, width)
    missing, doubts = looks_like_row(top, body)
    if missing and not above:
        if place:
            doubts = (*doubts, f"The {place} records above the table are taken for rows.")
        return HeaderLine(None, width=width, doubts=doubts)
    if above:
        doubts = (*doubts, f"The {above} records above the names are taken for headings of them.")
    return HeaderLine(rows[place - above].line, 1 + above, width, doubts=doubts)


def _fitting(rows: list[SampleRecord], width: int) -> list[SampleRecord]:
    return [record for record in rows if len(record.cells) == width]


def _first_header(rows: list[SampleRecord], width: int) -> int:
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


def _lacks_trailing_delimiter(record: SampleRecord, below: list[SampleRecord], width: int) -> bool:
    """Whether only the rows end with a delimiter, the header does not."""
    table = _fitting(below, width)
    return len(record.cells) == width - 1 and bool(table) and not any(row.cells[-1] for row in table)


def _is_sentence(record: SampleRecord, below: list[SampleRecord], width: int) -> bool:
    """Whether the record has delimiters by chance, above a header and rows that agree in their width."""
    return (
        len(record.cells) > width
        and len(below) > _STEADY
        and all(len(row.cells) == width for row in below)
        and any(cell.startswith(" ") for cell in record.cells)
        and all(cell_kind(cell) == "text" for cell in below[0].cells)
    )
