"""What a reader tells of a file: by the exact parser alone, or by the walk with windows of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pytest

from shared.errors import FileRefused
from shared.parsing import chunk, fast_path, lines, parser, records
from shared.parsing.chunk import IrregularRecord, RowChunk
from shared.parsing.layout import STANDARD, Dialect, Fields, Layout
from shared.parsing.lines import Lines
from shared.parsing.records import Record
from shared.parsing.rejects import Reject


@dataclass
class Read:
    """All that a reader told of a file."""

    rows: list[tuple[int, str, tuple[str | None, ...]]]
    rejects: list[Reject]
    refused: tuple[str, str] | None = None
    odd: list[IrregularRecord] = field(default_factory=list)
    after_blank: list[int] = field(default_factory=list)


def told(stretches: Iterator[RowChunk]) -> Read:
    read = Read([], [])
    try:
        for each in stretches:
            values = zip(*(column.to_pylist() for column in each.columns), strict=True)
            cells = list(values) if each.columns else [()] * len(each.lines)
            raws = map(each.raw, range(len(each.lines)))
            read.rows += zip(each.lines.tolist(), raws, cells, strict=True)
            read.rejects += each.rejects
            read.odd += each.odd
            read.after_blank += each.after_blank.tolist()
    except FileRefused as exc:
        read.refused = exc.code, exc.message
    return read


def exactly(
    content: bytes, fields: Fields, dialect: Dialect = STANDARD, headings: tuple[str, ...] = ()
) -> Read:
    def stretches() -> Iterator[RowChunk]:
        for record in records.parse_records(Lines([content]), len(fields), dialect):
            yield chunk.chunk_from_records([record], Layout(fields, dialect, headings))

    return told(stretches())


def walked(
    content: bytes,
    fields: Fields,
    block: int = 1 << 23,
    dialect: Dialect = STANDARD,
    headings: tuple[str, ...] = (),
) -> Read:
    file = Lines(content[at : at + block] for at in range(0, len(content), block))
    exact = records.parse_records(file, len(fields), dialect)
    return told(parser.parse_chunks(file, exact, Layout(fields, dialect, headings)))


def exact_records(blocks: Iterable[bytes], fields: Fields) -> tuple[int, int]:
    """How many of a file's records the walk had the exact parser read, and how many there are."""
    file = Lines(blocks)
    read: list[Record] = []

    def noted() -> Iterator[Record]:
        for record in records.parse_records(file, len(fields)):
            read.append(record)
            yield record

    total = sum(each.records for each in parser.parse_chunks(file, noted(), Layout(fields)))
    return len(read), total


def narrow(patch: pytest.MonkeyPatch, narrowest: int, widest: int, worthwhile: int, turn: int) -> None:
    patch.setattr(parser, "_NARROWEST", narrowest)
    patch.setattr(parser, "_WIDEST", max(narrowest, widest))
    patch.setattr(parser, "_WORTHWHILE", worthwhile)
    patch.setattr(parser, "_FEWEST", turn)
    patch.setattr(parser, "_MOST", turn * 4)


def bound(patch: pytest.MonkeyPatch, longest: int) -> None:
    for module in (lines, fast_path, records, parser):
        patch.setattr(module, "LONGEST_RECORD", longest)
    patch.setattr(records, "_MOST_READ_AGAIN", 3 * longest)
