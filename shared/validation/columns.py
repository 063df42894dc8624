"""One field's column: its distinct texts where that is cheaper, and the default where the text is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.validation.alone import Alone
from shared.validation.rule import Encoding, Known, Rule, nothing

_SAMPLE = 1024
"""Texts to look at, evenly spread, before a column is encoded."""
_FEW = 0.75
"""Share of distinct texts in the sample, below which encoding pays; 1,500 distinct texts give about that."""


@dataclass(frozen=True, slots=True)
class Column:
    """How a field is read; without a `rule`, or without a certain `default`, the model is asked.

    `default` is the scalar of type `kind` where the text is missing; `None` where that is not known. `alone`
    is the model's own part that reads the field; `None` where it must see whole rows.
    """

    kind: pa.DataType
    rule: Rule | None = None
    default: Any = None
    alone: Alone | None = None

    def read(self, texts: pa.StringArray) -> Known:
        """The texts as typed values, missing ones as the default."""
        if texts.null_count == len(texts):
            return self.missing(len(texts))
        known = _read(self.rule, texts) if self.rule else nothing(len(texts), self.kind)
        if not texts.null_count:
            return known
        return self._filled(known, texts)

    def missing(self, rows: int) -> Known:
        """The column that the file does not have."""
        if self.default is None:
            return nothing(rows, self.kind)
        return Known(pa.repeat(self.default, rows))

    def _filled(self, known: Known, texts: pa.StringArray) -> Known:
        certain: Any = texts.is_valid() if known.certain is None else known.certain.fill_null(False)
        if self.default is None:
            return Known(known.values, pc.and_(certain, texts.is_valid()))
        values: pa.Array[Any] = pc.if_else(texts.is_null(), self.default, known.values)
        return Known(values, pc.or_(certain, texts.is_null()))


def _read(rule: Rule, texts: pa.StringArray) -> Known:
    if rule.encoding is Encoding.NEVER or (rule.encoding is Encoding.IF_FEW and not _are_few(texts)):
        return rule.read(texts)
    encoded: Any = texts.dictionary_encode()
    known = rule.read(encoded.dictionary)
    certain = known.certain if known.certain is None else known.certain.take(encoded.indices)
    return Known(known.values.take(encoded.indices), certain)


def _are_few(texts: pa.StringArray) -> bool:
    if len(texts) < 2 * _SAMPLE:
        return False
    places: Any = pa.array(np.linspace(0, len(texts) - 1, _SAMPLE, dtype=np.int32))
    sample = texts.take(places)
    return len(sample.unique()) < _SAMPLE * _FEW
