"""The result of parsing a file: by the exact parser only, or by the parser with windows of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pytest

from shared.errors import FileRefused
from shared.parsing import chunk, exact_parser, fast_path, lines, parser
from shared.parsing.chunk import IrregularRecord, RowChunk
from shared.parsing.exact_parser import Record
from shared.parsing.layout import STANDARD, Dialect, Fields, Layout
from shared.parsing.lines import Lines
from shared.parsing.rejects import Reject


@dataclass
class ParseResult:
    """Everything that was read from a file; `rows` have a line, the text and the values."""

    rows: list[tuple[int, str, tuple[str | None, ...]]]
    rejects: list[Reject]
    refused: tuple[str, str] | None = None
    irregular: list[IrregularRecord] = field(default_factory=list)
    after_blank: list[int] = field(default_factory=list)


def collect(chunks: Iterator[RowChunk]) -> ParseResult:
    result = ParseResult([], [])
    try:
        for each in chunks:
            values = zip(*(column.to_pylist() for column in each.columns), strict=True)
            cells = list(values) if each.columns else [()] * len(each.lines)
            raws = map(each.raw, range(len(each.lines)))
            result.rows += zip(each.lines.tolist(), raws, cells, strict=True)
            result.rejects += each.rejects
            result.irregular += each.irregular
            result.after_blank += each.after_blank.tolist()
    except FileRefused as exc:
        result.refused = exc.code, exc.message
    return result


def parse_exactly(
    content: bytes, fields: Fields, dialect: Dialect = STANDARD, headings: tuple[str, ...] = ()
) -> ParseResult:
    def chunks() -> Iterator[RowChunk]:
        for record in exact_parser.parse_records(Lines([content]), len(fields), dialect):
            yield chunk.chunk_from_records([record], Layout(fields, dialect, headings))

    return collect(chunks())


def parse(
    content: bytes,
    fields: Fields,
    block: int = 1 << 23,
    dialect: Dialect = STANDARD,
    headings: tuple[str, ...] = (),
) -> ParseResult:
    file = Lines(content[at : at + block] for at in range(0, len(content), block))
    exact = exact_parser.parse_records(file, len(fields), dialect)
    return collect(parser.parse_chunks(file, exact, Layout(fields, dialect, headings)))


def count_exact_records(blocks: Iterable[bytes], fields: Fields) -> tuple[int, int]:
    """The number of records that the exact parser read, and the number of all records."""
    file = Lines(blocks)
    read: list[Record] = []

    def recorded() -> Iterator[Record]:
        for record in exact_parser.parse_records(file, len(fields)):
            read.append(record)
            yield record

    total = sum(each.records for each in parser.parse_chunks(file, recorded(), Layout(fields)))
    return len(read), total


def set_window_sizes(
    patch: pytest.MonkeyPatch, min_window: int, max_window: int, min_fast: int, min_exact: int
) -> None:
    patch.setattr(parser, "_MIN_WINDOW", min_window)
    patch.setattr(parser, "_MAX_WINDOW", max(min_window, max_window))
    patch.setattr(parser, "_MIN_FAST_BYTES", min_fast)
    patch.setattr(parser, "_MIN_EXACT", min_exact)
    patch.setattr(parser, "_MAX_EXACT", min_exact * 4)


def set_max_record_bytes(patch: pytest.MonkeyPatch, size: int) -> None:
    for module in (lines, fast_path, exact_parser, parser):
        patch.setattr(module, "MAX_RECORD_BYTES", size)
    patch.setattr(exact_parser, "_MAX_BYTES_READ_AGAIN", 3 * size)
