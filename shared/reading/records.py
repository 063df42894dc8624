"""Records of a CSV file as RFC 4180 has them, each with its line number and, if it is broken, the fault."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from shared.errors import FileRefused
from shared.reading.lines import LONGEST_RECORD
from shared.reading.quotes import QuotedScan, TextAfterQuote, UnclosedQuote

_MOST_READ_AGAIN = 64 * LONGEST_RECORD
"""Bytes read a second time behind unclosed quotes before the file counts as no CSV file at all."""

_UNCLOSED = "a quote is opened on this line and not closed properly"
_AFTER_QUOTE = "text follows a closing quote; a quote inside a quoted value is written twice"
_NUL = "the line holds a NUL character (0x00)"
_NOT_UTF8 = "the line is not valid UTF-8"


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the file.

    `line` is the physical line that it begins on, the file's first being 1. `raw` is its text without the
    line end, invalid bytes as lone surrogates (PEP 383). `fields` are its values, `None` where nothing
    stood between two commas. `fault` says in plain words why they cannot be used; then there are none.
    """

    line: int
    raw: str
    fields: list[str | None] = field(default_factory=list)
    fault: str | None = None


class _Source:
    """Lines with the option to put some back."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._waiting: deque[bytes] = deque()
        self._read_again = 0

    def next(self) -> bytes | None:
        return self._waiting.popleft() if self._waiting else next(self._lines, None)

    def put_back(self, lines: list[bytes], number: int) -> None:
        """Raises `FileRefused` where this has become endless; `number` is the line that caused it."""
        self._read_again += sum(map(len, lines))
        if self._read_again > _MOST_READ_AGAIN:
            raise FileRefused(
                "quotes_unclosed",
                f"Too many quotes are opened and never closed, one of them at line {number}.",
                line=number,
            )
        self._waiting.extendleft(reversed(lines))


def parse(lines: Iterable[bytes]) -> Iterator[Record]:
    """The records of `lines` (each with its line end), blank lines left out.

    A record with a broken quote costs the one line that it begins on: reading goes on with the next.
    Raises `FileRefused` where quotes are so broken that this would take for ever.
    """
    source = _Source(lines)
    number = 1
    while (first := source.next()) is not None:
        if b'"' in first:
            record, taken = _parse_quoted(first, number, source)
        else:
            text = _text(first)
            record, taken = _checked(number, text, [value or None for value in text.split(",")]), 1
        number += taken
        if record.raw:
            yield record


def _parse_quoted(first: bytes, number: int, source: _Source) -> tuple[Record, int]:
    """The record that begins with `first`, and how many lines it took."""
    taken = [first]
    size = len(first)
    scan = QuotedScan()
    try:
        while (fields := scan.feed(_text(taken[-1]), _end(taken[-1]))) is None:
            more = source.next() if size <= LONGEST_RECORD else None
            if more is None:
                raise UnclosedQuote
            taken.append(more)
            size += len(more)
    except (TextAfterQuote, UnclosedQuote):
        source.put_back(taken[1:], number)
        single = len(taken) == 1 and not scan.is_open
        return Record(number, _text(first), fault=_AFTER_QUOTE if single else _UNCLOSED), 1
    return _checked(number, _text(b"".join(taken)), fields), len(taken)


def _text(line: bytes) -> str:
    return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape")


def _end(line: bytes) -> str:
    return "\r\n" if line.endswith(b"\r\n") else "\n" if line.endswith(b"\n") else ""


def _checked(number: int, raw: str, fields: list[str | None]) -> Record:
    """The record, or what makes its text unfit for a text column."""
    if "\0" in raw:
        return Record(number, raw, fault=_NUL)
    if not raw.isascii() and any("\udc80" <= character <= "\udcff" for character in raw):
        return Record(number, raw, fault=_NOT_UTF8)
    return Record(number, raw, fields)
