"""`Rule` and its answer: typed values, and of which of them it is certain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

Schema: TypeAlias = dict[str, Any]
"""A node of pydantic's core schema: what the model really does, after all annotations and decorators.
https://docs.pydantic.dev/latest/api/pydantic_core_schema/"""


@dataclass(frozen=True, slots=True)
class Known:
    """What a rule makes of texts.

    `values` has the typed value of each; where `certain` is true the model accepts the text and yields
    exactly that value. Elsewhere (false or null) nothing is known, and the model is to be asked.
    `certain` is `None` where it is so of every text that is not missing.
    """

    values: pa.Array[Any]
    certain: pa.BooleanArray | None = None

    def only(self, mask: pa.BooleanArray) -> Known:
        """The same values, certain only where `mask` is true too."""
        if pc.all(mask, min_count=0).as_py():
            return self
        return Known(self.values, mask if self.certain is None else pc.and_(self.certain, mask))


class Encoding(Enum):
    """Whether a rule is better given a column's distinct values: reading each of them may cost more."""

    NEVER = "never"
    IF_FEW = "if few"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Rule:
    """How texts of one field are read: `read` takes an array of them, missing ones as null."""

    read: Callable[[pa.StringArray], Known]
    encoding: Encoding = Encoding.IF_FEW


def nothing(rows: int, kind: Any) -> Known:
    """Nothing is certain."""
    return Known(pa.nulls(rows, kind), pa.repeat(pa.scalar(False), rows))


def shaped(texts: pa.StringArray, shape: str, kind: pa.DataType) -> Known:
    r"""The texts that have `shape` (RE2, from `\A` to `\z`), cast to `kind`; the others are not certain.

    A cast raises for the whole array because of one text, so none but those of the shape may reach it.
    """
    fits = pc.match_substring_regex(texts, shape)
    if pc.all(fits, min_count=0).as_py():
        return Known(texts.cast(kind))
    return Known(pc.if_else(fits, texts, pa.scalar(None, pa.string())).cast(kind), fits)


def is_plain(schema: Schema, *options: str) -> bool:
    """Whether `schema` has no option but these, which its rule knows, and none that only describes."""
    return schema.keys() <= {"type", "metadata", "ref", "serialization", *options}
