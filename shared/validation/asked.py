"""The model's own validator of one field, for what has no rule: asked once for each distinct text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pydantic_core import SchemaValidator, ValidationError

from shared.contracts.dataset import Field
from shared.validation import arrow
from shared.validation.rule import Encoding, Known, Rule, Schema


def asked(schema: Schema, config: Any, definitions: list[Any], field: Field) -> Rule | None:
    """The rule that asks; `None` where an answer may depend on more than the text."""
    if needs_row(schema, definitions):
        return None
    whole: Any = {"type": "definitions", "schema": schema, "definitions": definitions}
    validator = SchemaValidator(whole, config)

    def read(texts: pa.StringArray) -> Known:
        answers = [_answer(validator, text) for text in texts.to_pylist()]
        values = arrow.column([answer[0] if answer else None for answer in answers], field)
        return Known(values, pa.array([answer is not None for answer in answers], pa.bool_()))

    return Rule(read, Encoding.ALWAYS)


def _answer(validator: SchemaValidator, text: str | None) -> tuple[Any] | None:
    if text is None:
        return None
    try:
        return (validator.validate_python(text),)
    except ValidationError:
        return None


def needs_row(schema: Schema, definitions: list[Any]) -> bool:
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
