"""Errors of the model get messages that say what is wrong with a value."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from shared.parsing import rejects


class Colour(Enum):
    """A field with a fixed set of texts."""

    RED = "red"
    BLUE = "blue"


@pytest.mark.parametrize(
    ("annotation", "text", "code", "message"),
    [
        (bool, "maybe", "bool_parsing", "not true or false"),
        (
            Annotated[Decimal, Field(max_digits=3, decimal_places=1)],
            "12.34",
            "decimal_max_digits",
            "more than 3 digits",
        ),
        (
            Annotated[Decimal, Field(decimal_places=1)],
            "1.23",
            "decimal_max_places",
            "more than 1 decimal places",
        ),
        (
            Annotated[Decimal, Field(max_digits=3, decimal_places=1)],
            "123",
            "decimal_whole_digits",
            "more than 2 digits before the decimal point",
        ),
        (Decimal, "x", "decimal_parsing", "not a number"),
        (Colour, "green", "enum", "must be one of 'red' or 'blue'"),
        (Annotated[float, Field(allow_inf_nan=False)], "nan", "finite_number", "not a finite number"),
        (float, "x", "float_parsing", "not a number"),
        (Annotated[int, Field(gt=0)], "0", "greater_than", "must be greater than 0"),
        (Annotated[int, Field(ge=1)], "0", "greater_than_equal", "must be at least 1"),
        (int, "1.5", "int_parsing", "not a whole number"),
        (int, 1.5, "int_from_float", "not a whole number"),
        (int, "9" * 5000, "int_parsing_size", "the number is too large"),
        (Annotated[int, Field(lt=2)], "2", "less_than", "must be less than 2"),
        (Annotated[int, Field(le=2)], "3", "less_than_equal", "must be at most 2"),
        (Literal["a", "b"], "c", "literal_error", "must be one of 'a' or 'b'"),
        (Annotated[int, Field(multiple_of=5)], "7", "multiple_of", "must be a multiple of 5"),
        (
            Annotated[str, Field(pattern="^a$")],
            "b",
            "string_pattern_mismatch",
            "does not match the pattern ^a$",
        ),
        (Annotated[str, Field(max_length=2)], "abc", "string_too_long", "longer than 2 characters"),
        (Annotated[str, Field(min_length=2)], "a", "string_too_short", "shorter than 2 characters"),
    ],
)
def test_an_error_of_the_model_has_its_code_and_a_plain_message(
    annotation: Any, text: Any, code: str, message: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(annotation).validate_python(text)
    (error,) = rejects.model_errors(caught.value, {})
    assert (error.code, error.message) == (code, message)
