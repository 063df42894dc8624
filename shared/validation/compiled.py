"""A contract compiled: a rule for each field, from the core schema that pydantic made of the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa

from shared.contracts import dataset
from shared.contracts.base import MOST_CONTRACTS, Contract
from shared.validation import arrow, choices, numbers, texts, times
from shared.validation.alone import alone
from shared.validation.asked import asked
from shared.validation.columns import Column
from shared.validation.rule import Rule, Schema, is_plain

_RULES: dict[str, Callable[[Schema], Rule | None]] = {
    "str": texts.text,
    "int": numbers.integer,
    "float": numbers.floating,
    "decimal": numbers.decimal,
    "bool": choices.boolean,
    "enum": choices.enumeration,
    "literal": choices.literal,
    "date": times.day,
    "datetime": times.moment,
    "function-before": times.checked_moment,
}

_HARMLESS = {
    "title",
    "extra_fields_behavior",
    "hide_input_in_errors",
    "frozen",
    "from_attributes",
    "validate_by_name",
    "validate_by_alias",
    "loc_by_alias",
    "validate_assignment",
}
"""Settings of a model that do not change how a field reads a text."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """The columns of a contract, in its order, all without a rule where only whole rows tell: a validator of
    the model sees all fields, so that nothing is certain of one.
    """

    columns: dict[str, Column]


@lru_cache(MOST_CONTRACTS)
def compiled(contract: type[Contract]) -> Compiled:
    """`contract` compiled, once. What is not understood is left to the model, never guessed."""
    contract.model_rebuild()
    root: Any = contract.__pydantic_core_schema__
    definitions: list[Any] = []
    if root["type"] == "definitions":
        root, definitions = root["schema"], root["definitions"]
    if not _is_only_fields(root):
        return Compiled({field.name: Column(arrow.type_of(field)) for field in dataset.fields(contract)})
    model = _Model(root.get("config", {}), definitions)
    parts: dict[str, Schema] = root["schema"]["fields"]
    return Compiled(
        {field.name: model.column(parts[field.name], field) for field in dataset.fields(contract)}
    )


def _is_only_fields(root: Schema) -> bool:
    return (
        root["type"] == "model"
        and is_plain(
            root, "cls", "schema", "config", "custom_init", "root_model", "post_init", "generic_origin"
        )
        and not (root.get("custom_init") or root.get("root_model") or root.get("post_init"))
        and root["schema"]["type"] == "model-fields"
        and is_plain(root["schema"], "fields", "model_name", "computed_fields")
    )


@dataclass(frozen=True, slots=True)
class _Model:
    config: dict[str, Any]
    definitions: list[Any]

    def column(self, part: Schema, field: dataset.Field) -> Column:
        kind = arrow.type_of(field)
        known = is_plain(part, "schema", "validation_alias", "serialization_alias", "frozen")
        if part["type"] != "model-field" or not known:
            return Column(kind)
        schema = part["schema"]
        return Column(
            kind,
            self._rule(schema) or asked(schema, self.config, self.definitions, field),
            self._default(schema, field),
            alone(part, self.config, self.definitions, field),
        )

    def _rule(self, schema: Schema) -> Rule | None:
        if schema["type"] == "definition-ref":
            (schema,) = (node for node in self.definitions if node["ref"] == schema["schema_ref"])
        # A text is neither missing nor `None`: default and nullable leave it to what they wrap.
        if schema["type"] in {"default", "nullable"} and not schema.get("strict"):
            return self._rule(schema["schema"])
        if schema["type"] not in _RULES:
            return None
        if schema["type"] == "str" and self.config.get("str_strip_whitespace"):
            schema = {"strip_whitespace": True} | schema
        understood = _HARMLESS | {"str_strip_whitespace"}
        return _RULES[schema["type"]](schema) if self.config.keys() <= understood else None

    def _default(self, schema: Schema, field: dataset.Field) -> Any:
        known = is_plain(schema, "schema", "default", "validate_default", "copy_default", "on_error")
        if schema["type"] != "default" or "default" not in schema or not known:
            return None
        if schema.get("validate_default", self.config.get("validate_default")):
            return None
        try:
            return arrow.column([schema["default"]], field)[0]
        except (pa.ArrowInvalid, pa.ArrowTypeError, ArithmeticError):
            return None
