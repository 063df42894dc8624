"""Scans the bytes of arrays of texts for numbers and times."""

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
    """The bytes of texts, none of which is missing: row `i` is `bytes[starts[i]:ends[i]]`."""

    def __init__(self, texts: pa.StringArray) -> None:
        offsets: Any
        data: Any
        _, offsets, data = texts.buffers()
        bounds = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
        used = (data or pa.py_buffer(b""))[bounds[0] : bounds[-1]]
        # One more byte, so that the start of an empty last text is a valid index.
        self.bytes = np.frombuffer(used.to_pybytes() + b"\0", np.uint8)
        self.starts: npt.NDArray[np.int32] = bounds[:-1] - bounds[0]
        self.ends: npt.NDArray[np.int32] = bounds[1:] - bounds[0]
        self.lengths: npt.NDArray[np.int32] = self.ends - self.starts


SURE_DIGITS = 15
"""Decimal digits that survive double precision, whatever they are (C's `DBL_DIG`)."""

_FIRST_CHECKED = 64
"""Numbers that are checked first: if a column has numbers that a double cannot hold, some are among them."""

_SHAPE = (
    r"\A(?:(?:-?[1-9]\.[0-9]+|0\.0+)[eE][+-]?[0-9]{1,3}"  # a point, or
    r"|(?:-?[1-9]|0)[eE][+-][0-9]{1,3})\z"  # a sign in the exponent
)
_SURE = r"\A-?[0-9](?:\.[0-9]{1,14})?[eE][+-]?[0-9]{1,2}\z"


def are_exact_doubles(numbers: pa.StringArray) -> bool:
    """Whether each number is equal to the shortest text of its double; `numbers` have no exponent."""
    return _are_all_exact(numbers.slice(0, _FIRST_CHECKED)) and _are_all_exact(numbers)


def _are_all_exact(numbers: pa.StringArray) -> bool:
    printed = numbers.cast(pa.float64()).cast(pa.string())
    # Most texts are equal; only the others are compared as numbers, which is slow.
    unequal = numbers.filter(pc.not_equal(numbers, printed))
    return all(Decimal(repr(float(text))) == Decimal(text) for text in unequal.to_pylist() if text)


def are_floating_numbers(texts: pa.StringArray) -> pa.BooleanArray:
    """Which of `texts` are numbers with an exponent, as programs print floating point numbers: `1.5e-07`.

    They have one digit before the point (0 only for zero), and a point, or a sign in the exponent: `12E4` and
    `1E5` may be codes. A double must hold the number: printed with as many digits, it is the number again.
    """
    shaped = pc.match_substring_regex(texts, _SHAPE)
    unsure = pc.and_not(shaped, pc.match_substring_regex(texts, _SURE))
    if not pc.any(unsure, min_count=0).as_py():
        return shaped
    inexact = [
        bool(is_unsure) and not _is_exact(text or "")
        for is_unsure, text in zip(unsure.to_pylist(), texts.to_pylist(), strict=True)
    ]
    return pc.and_not(shaped, pa.array(inexact, pa.bool_()))


def _is_exact(text: str) -> bool:
    """Whether the double of a number, printed with as many digits, is the number again."""
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
    """Which texts are plain numbers (`fits`), and their type and form.

    A number column gives back a plain number unchanged, except for trailing zeros. It has no `+`, blank, `_`
    or `,`, a digit on both sides of a point, no leading zero, is not `-0`, and has at most 38 digits.
    """

    fits: Mask
    type: Type
    form: Form


def scan_numbers(texts: pa.StringArray) -> NumberScan:
    """Find the plain numbers among `texts`, none of which is missing."""
    cells = _NumberCells(texts)
    fits = cells.shaped()
    if not fits.any():
        return NumberScan(fits, UNKNOWN_TYPE, Form())
    return NumberScan(fits, cells.type_of(fits), cells.form_of(fits))


class _NumberCells(TextBytes):
    """Texts, with the number of digits of each before (`_whole`) and behind (`_places`) its point."""

    def __init__(self, texts: pa.StringArray) -> None:
        super().__init__(texts)
        self._texts: Any = texts
        self._whole = self.lengths.copy()
        self._places = np.zeros(len(texts), np.int32)
        self._negative = np.zeros(len(texts), np.bool_)

    def shaped(self) -> Mask:
        """Which texts are plain numbers; counts their digits."""
        fits: Mask = self._whole > 0
        others = np.flatnonzero(self.bytes[:-1] - _ZERO >= _DIGITS)  # also bytes below `0`: they wrap around
        if len(others):
            self._check_signs_and_points(others, fits)
        first = self.bytes[np.minimum(self.starts + self._negative, len(self.bytes) - 1)]
        fits &= (self._whole == 1) | ((self._whole > 1) & (first != _ZERO))
        fits &= self._whole + self._places <= MAX_DIGITS
        near_zero = np.flatnonzero(fits & self._negative & (first == _ZERO))
        if len(near_zero):
            fits[near_zero[_matching(self._take(near_zero), r"\A-0(?:\.0+)?\z")]] = False
        return fits

    def _check_signs_and_points(self, others: Integers, fits: Mask) -> None:
        """Count digits around the bytes `others`, which are not digits.

        Sets `fits` to false for texts in which these are anything else than one point and a minus in front.
        """
        rows = self._rows_of(others)
        bytes_ = self.bytes[others]
        is_point, is_minus = bytes_ == _POINT, bytes_ == _MINUS
        is_minus &= others == self.starts[rows]
        fits[rows[~(is_point | is_minus)]] = False
        self._negative[rows[is_minus]] = True
        points, pointed = others[is_point], rows[is_point]
        # A text with two points gets a wrong count here, but the second point sets `fits` to false.
        self._places[pointed] = self.ends[pointed] - points - 1
        fits[pointed[1:][pointed[1:] == pointed[:-1]]] = False
        self._whole -= self._negative
        self._whole[pointed] -= self._places[pointed] + 1
        fits[pointed[self._places[pointed] == 0]] = False

    def _rows_of(self, offsets: Integers) -> Integers:
        """The row of each of the ascending byte offsets."""
        if len(offsets) == len(self.starts) and bool(
            ((offsets >= self.starts) & (offsets < self.ends)).all()
        ):
            return np.arange(len(offsets))  # one in each row, usually the point
        return np.searchsorted(self.ends, offsets, side="right")

    def type_of(self, fits: Mask) -> Type:
        """The type of the texts that fit."""
        whole, places = int(self._whole[fits].max()), int(self._places[fits].max())
        kind = Kind.NUMERIC if places or not self._fit_bigint(fits, whole) else Kind.BIGINT
        long = np.flatnonzero(fits & (self._whole + self._places > SURE_DIGITS))
        return number_type(kind, whole, places, as_double=are_exact_doubles(self._take(long)))

    def _fit_bigint(self, fits: Mask, max_digits: int) -> bool:
        if max_digits != _BIGINT_DIGITS:
            return max_digits < _BIGINT_DIGITS
        # Texts with the same number of digits sort like their numbers.
        for sign, largest in _LARGEST.items():
            long = np.flatnonzero(fits & (self._whole == _BIGINT_DIGITS) & (self._negative == sign))
            if pc.any(pc.greater(self._take(long), pa.scalar(largest))).as_py():
                return False
        return True

    def form_of(self, fits: Mask) -> Form:
        """The form of the texts that fit."""
        pointed = fits & (self._places > 0)
        marks = {Mark.BARE} if (fits & ~pointed).any() else set()
        if not pointed.any():
            return Form(frozenset(marks))
        zero_at_end = pointed & (self.bytes[self.ends - 1] == _ZERO)
        if (pointed & ~zero_at_end).any():
            marks.add(Mark.TRIMMED)
        if (zero_at_end & (self._places == 1)).any():
            marks.add(Mark.ONE_ZERO)
        several = np.flatnonzero(zero_at_end & (self._places > 1))
        if len(several):
            zeros = _matching(self._take(several), r"\.0+\z")
            marks |= {Mark.ZEROS} if zeros.any() else set()
            marks |= {Mark.PADDED} if not zeros.all() else set()
        places = self._places[pointed]
        return Form(frozenset(marks), int(places.min()), int(places.max()))

    def _take(self, rows: Integers) -> Any:
        return self._texts.take(pa.array(rows))


def _matching(texts: Any, pattern: str) -> Mask:
    matches: Any = pc.match_substring_regex(texts, pattern)
    return np.asarray(matches.to_numpy(zero_copy_only=False), np.bool_)


_FIRST_TIMES: dict[Kind, pa.Scalar[Any]] = {
    Kind.DATE: pa.scalar(date.min, pa.date32()),
    Kind.TIMESTAMP: pa.scalar(datetime.min, pa.timestamp("us")),  # noqa: DTZ901 - without a time zone
    Kind.TIMESTAMPTZ: pa.scalar(datetime(1, 1, 2, tzinfo=UTC), pa.timestamp("us", "UTC")),
}
"""Arrow has a year 0, which neither Python nor the rules accept. With a time zone, a day more excludes it."""

_LAST_TIMES = pa.scalar(datetime.max.replace(tzinfo=UTC), pa.timestamp("us", "UTC"))
_EDGE_DAYS = pa.array(["0001-01-01", "9999-12-31"])
"""Days that may be outside of the years 1 to 9999 in UTC."""

_DATE, _TIME = len("2019-07-01"), len("2019-07-01 10:30")
_COLON = len("2019-07-01 10")
_ZONES = (len("+0200"), len("+02:00"))


def are_all_times(texts: pa.StringArray, kind: Kind) -> bool:
    """Whether the rule of validation accepts each of `texts`, at least one; `False` means unknown.

    Arrow's cast also accepts hours without minutes, time zones without minutes, and the year 0.
    """
    cells = TextBytes(texts)
    shortest = int(cells.lengths.min())
    if kind is Kind.DATE:
        is_shaped = shortest == int(cells.lengths.max()) == _DATE
    elif kind is Kind.TIMESTAMP:
        is_shaped = _have_minutes(cells, cells.lengths != _DATE)
    else:
        is_shaped = shortest > _TIME and _have_minutes(cells) and _have_zones(cells)
    return is_shaped and _can_cast(texts, kind)


def _have_minutes(cells: TextBytes, where: Any = True) -> bool:
    starts, lengths = cells.starts[where], cells.lengths[where]
    # The length is checked first: the index of the colon could be after the last byte.
    return bool((lengths >= _TIME).all() and (cells.bytes[starts + _COLON] == ord(":")).all())


def _have_zones(cells: TextBytes) -> bool:
    zoned = cells.bytes[cells.ends - 1] == ord("Z")
    for length in _ZONES:
        sign = cells.bytes[cells.ends - length]
        zoned |= (sign == ord("+")) | (sign == ord("-"))
    return bool(zoned.all())


def _can_cast(texts: pa.StringArray, kind: Kind) -> bool:
    try:
        values: Any = texts.cast(_FIRST_TIMES[kind].type)
    except pa.ArrowInvalid:
        return False
    is_late = kind is Kind.TIMESTAMPTZ and pc.greater(pc.max(values), _LAST_TIMES).as_py()
    return not is_late and bool(pc.greater_equal(pc.min(values), _FIRST_TIMES[kind]).as_py())


def are_times_in_range(texts: pa.StringArray) -> Any:
    """Which of `texts`, times with a time zone, are in the years 1 to 9999 of UTC, as Python requires."""
    at_edge: Any = pc.is_in(pc.utf8_slice_codeunits(texts, 0, _DATE), value_set=_EDGE_DAYS)
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
