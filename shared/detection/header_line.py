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
from shared.error_codes import warning_text

_MAX_SEARCHED_RECORDS = 200
"""Records in which a header is searched; the rest of the head only counts for the types of columns."""

_MIN_FILLED_COLUMNS = 0.5
"""Share of the table's columns that a record must fill to be its header, rather than a line above it."""

_MIN_RECORDS = 3
"""Records from which on they count as a pattern."""


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """The physical line of the first header record, the number of header records, and warnings.

    `line` is `None` if there is no header. `width` is the number of values in a record of the table,
    `matches` the number of names that are known.
    """

    line: int | None
    records: int = 1
    width: int = 1
    matches: int = 0
    doubts: tuple[str, ...] = ()


def find_known_header(records: list[SampleRecord], names: Collection[str]) -> HeaderLine | None:
    """Return the first record with most of the known `names`: at least two, or half of all."""
    searched = [record for record in records[:_MAX_SEARCHED_RECORDS] if not is_blank(record)]
    if not searched or not names:
        return None
    best = max(searched, key=lambda record: count_known_names(record, names))
    if count_known_names(best, names) < min(2, (len(names) + 1) // 2):
        return None
    return HeaderLine(best.line, width=len(best.cells), matches=count_known_names(best, names))


def count_known_names(record: SampleRecord, known: Collection[str]) -> int:
    """Return how many different names of `known`, which are normalized, the record has."""
    return len({name for cell in record.cells if (name := normalize_name(cell)) in known})


def header_fit(records: list[SampleRecord], header: HeaderLine) -> float:
    """Return how well the records below fit the header, 0.5 to 1: a low value is a sign of missed quotes."""
    below = [record for record in records if record.line > (header.line or 0) and not is_blank(record)]
    fitting = sum(
        len(record.cells) == header.width or (len(record.cells) == header.width + 1 and not record.cells[-1])
        for record in below
    )
    return 0.5 + 0.5 * fitting / len(below) if below else 1.0


def detect_header(records: list[SampleRecord]) -> HeaderLine:
    """Detect the header of the table that the records make, by how it differs from the rows."""
    rows = [record for record in records if not is_blank(record)]
    if not rows:
        return HeaderLine(None, doubts=(warning_text("empty"),))
    counts = Counter(len(record.cells) for record in rows)
    wide = {width: count for width, count in counts.items() if width > 1} or counts
    width = max(wide, key=lambda width: wide[width])
    line = sample.header_below_blank_line(records, width)
    if line is not None:
        return HeaderLine(line, width=width)
    if sample.is_title_above_table(rows, width) and not _lacks_trailing_delimiter(rows[0], rows[1:], width):
        warning = warning_text("header_width", found=len(rows[0].cells), width=width)
        return HeaderLine(rows[0].line, width=width, doubts=(warning,))
    return _header_above_rows(rows, width)


def _header_above_rows(rows: list[SampleRecord], width: int) -> HeaderLine:
    index = find_column_names(rows, _first_table_record(rows, width), width)
    names, below = rows[index], rows[index + 1 :]
    body = _of_width(below, len(names.cells)) or _of_width(below, width)
    headings = count_group_headings(rows, index, width)
    is_row, doubts = looks_like_row(names, body)
    if is_row and not headings:
        if index:
            doubts = (*doubts, warning_text("rows_above_header", count=index))
        return HeaderLine(None, width=width, doubts=doubts)
    if headings:
        doubts = (*doubts, warning_text("group_headings", count=headings))
    return HeaderLine(rows[index - headings].line, 1 + headings, width, doubts=doubts)


def _of_width(rows: list[SampleRecord], width: int) -> list[SampleRecord]:
    return [record for record in rows if len(record.cells) == width]


def _first_table_record(rows: list[SampleRecord], width: int) -> int:
    """Return the index of the first record of the table: the first that fills enough of its columns."""
    filled = [sum(map(_is_filled, record.cells)) for record in _of_width(rows, width)]
    needed = max(_MIN_FILLED_COLUMNS * median(filled), min(2, max(filled)))
    for index, record in enumerate(rows[:_MAX_SEARCHED_RECORDS]):
        is_above = sum(map(_is_filled, record.cells)) < needed
        if len(record.cells) < width:
            is_above = is_above or not _lacks_trailing_delimiter(record, rows[index + 1 :], width)
        if not is_above and not _is_sentence(record, rows[index + 1 : index + 2 + _MIN_RECORDS], width):
            return index
    return 0


def _is_filled(cell: str) -> bool:
    return bool(cell.strip())


def _lacks_trailing_delimiter(record: SampleRecord, below: list[SampleRecord], width: int) -> bool:
    """Whether the rows end with a delimiter and the header does not."""
    table = _of_width(below, width)
    return len(record.cells) == width - 1 and bool(table) and not any(row.cells[-1] for row in table)


def _is_sentence(record: SampleRecord, below: list[SampleRecord], width: int) -> bool:
    """Whether the record is text with delimiters in it, above a header and rows of the same width."""
    return (
        len(record.cells) > width
        and len(below) > _MIN_RECORDS
        and all(len(row.cells) == width for row in below)
        and any(cell.startswith(" ") for cell in record.cells)
        and all(cell_kind(cell) == "text" for cell in below[0].cells)
    )


_MAX_HEADINGS = 4
"""Records with headings above the names."""


def find_column_names(rows: list[SampleRecord], index: int, width: int) -> int:
    """Return the index of the column names: below group headings at `index`, or `index` itself."""
    for lower in range(index + 1, min(index + 1 + _MAX_HEADINGS, len(rows) - 1)):
        if not _is_heading(rows[lower - 1], rows[lower], width):
            break
        if all(cell_kind(cell) == "text" for cell in rows[lower].cells):
            below = (row.cells for row in rows[lower + 1 :] if len(row.cells) == width)
            columns = zip(*below, strict=False)
            return lower if any(column_kind(column) not in UNTYPED for column in columns) else index
    return index


def count_group_headings(rows: list[SampleRecord], index: int, width: int) -> int:
    """Return how many records right above the one at `index` name groups of its columns."""
    if any(cell_kind(cell) not in UNTYPED for cell in rows[index].cells):
        return 0
    count = 0
    while count < min(index, _MAX_HEADINGS) and _is_heading(rows[index - count - 1], rows[index], width):
        count += 1
    return count


def _is_heading(record: SampleRecord, names: SampleRecord, width: int) -> bool:
    """Whether the record's values are headings of column groups: with gaps, and a name below each value.

    A title fills only the first column, so it is not a heading.
    """
    filled = [index for index, cell in enumerate(record.cells) if _is_filled(cell)]
    if len(record.cells) != width or not filled or filled == [0] or len(filled) == width:
        return False
    return all(index < len(names.cells) and _is_filled(names.cells[index]) for index in filled) and (
        len(filled) > 1 or filled[0] > 0
    )


_MAX_COMPARED_ROWS = 200
_MAX_COMPARED_COLUMNS = 200
"""Columns that are compared with their names; more take too long in a wide table, and change nothing."""

_REPEATED_SHARE = 0.5
_FIRST_YEAR, _LAST_YEAR = 1800, 2200


def looks_like_row(names: SampleRecord, body: list[SampleRecord]) -> tuple[bool, tuple[str, ...]]:
    """Return whether `names` is a row like those of `body`, and warnings.

    It is a header unless a value of it has the type that its column has.
    """
    kinds = [cell_kind(cell) for cell in names.cells[:_MAX_COMPARED_COLUMNS]]
    if UNTYPED.issuperset(kinds):
        return _is_repeated(names, body)
    if _are_numbered_names(names.cells[:_MAX_COMPARED_COLUMNS]):
        return False, (warning_text("numeric_names"),)
    if not body:
        return True, (warning_text("only_record"),)
    columns = zip(*(row.cells[:_MAX_COMPARED_COLUMNS] for row in body[:_MAX_COMPARED_ROWS]), strict=False)
    return _has_types_of_columns(kinds, [column_kind(column) for column in columns])


def _has_types_of_columns(kinds: list[CellKind], columns: list[CellKind]) -> tuple[bool, tuple[str, ...]]:
    """Return whether cells of `kinds` are a row of `columns` rather than their names, and warnings."""
    pairs = [(kind, column) for kind, column in zip(kinds, columns, strict=False) if column not in UNTYPED]
    differing = sum(kind not in {"empty", column} for kind, column in pairs)
    equal = sum(kind == column for kind, column in pairs)
    if differing and equal:
        return differing < equal, (warning_text("header_like_row"),)
    if differing or equal:
        return equal > 0, ()
    texts = sum(kind == "text" for kind in kinds)
    return 2 * texts <= len(kinds), (warning_text("header_uncertain"),)


def _is_repeated(names: SampleRecord, body: list[SampleRecord]) -> tuple[bool, tuple[str, ...]]:
    """Return whether the texts of `names` are repeated below, unlike names of columns, and warnings."""
    if not body or len(body) < _MIN_RECORDS:
        return False, ()
    others = [row.cells for row in body if row.cells != names.cells]
    if len(others) < len(body) and any(
        column_kind(column) not in UNTYPED for column in zip(*others[:_MAX_COMPARED_ROWS], strict=False)
    ):
        return False, (warning_text("header_repeated"),)
    columns = zip(*(row.cells for row in body), strict=False)
    repeated = sum(
        bool(cell.strip()) and cell in column for cell, column in zip(names.cells, columns, strict=False)
    )
    if repeated > _REPEATED_SHARE * len(names.cells):
        return True, (warning_text("values_repeated"),)
    return False, ()


def _are_numbered_names(texts: list[str]) -> bool:
    """Whether the numbers are names of columns: different years, or consecutive numbers, after a name."""
    numbers = [text.strip() for text in texts if cell_kind(text) == "number"]
    if len(numbers) < 2 or cell_kind(texts[0]) not in UNTYPED:  # noqa: PLR2004
        return False
    if not all(number.isascii() and number.isdigit() for number in numbers):
        return False
    values = [int(number) for number in numbers]
    consecutive = all(value + 1 == following for value, following in pairwise(values))
    years = all(_FIRST_YEAR <= value <= _LAST_YEAR for value in values) and len(set(values)) == len(values)
    return consecutive or years
