"""Validates one field with pydantic, once per distinct value.

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

from shared.contracts.dataset_table import Field
from shared.parsing import rejects
from shared.parsing.rejects import RowError
from shared.validation import arrow_types
from shared.validation.rules import DictionaryEncoding, Rule, RuleResult, Schema


def field_rule(schema: Schema, config: Any, definitions: list[Any], field: Field) -> Rule | None:
    """The rule that asks; `None` where an answer may depend on more than the text."""
    if depends_on_row(schema, definitions):
        return None
    whole: Any = {"type": "definitions", "schema": schema, "definitions": definitions}
    validator = SchemaValidator(whole, config)

    def read(texts: pa.StringArray) -> RuleResult:
        answers = [_answer(validator, text) for text in texts.to_pylist()]
        values = arrow_types.to_arrow_column([answer[0] if answer else None for answer in answers], field)
        return RuleResult(values, pa.array([answer is not None for answer in answers], pa.bool_()))

    return Rule(read, DictionaryEncoding.ALWAYS)


def _answer(validator: SchemaValidator, text: str | None) -> tuple[Any] | None:
    if text is None:
        return None
    try:
        return (validator.validate_python(text),)
    except ValidationError:
        return None


def depends_on_row(schema: Schema, definitions: list[Any]) -> bool:
    """Whether what `schema` makes of a text may depend on more than the text: on the other fields, or on when
    and how often a default is made.
    """
    nodes = [*_nodes(schema), *_nodes(definitions)]
    return any(node.get("type") == "with-info" or "default_factory" in node for node in nodes)


def _nodes(schema: Any) -> Iterator[Schema]:
    if isinstance(schema, dict):
        yield schema
        for name, part in schema.items():
            if name not in {"metadata", "serialization"}:
                yield from _nodes(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from _nodes(part)


Positions = npt.NDArray[np.int64]


class _TextResult(NamedTuple):
    """The model's value of a text, or its reasons against it."""

    value: Any
    reasons: tuple[RowError, ...]


@dataclass(frozen=True, slots=True)
class FieldResults:
    """What the model said of the texts of field `name` at `positions`: of each, the answer at `which`."""

    name: str
    positions: Positions
    _field: Field
    _which: npt.NDArray[np.int32]
    _answers: Sequence[_TextResult]

    def against(self) -> Iterator[tuple[int, tuple[RowError, ...]]]:
        """The positions whose text is refused, and the reasons."""
        refused = np.array([bool(answer.reasons) for answer in self._answers], np.bool_)[self._which]
        positions, which = self.positions[refused].tolist(), self._which[refused].tolist()
        return ((position, self._answers[at].reasons) for position, at in zip(positions, which, strict=True))

    def values(self, chosen: npt.NDArray[np.bool_]) -> pa.Array[Any]:
        """The values at the `chosen` positions, of which none is refused."""
        used, places = np.unique(self._which[chosen], return_inverse=True)
        values = arrow_types.to_arrow_column([self._answers[at].value for at in used.tolist()], self._field)
        taken: Any = pa.array(places)
        return values.take(taken)


class FieldValidator:
    """The part of a model that reads one field."""

    def __init__(self, part: Schema, config: Any, definitions: list[Any], field: Field) -> None:
        model = {"type": "model-fields", "fields": {field.name: part}}
        whole: Any = {"type": "definitions", "schema": model, "definitions": definitions}
        self._validator = SchemaValidator(whole, config)
        self._field = field

    def ask(self, texts: pa.StringArray | None, positions: Positions) -> FieldResults:
        """Ask about `texts` at `positions`; without `texts` the file has no such column."""
        doubted: Any = pa.array(positions)
        asked: Any = pa.nulls(len(positions), pa.string()) if texts is None else texts.take(doubted)
        encoded = asked.dictionary_encode(null_encoding="encode")
        answers = [self._answer(text) for text in encoded.dictionary.to_pylist()]
        return FieldResults(self._field.name, positions, self._field, encoded.indices.to_numpy(), answers)

    def _answer(self, text: str | None) -> _TextResult:
        present = {} if text is None else {self._field.name: text}
        try:
            found = self._validator.validate_python(present, by_alias=False, by_name=True)
        except ValidationError as exc:
            return _TextResult(None, rejects.model_errors(exc, present))
        return _TextResult(found[0][self._field.name], ())


def field_validator(part: Schema, config: Any, definitions: list[Any], field: Field) -> FieldValidator | None:
    """The `part` of a model that reads `field`; `None` where it may depend on more than the text."""
    return None if depends_on_row(part, definitions) else FieldValidator(part, config, definitions, field)
