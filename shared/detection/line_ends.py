"""Line ends: which of LF, CRLF and CR end the lines of a file, and where its lines are."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice, pairwise

from shared.detection import encoding
from shared.detection.records import Record
from shared.formats.format import Format

_LINE_END = re.compile(r"\r\n|\n|\r")
_LONE_CR = re.compile(r"\r(?!\n)")


def ways(text: str, told: str | None) -> tuple[bool, ...]:
    """Whether a CR alone may end a line: the answers to try, the likelier first."""
    if told in {"\n", "\r\n"} or not _LONE_CR.search(text):
        return (False,)
    if told is not None or "\n" not in text:
        return (True,)
    return (True, False)


def are_real(rows: list[Record]) -> bool:
    """Whether records that end at a CR alone are like the others, not pieces of one."""
    usual = Counter(len(row.cells) for row in rows).most_common(1)[0][0] if rows else 0
    cut = [len(row.cells) == len(below.cells) == usual for row, below in pairwise(rows) if row.end == "\r"]
    return 2 * sum(cut) >= len(cut)


def of(rows: list[Record]) -> str:
    """One of `LINE_ENDS`: what is between the records, line ends inside of quotes apart."""
    ends = [row.end for row in rows if row.end]
    if len(set(ends[:-1])) == 1 and {*ends} == {"\n", "\r\n"}:
        return ends[0]  # a last line that something else has added
    found = set(ends)
    return found.pop() if len(found) == 1 else "mixed" if found else "\n"


def first(text: str, most: int) -> str:
    """The first lines of `text`, `most` of them at most."""
    end = next(islice(_LINE_END.finditer(text), most - 1, None), None)
    return text[: end.end()] if end else text


def from_line(text: str, first_line: int, wanted: int) -> tuple[int, str]:
    """The number `wanted` and `text`, which begins on `first_line`, from there on; all if it ends before."""
    ends = re.compile(r"\n" if "\n" in text else r"\r")
    at = 0
    for _ in range(wanted - first_line):
        end = ends.search(text, at)
        if end is None:
            return first_line, text
        at = end.end()
    return max(wanted, first_line), text[at:]


def has_lone_cr(head: bytes, form: Format) -> bool:
    """Whether the beginning of a file of `form` has a CR alone outside of quotes."""
    text = encoding.decoded(head, form.encoding, is_whole=False)
    quote = re.escape(form.quote)
    return _LONE_CR.search(re.sub(f"{quote}[^{quote}]*{quote}", "", text) if quote else text) is not None
