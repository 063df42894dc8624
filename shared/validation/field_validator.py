"""Validates one field with pydantic, once per distinct value.

If no validator of the model sees more than its own field, the errors of a row are those of its fields, one
after the other: then only the fields that the rules do not decide are validated, not the whole row.
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
from shared.parsing.rejects import RowError, model_errors
from shared.validation import arrow_types
from shared.validation.rules import DictionaryEncoding, Rule, RuleResult, Schema

Positions = npt.NDArray[np.int64]


class _TextResult(NamedTuple):
    """The model's value of a text, or its errors."""

    value: Any
    errors: tuple[RowError, ...]


@dataclass(frozen=True, slots=True)
class FieldResults:
    """The model's results for the texts of field `name` at `positions`.

    The result at a position is the one of `_results` whose index `_indices` has.
    """

    name: str
    positions: Positions
    _field: Field
    _indices: npt.NDArray[np.int32]
    _results: Sequence[_TextResult]

    def errors(self) -> Iterator[tuple[int, tuple[RowError, ...]]]:
        """The positions whose text is not valid, and the errors."""
        is_invalid = np.array([bool(result.errors) for result in self._results], np.bool_)[self._indices]
        positions, indices = self.positions[is_invalid].tolist(), self._indices[is_invalid].tolist()
        return (
            (position, self._results[index].errors)
            for position, index in zip(positions, indices, strict=True)
        )

    def values(self, chosen: npt.NDArray[np.bool_]) -> pa.Array[Any]:
        """The values at the `chosen` positions, all of which have valid texts."""
        used, indices = np.unique(self._indices[chosen], return_inverse=True)
        values = [self._results[index].value for index in used.tolist()]
        taken: Any = pa.array(indices)
        return arrow_types.to_arrow_column(values, self._field).take(taken)


class FieldValidator:
    """The part of a model that validates one field."""

    def __init__(self, part: Schema, config: Any, definitions: list[Any], field: Field) -> None:
        model = {"type": "model-fields", "fields": {field.name: part}}
        schemas: Any = [
            {"type": "definitions", "schema": schema, "definitions": definitions}
            for schema in (model, part["schema"])
        ]
        self._validator = SchemaValidator(schemas[0], config)
        self._text_validator = SchemaValidator(schemas[1], config)  # takes half the time, has no field names
        self._field = field

    def rule(self) -> Rule:
        """The rule that accepts what the model accepts."""
        return Rule(self._read, DictionaryEncoding.ALWAYS)

    def validate(self, texts: pa.StringArray | None, positions: Positions) -> FieldResults:
        """Validate `texts` at `positions`; `texts` is `None` if the file has no such column."""
        count, indices = len(positions), pa.array(positions)
        chosen: Any = pa.nulls(count, pa.string()) if texts is None else texts.take(indices)  # type: ignore[arg-type]
        encoded = chosen.dictionary_encode(null_encoding="encode")
        results = [self._result(text) for text in encoded.dictionary.to_pylist()]
        return FieldResults(self._field.name, positions, self._field, encoded.indices.to_numpy(), results)

    def _read(self, texts: pa.StringArray) -> RuleResult:
        results = [self._accept(text) for text in texts.to_pylist()]
        values = arrow_types.to_arrow_column([result and result[0] for result in results], self._field)
        return RuleResult(values, pa.array([result is not None for result in results], pa.bool_()))

    def _accept(self, text: str | None) -> tuple[Any] | None:
        """The value of a valid text in a tuple, since the value can be `None`."""
        if text is None:
            return None
        try:
            return (self._text_validator.validate_python(text),)
        except ValidationError:
            return None

    def _result(self, text: str | None) -> _TextResult:
        texts = {} if text is None else {self._field.name: text}
        try:
            fields = self._validator.validate_python(texts, by_alias=False, by_name=True)[0]
        except ValidationError as exc:
            return _TextResult(None, model_errors(exc, texts))
        return _TextResult(fields[self._field.name], ())


def field_validator(part: Schema, config: Any, definitions: list[Any], field: Field) -> FieldValidator | None:
    """The validator for the `part` of a model that is `field`; `None` if results depend on other fields."""
    return None if _depends_on_row(part, definitions) else FieldValidator(part, config, definitions, field)


def _depends_on_row(schema: Schema, definitions: list[Any]) -> bool:
    """Whether a result may depend on more than the text: on other fields, or on when a default is made."""
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
