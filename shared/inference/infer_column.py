"""Infers the type of each column from all of its values, batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.contracts.column_types import Kind
from shared.formats.null_spellings import NULL_SPELLINGS
from shared.inference import text_scanner
from shared.inference.table_columns import ColumnProfile
from shared.inference.widening import NUMBER_KINDS, TEXT_TYPE, UNKNOWN_TYPE, Form, Mark, Type, widen
from shared.validation import rules

_BOOLEANS = {
    Mark.LOWER: pa.array(["true", "false"]),
    Mark.UPPER: pa.array(["TRUE", "FALSE"]),
    Mark.TITLE: pa.array(["True", "False"]),
}
_TIMES = {
    Kind.DATE: rules.date_rule({"type": "date"}),
    Kind.TIMESTAMP: rules.datetime_rule({"type": "datetime"}),
    Kind.TIMESTAMPTZ: rules.datetime_rule({"type": "datetime", "tz_constraint": "aware"}),
}
"""The rules of validation for times, which accept only ISO 8601. A column with dates such as `01/02/2024` is
text: the order of day and month depends on the country, and one file cannot prove it for the next."""
_DATE_LENGTH = len("2019-07-01")
_MAX_EXAMPLE = 50


@dataclass(slots=True)
class CellSummary:
    """Type and form of cells, and the null spellings among them with their counts.

    `example` is the first value that is not a null spelling, `because` the first value that made them text.
    """

    type: Type = UNKNOWN_TYPE
    form: Form = field(default_factory=Form)
    spelled: dict[str, int] = field(default_factory=dict)
    example: str | None = None
    because: str | None = None

    def merge(self, found: Type, form: Form, example: str) -> None:
        """Add cells of type `found`, one of which is `example`."""
        self.example = self.example or example[:_MAX_EXAMPLE]
        widened = widen(self.type, found)
        if widened == TEXT_TYPE != self.type:
            self.because = example[:_MAX_EXAMPLE]
        self.type, self.form = widened, self.form | form


def summarize_cells(texts: pa.StringArray, expected: Kind) -> CellSummary:
    """Summarize `texts`, none of which is missing; faster if they are of the kind `expected`."""
    cells = CellSummary()
    if expected in NUMBER_KINDS:
        texts = _add_numbers(texts, cells)
    elif expected in _TIMES:
        texts = _add_all_times(expected, texts, cells)
    if len(texts):
        _add_distinct(texts, cells)
    return cells


def _add_numbers(texts: Any, cells: CellSummary) -> Any:
    """Add the plain numbers to `cells`; returns the other texts."""
    numbers = text_scanner.scan_numbers(texts)
    if numbers.fits.any():
        cells.merge(numbers.type, numbers.form, texts[int(numbers.fits.argmax())].as_py())
    return texts.filter(pa.array(~numbers.fits))


def _add_all_times(kind: Kind, texts: Any, cells: CellSummary) -> Any:
    """Add the texts that are not null spellings, if all of them are of `kind`; returns the other texts."""
    is_null: Any = pc.is_in(texts, value_set=pa.array(NULL_SPELLINGS))
    values = texts.filter(pc.invert(is_null))
    if not len(values) or not text_scanner.are_all_times(values, kind):
        return texts
    cells.merge(Type(kind), _separators(values), values[0].as_py())
    return texts.filter(is_null)


def _separators(texts: Any) -> Form:
    """The separators between date and time."""
    times: Any = texts.filter(pc.greater(pc.binary_length(texts), pa.scalar(_DATE_LENGTH)))
    has_t: Any = pc.match_substring(times, "T")
    marks = {Mark.LETTER_T: pc.any(has_t).as_py(), Mark.BLANK: pc.any(pc.invert(has_t)).as_py()}
    return Form(frozenset(mark for mark, occurs in marks.items() if occurs))


def _add_distinct(texts: Any, cells: CellSummary) -> None:
    """Add all texts, each distinct one once."""
    counted: Any = texts.value_counts()
    distinct, counts = counted.field(0), counted.field(1)
    is_null = pc.is_in(distinct, value_set=pa.array(NULL_SPELLINGS))
    cells.spelled = dict(
        zip(distinct.filter(is_null).to_pylist(), counts.filter(is_null).to_pylist(), strict=True)
    )
    distinct = distinct.filter(pc.invert(is_null))
    for add in (_add_numbers, _add_floats, _add_booleans, _add_times):
        if not len(distinct) or cells.type == TEXT_TYPE:
            return
        distinct = add(distinct, cells)
    if len(distinct):
        cells.merge(TEXT_TYPE, Form(), distinct[0].as_py())


def _add_floats(texts: Any, cells: CellSummary) -> Any:
    return _add_kind(texts, cells, text_scanner.are_floating_numbers(texts), Kind.DOUBLE, Form())


def _add_booleans(texts: Any, cells: CellSummary) -> Any:
    for mark, words in _BOOLEANS.items():
        fits = pc.is_in(texts, value_set=words)
        texts = _add_kind(texts, cells, fits, Kind.BOOLEAN, Form(frozenset({mark})))
    return texts


def _add_times(texts: Any, cells: CellSummary) -> Any:
    for kind, rule in _TIMES.items():
        accepted: Any = rule.read(texts).accepted if rule else None
        fits: Any = pc.is_valid(texts) if accepted is None else accepted.fill_null(False)
        if kind is Kind.TIMESTAMPTZ:
            fits = pc.if_else(fits, text_scanner.are_times_in_range(texts), fits)
        texts = _add_kind(texts, cells, fits, kind, _separators(texts.filter(fits)))
    return texts


def _add_kind(texts: Any, cells: CellSummary, fits: Any, kind: Kind, form: Form) -> Any:
    """Add the texts that fit as values of `kind`; returns the others."""
    found = texts.filter(fits)
    if not len(found):
        return texts
    cells.merge(Type(kind), form, found[0].as_py())
    return texts.filter(pc.invert(fits))


_MIN_WIDE = 300
"""Columns from which on a row may be too large for a page."""

_FIRST_TEXTS = 256
"""Texts of a column that are checked first: they are enough to recognize most text columns."""


class ColumnInference:
    """Infers the columns of a file; stores only types, counts and examples of the batches."""

    def __init__(self, names: Iterable[str], headers: Mapping[str, str] | None = None) -> None:
        """`names` are the columns of the table; `headers` has the name in the file if it is another one.

        `most_filled` is the largest number of values in a row.
        """
        self._headers = headers or {}
        self._columns = {name: _ColumnState() for name in names}
        self.most_filled = 0

    def add(self, texts: Mapping[str, pa.StringArray]) -> None:
        """Add a batch: the texts of each column, missing ones as null."""
        for name, column in self._columns.items():
            column.add(texts[name])
        self.most_filled = max(self.most_filled, self._filled(texts))

    def _filled(self, texts: Mapping[str, pa.StringArray]) -> int:
        """The largest number of values in a row; not counted if every row surely fits into a page."""
        if len(self._columns) < _MIN_WIDE:
            return len(self._columns)
        filled = np.zeros(max(map(len, texts.values())), np.int32)
        for name in self._columns:
            filled += texts[name].is_valid().to_numpy(zero_copy_only=False)
        return int(filled.max(initial=0))

    def columns(self) -> tuple[ColumnProfile, ...]:
        """The profiles of all columns so far."""
        return tuple(column.profile(name, self._headers.get(name)) for name, column in self._columns.items())


class _ColumnState:
    """The values of one column so far."""

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
        if self._cells.type.kind is Kind.UNKNOWN and len(present) > _FIRST_TEXTS:
            self._merge(summarize_cells(present.slice(0, _FIRST_TEXTS), Kind.UNKNOWN))
            if self._cells.type == TEXT_TYPE:
                return
        cells = summarize_cells(present, self._cells.type.kind)
        self._merge(cells)
        self._spelled.update(cells.spelled)

    def _measure(self, texts: pa.StringArray) -> None:
        # A text has at most as many characters as bytes, and its bytes are known without reading it.
        longest: Any = pc.max(pc.binary_length(texts)).as_py()
        self._longest_bytes = max(self._longest_bytes, longest or 0)
        if longest is not None and longest > self._longest:
            self._longest = max(self._longest, pc.max(pc.utf8_length(texts)).as_py())

    def _merge(self, cells: CellSummary) -> None:
        before = self._cells.type
        if cells.example is not None:
            self._cells.merge(cells.type, cells.form, cells.example)
        if self._cells.type == TEXT_TYPE != before and cells.because is not None:
            self._cells.because = cells.because

    def profile(self, name: str, header: str | None) -> ColumnProfile:
        cells = self._cells
        is_text = cells.type == TEXT_TYPE
        return ColumnProfile(
            name,
            header,
            cells.type,
            Form() if is_text else cells.form,
            self._rows,
            self._missing,
            () if is_text else tuple(sorted(self._spelled.items())),
            self._longest,
            self._longest_bytes,
            cells.because,
        )


_MISSING, _SPELLED = 1, 2


class MissingKeyCounter:
    """Counts rows by the cells of their key: missing, a null spelling, or a value."""

    def __init__(self, key: Sequence[str]) -> None:
        self._key = tuple(key)
        self._rows: Counter[tuple[int, ...]] = Counter()

    def add(self, texts: Mapping[str, pa.StringArray]) -> None:
        """Add a batch: the texts of each column, missing ones as null."""
        cells = [_cell_states(texts[name]) for name in self._key]
        if any(states.any() for states in cells):
            patterns, counts = np.unique(np.stack(cells, axis=1), axis=0, return_counts=True)
            for pattern, count in zip(patterns.tolist(), counts.tolist(), strict=True):
                self._rows[tuple(pattern)] += count

    def count(self, types: Mapping[str, Type]) -> int:
        """Rows without a key if its columns have these types; in text, a null spelling is a value."""
        highest = [_MISSING if types[name] == TEXT_TYPE else _SPELLED for name in self._key]
        return sum(
            rows
            for pattern, rows in self._rows.items()
            if any(0 < state <= most for state, most in zip(pattern, highest, strict=True))
        )


def _cell_states(texts: pa.StringArray) -> Any:
    is_spelled: Any = pc.is_in(texts, value_set=pa.array(NULL_SPELLINGS))
    states = np.where(is_spelled.to_numpy(zero_copy_only=False), _SPELLED, 0)
    states[texts.is_null().to_numpy(zero_copy_only=False)] = _MISSING
    return states.astype(np.int8)
