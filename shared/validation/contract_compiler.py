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
from shared.validation.field_validator import FieldValidator, field_validator
from shared.validation.rules import DictionaryEncoding, Rule, RuleResult, Schema, has_only_options, undecided

_SAMPLE_SIZE = 1024
"""Texts that are sampled, evenly spread, to decide whether a column is dictionary-encoded."""
_MAX_DISTINCT_SHARE = 0.75
"""Share of distinct texts in the sample below which encoding pays: with 1,500 distinct texts or fewer."""


@dataclass(frozen=True, slots=True)
class ColumnReader:
    """Reads the column of a field; rows are undecided without a `rule`, or without a `default` if missing.

    `default` is the scalar of type `kind` for a missing text, `None` if it is not known. `validator` is the
    model's validator of this field, `None` if the model must validate whole rows.
    """

    kind: pa.DataType
    rule: Rule | None = None
    default: Any = None
    validator: FieldValidator | None = None

    def read(self, texts: pa.StringArray) -> RuleResult:
        """Read the texts as typed values, missing ones as the default."""
        if texts.null_count == len(texts):
            return self.missing(len(texts))
        result = _apply(self.rule, texts) if self.rule else undecided(len(texts), self.kind)
        if not texts.null_count:
            return result
        return self._with_defaults(result, texts)

    def missing(self, rows: int) -> RuleResult:
        """The result for a column that the file does not have."""
        if self.default is None:
            return undecided(rows, self.kind)
        return RuleResult(pa.repeat(self.default, rows))

    def _with_defaults(self, result: RuleResult, texts: pa.StringArray) -> RuleResult:
        accepted: Any = texts.is_valid() if result.accepted is None else result.accepted.fill_null(False)
        if self.default is None:
            return RuleResult(result.values, pc.and_(accepted, texts.is_valid()))
        values: pa.Array[Any] = pc.if_else(texts.is_null(), self.default, result.values)
        return RuleResult(values, pc.or_(accepted, texts.is_null()))


def _apply(rule: Rule, texts: pa.StringArray) -> RuleResult:
    if rule.encoding is DictionaryEncoding.NEVER or (
        rule.encoding is DictionaryEncoding.IF_FEW and not _has_few_distinct(texts)
    ):
        return rule.read(texts)
    encoded: Any = texts.dictionary_encode()
    result = rule.read(encoded.dictionary)
    accepted = result.accepted if result.accepted is None else result.accepted.take(encoded.indices)
    return RuleResult(result.values.take(encoded.indices), accepted)


def _has_few_distinct(texts: pa.StringArray) -> bool:
    if len(texts) < 2 * _SAMPLE_SIZE:
        return False
    positions: Any = pa.array(np.linspace(0, len(texts) - 1, _SAMPLE_SIZE, dtype=np.int32))
    sample = texts.take(positions)
    return len(sample.unique()) < _SAMPLE_SIZE * _MAX_DISTINCT_SHARE


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

_IRRELEVANT_SETTINGS = {
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
"""Settings of a model that do not change how it validates the text of a field."""


@dataclass(frozen=True, slots=True)
class CompiledContract:
    """The columns of a contract in its order.

    None has a rule if a validator of the model sees all fields: only the model can validate such rows.
    """

    columns: dict[str, ColumnReader]


@lru_cache(MAX_CONTRACTS)
def compile_contract(contract: type[Contract]) -> CompiledContract:
    """Compile `contract`, once. Schemas that no rule supports are left to the model."""
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
        validator = field_validator(part, self.config, self.definitions, field)
        rule = self._rule(schema) or (validator.rule() if validator else None)
        return ColumnReader(kind, rule, self._default(schema, field), validator)

    def _rule(self, schema: Schema) -> Rule | None:
        if schema["type"] == "definition-ref":
            (schema,) = (node for node in self.definitions if node["ref"] == schema["schema_ref"])
        # A text is neither missing nor `None`: default and nullable pass it to the schema inside.
        if schema["type"] in {"default", "nullable"} and not schema.get("strict"):
            return self._rule(schema["schema"])
        if schema["type"] not in _RULES:
            return None
        if schema["type"] == "str" and self.config.get("str_strip_whitespace"):
            schema = {"strip_whitespace": True} | schema
        supported = _IRRELEVANT_SETTINGS | {"str_strip_whitespace"}
        return _RULES[schema["type"]](schema) if self.config.keys() <= supported else None

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
