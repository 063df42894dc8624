"""Scans arrays of texts for plain numbers and times, from their bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shared.contracts.column_types import MAX_DIGITS, Kind
from shared.inference.widening import UNKNOWN_TYPE, Form, Mark, Type, number_type

Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


class TextBytes:
    """Bytes of texts, none of which is missing: that of row `i` are `bytes[starts[i]:ends[i]]`."""

    def __init__(self, texts: pa.StringArray) -> None:
        offsets: Any
        data: Any
        _, offsets, data = texts.buffers()
        bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
        used = (data or pa.py_buffer(b""))[bounds[0] : bounds[-1]]
        # A byte behind the last text, so that the place of an empty one is a place.
        self.bytes = np.frombuffer(used.to_pybytes() + b"\0", np.uint8)
        self.starts: npt.NDArray[np.int32] = bounds[:-1] - bounds[0]
        self.ends: npt.NDArray[np.int32] = bounds[1:] - bounds[0]
        self.lengths: npt.NDArray[np.int32] = self.ends - self.starts


SURE_DIGITS = 15
"""Decimal digits that survive double precision, whatever they are (C's `DBL_DIG`)."""

_FIRST_CHECKED = 64
"""Numbers that are looked at before any other: of long ones that get lost, some are among them."""

_SHAPE = (
    r"\A(?:(?:-?[1-9]\.[0-9]+|0\.0+)[eE][+-]?[0-9]{1,3}"  # a point, or
    r"|(?:-?[1-9]|0)[eE][+-][0-9]{1,3})\z"  # a sign in the exponent
)
_SURE = r"\A-?[0-9](?:\.[0-9]{1,14})?[eE][+-]?[0-9]{1,2}\z"


def are_exact_doubles(numbers: pa.StringArray) -> bool:
    """Whether the shortest text of each number's double is that number; `numbers` have no exponent."""
    return _are_kept(numbers.slice(0, _FIRST_CHECKED)) and _are_kept(numbers)


def _are_kept(numbers: pa.StringArray) -> bool:
    spelled = numbers.cast(pa.float64()).cast(pa.string())
    # Mostly the text itself comes back; only where it does not, the numbers are compared.
    doubtful = numbers.filter(pc.not_equal(numbers, spelled))
    return all(Decimal(repr(float(text))) == Decimal(text) for text in doubtful.to_pylist() if text)


def are_floating_numbers(texts: pa.StringArray) -> pa.BooleanArray:
    """Which of `texts` are numbers with an exponent, as programs write floating numbers: `1.5e-07`, `2E+10`.

    One digit before the point, and none without meaning; a point, or a sign in the exponent: `12E4` and `1E5`
    may be codes. The double, printed with as
    many digits, must be the number again, so that neither digits nor magnitude exceed it.
    """
    shaped = pc.match_substring_regex(texts, _SHAPE)
    doubtful = pc.and_not(shaped, pc.match_substring_regex(texts, _SURE))
    if not pc.any(doubtful, min_count=0).as_py():
        return shaped
    lost = [
        bool(is_doubtful) and not _is_printed_again(text or "")
        for is_doubtful, text in zip(doubtful.to_pylist(), texts.to_pylist(), strict=True)
    ]
    return pc.and_not(shaped, pa.array(lost, pa.bool_()))


def _is_printed_again(text: str) -> bool:
    text = text.lower()
    places = len(text.partition("e")[0].partition(".")[2])
    printed = f"{float(text):.{places}e}"
    return printed == text or Decimal(printed) == Decimal(text)


_POINT, _MINUS, _ZERO = b".-0"
_DIGITS = 10
_BIGINT_DIGITS = 19
_LARGEST = {False: "9223372036854775807", True: "-9223372036854775808"}


@dataclass(frozen=True, slots=True)
class NumberScan:
    """Which texts are plain numbers, and the type and form of those.

    Plain is what a number column gives back unchanged but for zeros at the end: no `+`, blank, `_` or `,`,
    a digit on both sides of a point, no zero before other digits, no `-0`, at most 38 digits.
    """

    fits: Mask
    type: Type
    form: Form


def scan_numbers(texts: pa.StringArray) -> NumberScan:
    """The plain numbers among `texts`, none of which is missing."""
    cells = _NumberCells(texts)
    fits = cells.shaped()
    if not fits.any():
        return NumberScan(fits, UNKNOWN_TYPE, Form())
    return NumberScan(fits, cells.type_of(fits), cells.form_of(fits))


class _NumberCells(TextBytes):
    """Texts, and how many digits each has before and behind its point."""

    def __init__(self, texts: pa.StringArray) -> None:
        super().__init__(texts)
        self._texts: Any = texts
        self._whole = self.lengths.copy()
        self._places = np.zeros(len(texts), np.int32)
        self._negative = np.zeros(len(texts), np.bool_)

    def shaped(self) -> Mask:
        """Which are plain numbers; counts their digits on the way."""
        fits: Mask = self._whole > 0
        others = np.flatnonzero(self.bytes[:-1] - _ZERO >= _DIGITS)  # below `0` too: bytes have no sign
        if len(others):
            self._look_at(others, fits)
        first = self.bytes[np.minimum(self.starts + self._negative, len(self.bytes) - 1)]
        fits &= (self._whole == 1) | ((self._whole > 1) & (first != _ZERO))
        fits &= self._whole + self._places <= MAX_DIGITS
        doubtful = np.flatnonzero(fits & self._negative & (first == _ZERO))
        if len(doubtful):
            fits[doubtful[_matching(self._take(doubtful), r"\A-0(?:\.0+)?\z")]] = False
        return fits

    def _look_at(self, others: Integers, fits: Mask) -> None:
        """Count what is no digit; `fits` becomes false where that is not one point, or a minus in front."""
        rows = self._rows_of(others)
        bytes_ = self.bytes[others]
        is_point, is_minus = bytes_ == _POINT, bytes_ == _MINUS
        is_minus &= others == self.starts[rows]
        fits[rows[~(is_point | is_minus)]] = False
        self._negative[rows[is_minus]] = True
        points, pointed = others[is_point], rows[is_point]
        # Of two points in a row, the second finds places counted by the first, or counts another number.
        self._places[pointed] = self.ends[pointed] - points - 1
        fits[pointed[1:][pointed[1:] == pointed[:-1]]] = False
        self._whole -= self._negative
        self._whole[pointed] -= self._places[pointed] + 1
        fits[pointed[self._places[pointed] == 0]] = False

    def _rows_of(self, places: Integers) -> Integers:
        """The row in which each of the ascending places is."""
        if len(places) == len(self.starts) and bool(((places >= self.starts) & (places < self.ends)).all()):
            return np.arange(len(places))  # one in each: mostly the point
        return np.searchsorted(self.ends, places, side="right")

    def type_of(self, fits: Mask) -> Type:
        """The type of those that fit."""
        whole, places = int(self._whole[fits].max()), int(self._places[fits].max())
        kind = Kind.NUMERIC if places or not self._fit_bigint(fits, whole) else Kind.BIGINT
        long = np.flatnonzero(fits & (self._whole + self._places > SURE_DIGITS))
        return number_type(kind, whole, places, as_double=are_exact_doubles(self._take(long)))

    def _fit_bigint(self, fits: Mask, most: int) -> bool:
        if most != _BIGINT_DIGITS:
            return most < _BIGINT_DIGITS
        # Among texts as long as the largest one, the order of texts is that of their numbers.
        for sign, largest in _LARGEST.items():
            long = np.flatnonzero(fits & (self._whole == _BIGINT_DIGITS) & (self._negative == sign))
            if pc.any(pc.greater(self._take(long), pa.scalar(largest))).as_py():
                return False
        return True

    def form_of(self, fits: Mask) -> Form:
        """The form of those that fit."""
        pointed = fits & (self._places > 0)
        marks = {Mark.BARE} if (fits & ~pointed).any() else set()
        if not pointed.any():
            return Form(frozenset(marks))
        ended = pointed & (self.bytes[self.ends - 1] == _ZERO)
        if (pointed & ~ended).any():
            marks.add(Mark.TRIMMED)
        if (ended & (self._places == 1)).any():
            marks.add(Mark.ONE_ZERO)
        several = np.flatnonzero(ended & (self._places > 1))
        if len(several):
            zeros = _matching(self._take(several), r"\.0+\z")
            marks |= {Mark.ZEROS} if zeros.any() else set()
            marks |= {Mark.PADDED} if not zeros.all() else set()
        places = self._places[pointed]
        return Form(frozenset(marks), int(places.min()), int(places.max()))

    def _take(self, rows: Integers) -> Any:
        return self._texts.take(pa.array(rows))


def _matching(texts: Any, pattern: str) -> Mask:
    found: Any = pc.match_substring_regex(texts, pattern)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)


_FIRST_TIMES: dict[Kind, pa.Scalar[Any]] = {
    Kind.DATE: pa.scalar(date.min, pa.date32()),
    Kind.TIMESTAMP: pa.scalar(datetime.min, pa.timestamp("us")),  # noqa: DTZ901 - it has none
    Kind.TIMESTAMPTZ: pa.scalar(datetime(1, 1, 2, tzinfo=UTC), pa.timestamp("us", "UTC")),
}
"""Arrow knows a year 0, which neither Python nor the rules do; with a zone, a day more keeps clear of it."""

_LAST_TIMES = pa.scalar(datetime.max.replace(tzinfo=UTC), pa.timestamp("us", "UTC"))
_EDGES = pa.array(["0001-01-01", "9999-12-31"])
"""Days that are in another year in UTC for some zones."""

_DATE, _TIME = len("2019-07-01"), len("2019-07-01 10:30")
_COLON = len("2019-07-01 10")
_ZONES = (len("+0200"), len("+02:00"))


def are_all_times(texts: pa.StringArray, kind: Kind) -> bool:
    """Whether validation's rule surely takes each of `texts`, of which there are some; `False` is no answer.

    Arrow's cast reads the same ISO 8601 but for hours without minutes, zones without them, and the year 0.
    """
    letters = TextBytes(texts)
    shortest = int(letters.lengths.min())
    if kind is Kind.DATE:
        looks_so = shortest == int(letters.lengths.max()) == _DATE
    elif kind is Kind.TIMESTAMP:
        looks_so = _have_minutes(letters, letters.lengths != _DATE)
    else:
        looks_so = shortest > _TIME and _have_minutes(letters) and _have_zones(letters)
    return looks_so and _are_cast(texts, kind)


def _have_minutes(letters: TextBytes, where: Any = True) -> bool:
    starts, lengths = letters.starts[where], letters.lengths[where]
    # A text that is too short has no letter there, and one behind it might be past the end.
    return bool((lengths >= _TIME).all() and (letters.bytes[starts + _COLON] == ord(":")).all())


def _have_zones(letters: TextBytes) -> bool:
    zoned = letters.bytes[letters.ends - 1] == ord("Z")
    for length in _ZONES:
        sign = letters.bytes[letters.ends - length]
        zoned |= (sign == ord("+")) | (sign == ord("-"))
    return bool(zoned.all())


def _are_cast(texts: pa.StringArray, kind: Kind) -> bool:
    try:
        values: Any = texts.cast(_FIRST_TIMES[kind].type)
    except pa.ArrowInvalid:
        return False
    is_late = kind is Kind.TIMESTAMPTZ and pc.greater(pc.max(values), _LAST_TIMES).as_py()
    return not is_late and bool(pc.greater_equal(pc.min(values), _FIRST_TIMES[kind]).as_py())


def are_times_in_range(texts: pa.StringArray) -> Any:
    """Which of `texts`, times with a zone, are in the years 1 to 9999 in UTC too: Python knows no others."""
    at_edge: Any = pc.is_in(pc.utf8_slice_codeunits(texts, 0, _DATE), value_set=_EDGES)
    if not pc.any(at_edge, min_count=0).as_py():
        return pc.invert(at_edge)
    pairs = zip(at_edge.to_pylist(), texts.to_pylist(), strict=True)
    return pa.array([not edge or _is_in_range(text or "") for edge, text in pairs], pa.bool_())


def _is_in_range(text: str) -> bool:
    try:
        datetime.fromisoformat(text).astimezone(UTC)
    except (OverflowError, ValueError):
        return False
    return True
