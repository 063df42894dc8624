"""The dialect of a file: the one in which its beginning makes the best table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from shared.detection import line_ends, records
from shared.detection.candidates import candidates
from shared.detection.records import Dialect, Record
from shared.detection.scoring import Judged, judge
from shared.formats.overrides import Overrides

_TRIED_ON = 12 * 1024
"""Characters on which dialects are compared; twice as many, or all there are, where these are few lines."""

_ENOUGH_LINES = 30

_MOST_LINES = 300

_ABOUT_AS_GOOD = 0.85
_SOME_USE = 0.5
"""Share of the best score with which another delimiter is a doubt; less is enough where the best is none."""

_BROKEN_ROWS = 3
"""Broken quotes up to which they are broken rows, not a sign that the file has no quotes."""


def detect(
    text: str, told: Overrides, bonus: Callable[[list[Record]], float], *, cr_ends: bool, is_cut: bool
) -> tuple[Dialect, tuple[str, ...]]:
    """The dialect in which `text` makes the best table, and what is doubtful.

    What is `told` is not questioned. `bonus` adds to the score of a reading, for a known header say.
    """
    sizes = (_TRIED_ON, 2 * _TRIED_ON, len(text))
    sample = next(text[:size] for size in sizes if size >= len(text) or _lines(text[:size]) >= _ENOUGH_LINES)
    sample = line_ends.first(sample, _MOST_LINES)
    is_cut = is_cut or len(sample) < len(text)
    tried = []
    for dialect in candidates(sample, told):
        found = records.read(sample, dialect, cr_ends=cr_ends)
        if is_cut:
            found = records.without_cut(found, sample, dialect)
        judged = judge(found, dialect)
        tried.append(replace(judged, score=judged.score + bonus(found)))
    tried = [judged for judged in tried if not _gives_up_quotes(judged, tried)]
    tried.sort(key=lambda judged: -judged.score)
    return tried[0].dialect, tuple(_doubts(tried))


def _lines(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _gives_up_quotes(judged: Judged, tried: list[Judged]) -> bool:
    """Whether it takes quotes for other characters, although all but a few are as they should be."""
    if judged.dialect.quote:
        return False
    return any(
        other.dialect.delimiter == judged.dialect.delimiter
        and other.dialect.quote
        and other.quoted + other.broken > 0
        and other.broken <= max(_BROKEN_ROWS, other.quoted)
        for other in tried
    )


def _doubts(tried: list[Judged]) -> Iterator[str]:
    best = tried[0]
    near = (_ABOUT_AS_GOOD if best.dialect.delimiter else _SOME_USE) * best.score
    for other in tried[1:]:
        if other.dialect.delimiter != best.dialect.delimiter and other.score >= near > 0:
            yield f"{_named(other)} could be the delimiter too: {other.width} columns, not {best.width}."
            break
    if best.broken:
        yield f"{best.broken} values begin with a quote and do not end with one."


def _named(judged: Judged) -> str:
    return {"": "None", " ": "Space", "\t": "Tab"}.get(judged.dialect.delimiter, judged.dialect.delimiter)
