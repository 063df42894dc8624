"""Reasons: what the model says against a row, as it is kept beside the row."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from shared.parsing.reject import RowError
from shared.validation.written import Written

_LONGEST_VALUE = 200
"""Characters of a refused value that are repeated beside its reason; the reject has the whole row."""


def of_error(error: ValidationError, present: Mapping[str, str]) -> tuple[RowError, ...]:
    """Every reason of `error` about the texts `present`, by field."""
    return tuple(
        RowError(
            code=item["type"],
            message=item["msg"].removeprefix("Value error, "),
            column=str(item["loc"][0]) if item["loc"] else None,
            value=present.get(str(item["loc"][0]), "")[:_LONGEST_VALUE] if item["loc"] else None,
        )
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    )


def of_number(column: str, text: str, form: Written) -> RowError:
    """A text that is no number in the form that was told."""
    message = f"not a number as this file is said to write them, such as {form}"
    return RowError("number_format", message, column, text[:_LONGEST_VALUE])


def of_several_lines(line: int, raw: str) -> tuple[RowError, ...]:
    """A hint that one row took other rows' lines with it, which a quote that is missing looks like."""
    if "\n" not in raw:
        return ()
    message = f"the row goes on to line {line + raw.count(chr(10))}; if it should not, a quote is missing"
    return (RowError("several_lines", message),)
