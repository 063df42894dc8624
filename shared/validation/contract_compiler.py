"""Compiles a contract into one rule per field, from pydantic's core schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.contracts import dataset_table
from shared.contracts.base import MAX_CONTRACTS, Contract
from shared.validation import arrow_types, rules, text_rules
from shared.validation.field_validator import FieldValidator, field_rule, field_validator
from shared.validation.rules import DictionaryEncoding, Rule, RuleResult, Schema, has_only_options, undecided

_SAMPLE = 1024
"""Texts to look at, evenly spread, before a column is encoded."""
_FEW = 0.75
"""Share of distinct texts in the sample, below which encoding pays; 1,500 distinct texts give about that."""


@dataclass(frozen=True, slots=True)
class ColumnReader:
    """How a field is read; without a `rule`, or without a certain `default`, the model is asked.

    `default` is the scalar of type `kind` where the text is missing; `None` where that is not known. `alone`
    is the model's own part that reads the field; `None` where it must see whole rows.
    """

    kind: pa.DataType
    rule: Rule | None = None
    default: Any = None
    exclusive: FieldValidator | None = None

    def read(self, texts: pa.StringArray) -> RuleResult:
        """The texts as typed values, missing ones as the default."""
        if texts.null_count == len(texts):
            return self.missing(len(texts))
        known = _read(self.rule, texts) if self.rule else undecided(len(texts), self.kind)
        if not texts.null_count:
            return known
        return self._filled(known, texts)

    def missing(self, rows: int) -> RuleResult:
        """The column that the file does not have."""
        if self.default is None:
            return undecided(rows, self.kind)
        return RuleResult(pa.repeat(self.default, rows))

    def _filled(self, known: RuleResult, texts: pa.StringArray) -> RuleResult:
        certain: Any = texts.is_valid() if known.certain is None else known.certain.fill_null(False)
        if self.default is None:
            return RuleResult(known.values, pc.and_(certain, texts.is_valid()))
        values: pa.Array[Any] = pc.if_else(texts.is_null(), self.default, known.values)
        return RuleResult(values, pc.or_(certain, texts.is_null()))


def _read(rule: Rule, texts: pa.StringArray) -> RuleResult:
    if rule.encoding is DictionaryEncoding.NEVER or (
        rule.encoding is DictionaryEncoding.IF_FEW and not _are_few(texts)
    ):
        return rule.read(texts)
    encoded: Any = texts.dictionary_encode()
    known = rule.read(encoded.dictionary)
    certain = known.certain if known.certain is None else known.certain.take(encoded.indices)
    return RuleResult(known.values.take(encoded.indices), certain)


def _are_few(texts: pa.StringArray) -> bool:
    if len(texts) < 2 * _SAMPLE:
        return False
    places: Any = pa.array(np.linspace(0, len(texts) - 1, _SAMPLE, dtype=np.int32))
    sample = texts.take(places)
    return len(sample.unique()) < _SAMPLE * _FEW


_RULES: dict[str, Callable[[Schema], Rule | None]] = {
    "str": text_rules.text_rule,
    "int": rules.integer_rule,
    "float": rules.float_rule,
    "decimal": rules.decimal_rule,
    "bool": text_rules.boolean_rule,
    "enum": text_rules.enum_rule,
    "literal": text_rules.literal_rule,
    "date": rules.date_rule,
    "datetime": rules.datetime_rule,
    "function-before": rules.checked_datetime_rule,
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
class CompiledContract:
    """The columns of a contract, in its order, all without a rule where only whole rows tell: a validator of
    the model sees all fields, so that nothing is certain of one.
    """

    columns: dict[str, ColumnReader]


@lru_cache(MAX_CONTRACTS)
def compile_contract(contract: type[Contract]) -> CompiledContract:
    """`contract` compiled, once. What is not understood is left to the model, never guessed."""
    contract.model_rebuild()
    root: Any = contract.__pydantic_core_schema__
    definitions: list[Any] = []
    if root["type"] == "definitions":
        root, definitions = root["schema"], root["definitions"]
    if not _is_only_fields(root):
        return CompiledContract(
            {
                field.name: ColumnReader(arrow_types.arrow_type(field))
                for field in dataset_table.contract_fields(contract)
            }
        )
    model = _Model(root.get("config", {}), definitions)
    parts: dict[str, Schema] = root["schema"]["fields"]
    return CompiledContract(
        {
            field.name: model.column(parts[field.name], field)
            for field in dataset_table.contract_fields(contract)
        }
    )


def _is_only_fields(root: Schema) -> bool:
    return (
        root["type"] == "model"
        and has_only_options(
            root, "cls", "schema", "config", "custom_init", "root_model", "post_init", "generic_origin"
        )
        and not (root.get("custom_init") or root.get("root_model") or root.get("post_init"))
        and root["schema"]["type"] == "model-fields"
        and has_only_options(root["schema"], "fields", "model_name", "computed_fields")
    )


@dataclass(frozen=True, slots=True)
class _Model:
    config: dict[str, Any]
    definitions: list[Any]

    def column(self, part: Schema, field: dataset_table.Field) -> ColumnReader:
        kind = arrow_types.arrow_type(field)
        known = has_only_options(part, "schema", "validation_alias", "serialization_alias", "frozen")
        if part["type"] != "model-field" or not known:
            return ColumnReader(kind)
        schema = part["schema"]
        return ColumnReader(
            kind,
            self._rule(schema) or field_rule(schema, self.config, self.definitions, field),
            self._default(schema, field),
            field_validator(part, self.config, self.definitions, field),
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

    def _default(self, schema: Schema, field: dataset_table.Field) -> Any:
        known = has_only_options(schema, "schema", "default", "validate_default", "copy_default", "on_error")
        if schema["type"] != "default" or "default" not in schema or not known:
            return None
        if schema.get("validate_default", self.config.get("validate_default")):
            return None
        try:
            return arrow_types.to_arrow_column([schema["default"]], field)[0]
        except (pa.ArrowInvalid, pa.ArrowTypeError, ArithmeticError):
            return None
