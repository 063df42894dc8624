"""Rejects: rows that are not loaded, with their errors, and the limit on their number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from shared.contracts.base import Contract
from shared.error_codes import ROW_ERRORS
from shared.errors import FileRefused
from shared.text import printable


@dataclass(frozen=True, slots=True)
class RowError:
    """One error of a row; `column` is the contract's field, or `None` where the whole row is at fault.

    `code` is a key of `error_codes.ROW_ERRORS`, or one of pydantic's codes.
    """

    code: str
    message: str
    column: str | None = None
    value: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """The error as `ingest.rejects.errors` stores it; the value is made storable."""
        value = None if self.value is None else printable(self.value)
        return {"column": self.column, "code": self.code, "message": self.message, "value": value}


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not loaded.

    `line` counts from 1; `raw` is the text of the row as read, with invalid bytes as lone surrogates.
    """

    line: int
    raw: str
    errors: tuple[RowError, ...]


_MAX_VALUE_LENGTH = 200
"""Characters of a rejected value that its error repeats; the reject has the whole row."""


def row_error(code: str, column: str | None = None, value: str | None = None, **facts: Any) -> RowError:
    """An error with one of the app's own codes; `facts` fill in its message."""
    message = ROW_ERRORS[code].format(facts)
    return RowError(code, message, column, value and value[:_MAX_VALUE_LENGTH])


def row_reject(code: str, line: int, raw: str, **facts: Any) -> Reject:
    """The reject of a whole row for a single error."""
    return Reject(line, raw, (row_error(code, **facts),))


_MODEL_MESSAGES: Mapping[str, str] = {
    "bool_parsing": "not true or false",
    "decimal_max_digits": "more than {max_digits} digits",
    "decimal_max_places": "more than {decimal_places} decimal places",
    "decimal_parsing": "not a number",
    "decimal_whole_digits": "more than {whole_digits} digits before the decimal point",
    "enum": "must be one of {expected}",
    "finite_number": "not a finite number",
    "float_parsing": "not a number",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "int_from_float": "not a whole number",
    "int_parsing": "not a whole number",
    "int_parsing_size": "the number is too large",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be one of {expected}",
    "missing": "a value is required",
    "multiple_of": "must be a multiple of {multiple_of}",
    "string_pattern_mismatch": "does not match the pattern {pattern}",
    "string_too_long": "longer than {max_length} characters",
    "string_too_short": "shorter than {min_length} characters",
}
"""Messages for pydantic's codes, in place of pydantic's own, which are written for programmers."""


def model_errors(error: ValidationError, texts: Mapping[str, str]) -> tuple[RowError, ...]:
    """The errors that pydantic found in `texts`, which has the text of each field that is not missing."""
    return tuple(
        RowError(
            code=item["type"],
            message=_model_message(item["type"], item["msg"], item.get("ctx", {})),
            column=str(item["loc"][0]) if item["loc"] else None,
            value=texts.get(str(item["loc"][0]), "")[:_MAX_VALUE_LENGTH] if item["loc"] else None,
        )
        for item in error.errors(include_url=False, include_input=False)
    )


def _model_message(code: str, message: str, context: Mapping[str, Any]) -> str:
    template = _MODEL_MESSAGES.get(code)
    return template.format(**context) if template else message.removeprefix("Value error, ")


def unclosed_quote_hint(line: int, raw: str) -> tuple[RowError, ...]:
    """The hint that a rejected row of several lines may have a quote that is not closed."""
    if "\n" not in raw:
        return ()
    return (row_error("several_lines", line=line + raw.count("\n")),)


def check_reject_limit(rejected: int, read: int, contract: type[Contract]) -> None:
    """Raise `FileRefused` if too many of all `read` rows of the file were rejected."""
    limit = contract.max_reject_ratio
    if read and rejected / read > limit:
        raise FileRefused("too_many_rejects", rejected=rejected, read=read, max_reject_ratio=limit)


def check_limit_reachable(
    rejected: int, read: int, max_remaining_bytes: int | None, width: int, contract: type[Contract]
) -> None:
    """Raise `FileRefused` before the end if the file has too many rejects even if all other rows are valid.

    A row of `width` fields takes at least as many bytes (delimiters and line end), so the remaining bytes
    limit the number of remaining rows.
    """
    if max_remaining_bytes is None:
        return
    max_rows = read + max_remaining_bytes // max(width, 1) + 1
    limit = contract.max_reject_ratio
    if rejected / max_rows > limit:
        raise FileRefused("too_many_rejects.early", rejected=rejected, read=read, max_reject_ratio=limit)
