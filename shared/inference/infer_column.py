"""Infers the type of each column from all of its values, batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.contracts.column_types import Kind
from shared.inference import text_scanner
from shared.inference.table_columns import ColumnProfile
from shared.inference.widening import NUMBER_KINDS, TEXT_TYPE, UNKNOWN_TYPE, Form, Mark, Type, widen
from shared.validation import rules

NULL_SPELLINGS = ("", "-", "N/A", "NA", "NULL")
"""Spellings of a missing value, where a column otherwise has one type. The first is a quoted empty value."""

_WORDS = {
    Mark.LOWER: pa.array(["true", "false"]),
    Mark.UPPER: pa.array(["TRUE", "FALSE"]),
    Mark.TITLE: pa.array(["True", "False"]),
}
_TIMES = {
    Kind.DATE: rules.date_rule({"type": "date"}),
    Kind.TIMESTAMP: rules.datetime_rule({"type": "datetime"}),
    Kind.TIMESTAMPTZ: rules.datetime_rule({"type": "datetime", "tz_constraint": "aware"}),
}
"""What validation takes for a time: ISO 8601 alone. Which of `01/02/2024` is the day differs by country, and
one file cannot prove it for the next, whose first of a month would then be read as another day: such a column
is text, and who knows its order declares it."""
_DATE = len("2019-07-01")
_MOST_SHOWN = 50


@dataclass(slots=True)
class CellSummary:
    """What cells are: their type and form, and the null spellings among them with their counts.

    `example` is one that is no null spelling; `because` shows the first that made them text.
    """

    type: Type = UNKNOWN_TYPE
    form: Form = field(default_factory=Form)
    spelled: dict[str, int] = field(default_factory=dict)
    example: str | None = None
    because: str | None = None

    def merge(self, kind: Type, form: Form, example: str) -> None:
        """Note cells of another type, one of which is `example`."""
        self.example = self.example or example[:_MOST_SHOWN]
        widened = widen(self.type, kind)
        if widened == TEXT_TYPE != self.type:
            self.because = example[:_MOST_SHOWN]
        self.type, self.form = widened, self.form | form


def summarize_cells(texts: pa.StringArray, expected: Kind) -> CellSummary:
    """What `texts`, none of which is missing, are; faster where the column was of kind `expected` so far."""
    cells = CellSummary()
    if expected in NUMBER_KINDS:
        texts = _numbers(texts, cells)
    elif expected in _TIMES:
        texts = _times_of(expected, texts, cells)
    if len(texts):
        _read_distinct(texts, cells)
    return cells


def _numbers(texts: Any, cells: CellSummary) -> Any:
    """Read the plain numbers; returns the other texts."""
    numbers = text_scanner.scan_numbers(texts)
    if numbers.fits.any():
        cells.merge(numbers.type, numbers.form, texts[int(numbers.fits.argmax())].as_py())
    return texts.filter(pa.array(~numbers.fits))


def _times_of(kind: Kind, texts: Any, cells: CellSummary) -> Any:
    """Read the texts but for null spellings, if they are all of `kind`; returns the other texts."""
    is_null: Any = pc.is_in(texts, value_set=pa.array(NULL_SPELLINGS))
    present = texts.filter(pc.invert(is_null))
    if not len(present) or not text_scanner.are_all_times(present, kind):
        return texts
    cells.merge(Type(kind), _separators(present), present[0].as_py())
    return texts.filter(is_null)


def _separators(texts: Any) -> Form:
    times: Any = texts.filter(pc.greater(pc.binary_length(texts), pa.scalar(_DATE)))
    has_t: Any = pc.match_substring(times, "T")
    marks = {Mark.LETTER_T: pc.any(has_t).as_py(), Mark.BLANK: pc.any(pc.invert(has_t)).as_py()}
    return Form(frozenset(mark for mark, occurs in marks.items() if occurs))


def _read_distinct(texts: Any, cells: CellSummary) -> None:
    counted: Any = texts.value_counts()
    distinct, counts = counted.field(0), counted.field(1)
    is_null = pc.is_in(distinct, value_set=pa.array(NULL_SPELLINGS))
    cells.spelled = dict(
        zip(distinct.filter(is_null).to_pylist(), counts.filter(is_null).to_pylist(), strict=True)
    )
    distinct = distinct.filter(pc.invert(is_null))
    for recognise in (_numbers, _floats, _words, _times):
        if not len(distinct) or cells.type == TEXT_TYPE:
            return
        distinct = recognise(distinct, cells)
    if len(distinct):
        cells.merge(TEXT_TYPE, Form(), distinct[0].as_py())


def _floats(texts: Any, cells: CellSummary) -> Any:
    return _met(texts, cells, text_scanner.are_floating_numbers(texts), Kind.DOUBLE, Form())


def _words(texts: Any, cells: CellSummary) -> Any:
    for mark, words in _WORDS.items():
        texts = _met(texts, cells, pc.is_in(texts, value_set=words), Kind.BOOLEAN, Form(frozenset({mark})))
    return texts


def _times(texts: Any, cells: CellSummary) -> Any:
    for kind, rule in _TIMES.items():
        certain: Any = rule.read(texts).certain if rule else None
        fits: Any = pc.is_valid(texts) if certain is None else certain.fill_null(False)
        if kind is Kind.TIMESTAMPTZ:
            fits = pc.if_else(fits, text_scanner.are_times_in_range(texts), fits)
        texts = _met(texts, cells, fits, kind, _separators(texts.filter(fits)))
    return texts


def _met(texts: Any, cells: CellSummary, fits: Any, kind: Kind, form: Form) -> Any:
    """Note that those of `texts` that fit are of `kind`; returns the others."""
    found = texts.filter(fits)
    if not len(found):
        return texts
    cells.merge(Type(kind), form, found[0].as_py())
    return texts.filter(pc.invert(fits))


_WIDE = 300
"""Columns whose rows may be too wide for a page."""

_FIRST = 256
"""Texts of a column that are looked at before any other: most text shows there."""


class ColumnInference:
    """Takes the batches of a file one by one and keeps nothing of them but types, counts and examples."""

    def __init__(self, names: Iterable[str], headers: Mapping[str, str] | None = None) -> None:
        """`names` are the columns; `headers` has the file's own name of those where it is another.

        `most_filled` are the most values that a row has.
        """
        self._headers = headers or {}
        self._columns = {name: _ColumnState() for name in names}
        self.most_filled = 0

    def add(self, texts: Mapping[str, pa.StringArray]) -> None:
        """Take a batch: for each column its texts, missing ones as null."""
        for name, finding in self._columns.items():
            finding.add(texts[name])
        self.most_filled = max(self.most_filled, self._filled(texts))

    def _filled(self, texts: Mapping[str, pa.StringArray]) -> int:
        """The most values that a row of the batch has; not counted where all surely fit into a page."""
        if len(self._columns) < _WIDE:
            return len(self._columns)
        filled = np.zeros(max(map(len, texts.values())), np.int32)
        for name in self._columns:
            filled += texts[name].is_valid().to_numpy(zero_copy_only=False)
        return int(filled.max(initial=0))

    def columns(self) -> tuple[ColumnProfile, ...]:
        """What was found in all batches so far."""
        return tuple(finding.column(name, self._headers.get(name)) for name, finding in self._columns.items())


class _ColumnState:
    """What was found in one column so far."""

    def __init__(self) -> None:
        self._cells = CellSummary()
        self._spelled: Counter[str] = Counter()
        self._rows = self._missing = self._longest = self._longest_bytes = 0

    def add(self, texts: pa.StringArray) -> None:
        self._rows += len(texts)
        self._missing += texts.null_count
        self._measure(texts)
        if self._cells.type == TEXT_TYPE:
            return
        present = texts.drop_null() if texts.null_count else texts
        if not len(present):
            return
        if self._cells.type.kind is Kind.UNKNOWN and len(present) > _FIRST:
            self._meet(summarize_cells(present.slice(0, _FIRST), Kind.UNKNOWN), count=False)
            if self._cells.type == TEXT_TYPE:
                return
        self._meet(summarize_cells(present, self._cells.type.kind), count=True)

    def _measure(self, texts: pa.StringArray) -> None:
        # A text has no more characters than bytes, and those are known without reading it.
        most: Any = pc.max(pc.binary_length(texts)).as_py()
        self._longest_bytes = max(self._longest_bytes, most or 0)
        if most is not None and most > self._longest:
            self._longest = max(self._longest, pc.max(pc.utf8_length(texts)).as_py())

    def _meet(self, found: CellSummary, *, count: bool) -> None:
        before = self._cells.type
        if found.example is not None:
            self._cells.merge(found.type, found.form, found.example)
        if self._cells.type == TEXT_TYPE != before and found.because is not None:
            self._cells.because = found.because
        if count:
            self._spelled.update(found.spelled)

    def column(self, name: str, header: str | None) -> ColumnProfile:
        found = self._cells
        spelled = tuple(sorted(self._spelled.items())) if found.type != TEXT_TYPE else ()
        return ColumnProfile(
            name,
            header,
            found.type,
            found.form if found.type != TEXT_TYPE else ColumnProfile(name).form,
            self._rows,
            self._missing,
            spelled,
            self._longest,
            self._longest_bytes,
            found.because,
        )
