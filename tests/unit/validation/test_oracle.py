"""Validation gives the same result as the model for every row of random contracts and special texts."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, create_model

from shared.contracts.base import Contract
from shared.validation import contract_compiler
from tests.unit.validation.field_kinds import KINDS
from tests.unit.validation.oracle import Column, require_as_row_by_row
from tests.unit.validation.special_texts import SPECIAL_TEXTS

_CONFIGS = [ConfigDict(), ConfigDict(str_strip_whitespace=True), ConfigDict(use_enum_values=True)]


@st.composite
def field_and_texts(draw: st.DrawFn, rows: int) -> tuple[Any, Column | None]:
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    annotation = draw(kind.annotation)
    presence = draw(
        st.sampled_from(["required", "nullable", "none by default", "default", "factory", "alias"])
    )
    default = draw(kind.default)
    made: dict[str, Any] = {
        "required": (annotation, ...),
        "nullable": (annotation | None, ...),
        "none by default": (annotation | None, None),
        "default": (annotation | None, default),
        "factory": (annotation | None, Field(default_factory=lambda: default)),
        "alias": (annotation, Field(validation_alias="another name")),
    }
    texts = draw(
        st.sampled_from(
            [
                kind.texts,
                kind.texts | st.sampled_from(SPECIAL_TEXTS),
                st.sampled_from(SPECIAL_TEXTS),
                st.text(),
            ]
        )
    )
    cells = draw(st.sampled_from([texts, texts | st.none(), st.none()]))
    column = draw(st.lists(cells, min_size=rows, max_size=rows))
    is_absent = presence in {"none by default", "default", "factory"} and draw(st.booleans())
    return made[presence], None if is_absent else column


@st.composite
def contracts_and_columns(draw: st.DrawFn) -> tuple[Any, dict[str, Column]]:
    rows = draw(st.integers(0, 12))
    found = [draw(field_and_texts(rows)) for _ in range(draw(st.integers(1, 3)))]
    base = type("Base", (Contract,), {"model_config": draw(st.sampled_from(_CONFIGS))})
    fields = {f"field_{number}": field for number, (field, _) in enumerate(found)}
    contract: Any = create_model("Made", __base__=base, **fields)
    given_columns = {
        f"field_{number}": column for number, (_, column) in enumerate(found) if column is not None
    }
    return contract, given_columns


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(contracts_and_columns(), st.sampled_from([2, 1024]))
def test_every_row_is_validated_as_by_the_model(
    made: tuple[type[Contract], dict[str, Column]], sample: int
) -> None:
    contract, texts = made
    if not texts:
        return
    with patch.object(contract_compiler, "_SAMPLE_SIZE", sample):
        require_as_row_by_row(texts, contract)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(sorted(KINDS)))
def test_every_special_text_is_validated_as_by_the_model(data: st.DataObject, name: str) -> None:
    contract = create_model("Made", __base__=Contract, field=(data.draw(KINDS[name].annotation), ...))
    require_as_row_by_row({"field": SPECIAL_TEXTS}, contract)
