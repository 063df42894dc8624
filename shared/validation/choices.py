"""One of some texts: booleans, enumerations, literals."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from shared.validation.rule import Known, Rule, Schema, is_plain

_TRUE = pa.array(["1", "on", "t", "true", "y", "yes"])
_FALSE = pa.array(["0", "f", "false", "n", "no", "off"])
"""pydantic's spellings, in any case: https://docs.pydantic.dev/latest/api/standard_library_types/#booleans"""


def boolean(schema: Schema) -> Rule | None:
    """`bool`."""
    return Rule(_read_boolean) if is_plain(schema) else None


def _read_boolean(texts: pa.StringArray) -> Known:
    lower = pc.ascii_lower(texts)
    true = pc.is_in(lower, value_set=_TRUE)
    return Known(true).only(pc.or_(true, pc.is_in(lower, value_set=_FALSE)))


def enumeration(schema: Schema) -> Rule | None:
    """An `Enum` whose values are texts: the values are the column's."""
    # `missing` is only asked about what is no value of a member.
    if not is_plain(schema, "cls", "members", "sub_type", "missing"):
        return None
    return _one_of([member.value for member in schema["members"]])


def literal(schema: Schema) -> Rule | None:
    """`Literal` of texts."""
    return _one_of(schema["expected"]) if is_plain(schema, "expected") else None


def _one_of(values: list[object]) -> Rule | None:
    if any(type(value) is not str for value in values):
        return None
    allowed = pa.array(values, pa.string())
    return Rule(lambda texts: Known(texts).only(pc.is_in(texts, value_set=allowed)))
