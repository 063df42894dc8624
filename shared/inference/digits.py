"""Plain numbers: which texts are some, how large and how spelled, told from their bytes all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.inference import doubles
from shared.inference.forms import Form, Mark
from shared.inference.kinds import MOST_DIGITS, NOTHING, Kind, Type
from shared.inference.letters import Integers, Letters, Mask

_POINT, _MINUS, _ZERO = b".-0"
_DIGITS = 10
_BIGINT_DIGITS = 19
_LARGEST = {False: "9223372036854775807", True: "-9223372036854775808"}


@dataclass(frozen=True, slots=True)
class Numbers:
    """Which texts are plain numbers, and the type and form of those.

    Plain is what a number column gives back unchanged but for zeros at the end: no `+`, blank, `_` or `,`,
    a digit on both sides of a point, no zero before other digits, no `-0`, at most 38 digits.
    """

    fits: Mask
    type: Type
    form: Form


def scan(texts: pa.StringArray) -> Numbers:
    """The plain numbers among `texts`, none of which is missing."""
    cells = _Cells(texts)
    fits = cells.shaped()
    if not fits.any():
        return Numbers(fits, NOTHING, Form())
    return Numbers(fits, cells.type_of(fits), cells.form_of(fits))


class _Cells(Letters):
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
        fits &= self._whole + self._places <= MOST_DIGITS
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
        long = np.flatnonzero(fits & (self._whole + self._places > doubles.SURE_DIGITS))
        return Type(kind, whole, places, doubles.are_kept(self._take(long)))

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
