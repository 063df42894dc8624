"""Cells: the texts of a column in a batch, and what they all are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shared.inference import clock, digits, doubles
from shared.inference.forms import Form, Mark
from shared.inference.kinds import NOTHING, NUMBERS, TEXT, Kind, Type, widen
from shared.validation import times

NULLS = ("", "-", "N/A", "NA", "NULL")
"""Spellings of a missing value, where a column otherwise has one type. The first is a quoted empty value."""

_WORDS = {
    Mark.LOWER: pa.array(["true", "false"]),
    Mark.UPPER: pa.array(["TRUE", "FALSE"]),
    Mark.TITLE: pa.array(["True", "False"]),
}
_TIMES = {
    Kind.DATE: times.day({"type": "date"}),
    Kind.TIMESTAMP: times.moment({"type": "datetime"}),
    Kind.TIMESTAMPTZ: times.moment({"type": "datetime", "tz_constraint": "aware"}),
}
"""What validation takes for a time: ISO 8601 alone. Which of `01/02/2024` is the day differs by country, and
one file cannot prove it for the next, whose first of a month would then be read as another day: such a column
is text, and who knows its order declares it."""
_DATE = len("2019-07-01")
_MOST_SHOWN = 50


@dataclass(slots=True)
class Cells:
    """What cells are: their type and form, and the null spellings among them with their counts.

    `example` is one that is no null spelling; `because` shows the first that made them text.
    """

    type: Type = NOTHING
    form: Form = field(default_factory=Form)
    spelled: dict[str, int] = field(default_factory=dict)
    example: str | None = None
    because: str | None = None

    def meet(self, kind: Type, form: Form, example: str) -> None:
        """Note cells of another type, one of which is `example`."""
        self.example = self.example or example[:_MOST_SHOWN]
        widened = widen(self.type, kind)
        if widened == TEXT != self.type:
            self.because = example[:_MOST_SHOWN]
        self.type, self.form = widened, self.form | form


def read(texts: pa.StringArray, expected: Kind) -> Cells:
    """What `texts`, none of which is missing, are; faster where the column was of kind `expected` so far."""
    cells = Cells()
    if expected in NUMBERS:
        texts = _numbers(texts, cells)
    elif expected in _TIMES:
        texts = _times_of(expected, texts, cells)
    if len(texts):
        _read_distinct(texts, cells)
    return cells


def _numbers(texts: Any, cells: Cells) -> Any:
    """Read the plain numbers; returns the other texts."""
    numbers = digits.scan(texts)
    if numbers.fits.any():
        cells.meet(numbers.type, numbers.form, texts[int(numbers.fits.argmax())].as_py())
    return texts.filter(pa.array(~numbers.fits))


def _times_of(kind: Kind, texts: Any, cells: Cells) -> Any:
    """Read the texts but for null spellings, if they are all of `kind`; returns the other texts."""
    is_null: Any = pc.is_in(texts, value_set=pa.array(NULLS))
    present = texts.filter(pc.invert(is_null))
    if not len(present) or not clock.are_all(present, kind):
        return texts
    cells.meet(Type(kind), _separators(present), present[0].as_py())
    return texts.filter(is_null)


def _separators(texts: Any) -> Form:
    times: Any = texts.filter(pc.greater(pc.binary_length(texts), pa.scalar(_DATE)))
    has_t: Any = pc.match_substring(times, "T")
    marks = {Mark.LETTER_T: pc.any(has_t).as_py(), Mark.BLANK: pc.any(pc.invert(has_t)).as_py()}
    return Form(frozenset(mark for mark, occurs in marks.items() if occurs))


def _read_distinct(texts: Any, cells: Cells) -> None:
    counted: Any = texts.value_counts()
    distinct, counts = counted.field(0), counted.field(1)
    is_null = pc.is_in(distinct, value_set=pa.array(NULLS))
    cells.spelled = dict(
        zip(distinct.filter(is_null).to_pylist(), counts.filter(is_null).to_pylist(), strict=True)
    )
    distinct = distinct.filter(pc.invert(is_null))
    for recognise in (_numbers, _floats, _words, _times):
        if not len(distinct) or cells.type == TEXT:
            return
        distinct = recognise(distinct, cells)
    if len(distinct):
        cells.meet(TEXT, Form(), distinct[0].as_py())


def _floats(texts: Any, cells: Cells) -> Any:
    return _met(texts, cells, doubles.are_floating(texts), Kind.DOUBLE, Form())


def _words(texts: Any, cells: Cells) -> Any:
    for mark, words in _WORDS.items():
        texts = _met(texts, cells, pc.is_in(texts, value_set=words), Kind.BOOLEAN, Form(frozenset({mark})))
    return texts


def _times(texts: Any, cells: Cells) -> Any:
    for kind, rule in _TIMES.items():
        certain: Any = rule.read(texts).certain if rule else None
        fits: Any = pc.is_valid(texts) if certain is None else certain.fill_null(False)
        if kind is Kind.TIMESTAMPTZ:
            fits = pc.if_else(fits, clock.are_in_range(texts), fits)
        texts = _met(texts, cells, fits, kind, _separators(texts.filter(fits)))
    return texts


def _met(texts: Any, cells: Cells, fits: Any, kind: Kind, form: Form) -> Any:
    """Note that those of `texts` that fit are of `kind`; returns the others."""
    found = texts.filter(fits)
    if not len(found):
        return texts
    cells.meet(Type(kind), form, found[0].as_py())
    return texts.filter(pc.invert(fits))
