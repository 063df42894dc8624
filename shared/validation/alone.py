"""One field alone: its own part of the model, asked once for each distinct text.

Where no validator sees more than its own field, the model's reasons against a row are those of its fields,
one after the other; so a row of which one field is in doubt need not be asked about as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import ValidationError
from pydantic_core import SchemaValidator

from shared.contracts.dataset import Field
from shared.parsing import reasons
from shared.parsing.reject import RowError
from shared.validation import arrow
from shared.validation.asked import needs_row
from shared.validation.rule import Schema

Positions = npt.NDArray[np.int64]


class _Answer(NamedTuple):
    """The model's value of a text, or its reasons against it."""

    value: Any
    reasons: tuple[RowError, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What the model said of the texts of field `name` at `positions`: of each, the answer at `which`."""

    name: str
    positions: Positions
    _field: Field
    _which: npt.NDArray[np.int32]
    _answers: Sequence[_Answer]

    def against(self) -> Iterator[tuple[int, tuple[RowError, ...]]]:
        """The positions whose text is refused, and the reasons."""
        refused = np.array([bool(answer.reasons) for answer in self._answers], np.bool_)[self._which]
        positions, which = self.positions[refused].tolist(), self._which[refused].tolist()
        return ((position, self._answers[at].reasons) for position, at in zip(positions, which, strict=True))

    def values(self, chosen: npt.NDArray[np.bool_]) -> pa.Array[Any]:
        """The values at the `chosen` positions, of which none is refused."""
        used, places = np.unique(self._which[chosen], return_inverse=True)
        values = arrow.column([self._answers[at].value for at in used.tolist()], self._field)
        taken: Any = pa.array(places)
        return values.take(taken)


class Alone:
    """The part of a model that reads one field."""

    def __init__(self, part: Schema, config: Any, definitions: list[Any], field: Field) -> None:
        model = {"type": "model-fields", "fields": {field.name: part}}
        whole: Any = {"type": "definitions", "schema": model, "definitions": definitions}
        self._validator = SchemaValidator(whole, config)
        self._field = field

    def ask(self, texts: pa.StringArray | None, positions: Positions) -> Said:
        """Ask about `texts` at `positions`; without `texts` the file has no such column."""
        doubted: Any = pa.array(positions)
        asked: Any = pa.nulls(len(positions), pa.string()) if texts is None else texts.take(doubted)
        encoded = asked.dictionary_encode(null_encoding="encode")
        answers = [self._answer(text) for text in encoded.dictionary.to_pylist()]
        return Said(self._field.name, positions, self._field, encoded.indices.to_numpy(), answers)

    def _answer(self, text: str | None) -> _Answer:
        present = {} if text is None else {self._field.name: text}
        try:
            found = self._validator.validate_python(present, by_alias=False, by_name=True)
        except ValidationError as exc:
            return _Answer(None, reasons.of_error(exc, present))
        return _Answer(found[0][self._field.name], ())


def alone(part: Schema, config: Any, definitions: list[Any], field: Field) -> Alone | None:
    """The `part` of a model that reads `field`; `None` where it may depend on more than the text."""
    return None if needs_row(part, definitions) else Alone(part, config, definitions, field)
