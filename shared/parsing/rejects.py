"""Rejects: rows that are not loaded, with their reasons, and the limits on their number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from shared.contracts.base import Contract
from shared.errors import FileRefused


@dataclass(frozen=True, slots=True)
class RowError:
    """One reason; `column` is the contract's field, or `None` where the whole row is at fault."""

    code: str
    message: str
    column: str | None = None
    value: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """The reason as it is kept in `ingest.rejects.errors`."""
        return {"column": self.column, "code": self.code, "message": self.message, "value": self.value}


@dataclass(frozen=True, slots=True)
class Reject:
    """`line` counts from 1; `raw` is the row's text as read, broken bytes as lone surrogates."""

    line: int
    raw: str
    errors: tuple[RowError, ...]


_LONGEST_VALUE = 200
"""Characters of a refused value that are repeated beside its reason; the reject has the whole row."""


def model_errors(error: ValidationError, present: Mapping[str, str]) -> tuple[RowError, ...]:
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


def number_error(column: str, text: str, example: str) -> RowError:
    """The reason for a text that is not a number in the file's number format, of which `example` is one."""
    message = f"not a number as this file is said to write them, such as {example}"
    return RowError("number_format", message, column, text[:_LONGEST_VALUE])


def unclosed_quote_hint(line: int, raw: str) -> tuple[RowError, ...]:
    """A hint that one row took other rows' lines with it, which a quote that is missing looks like."""
    if "\n" not in raw:
        return ()
    message = f"the row goes on to line {line + raw.count(chr(10))}; if it should not, a quote is missing"
    return (RowError("several_lines", message),)


def check_reject_limit(rejected: int, read: int, contract: type[Contract]) -> None:
    """Raises `FileRefused` where of the rows of a file, all of which were `read`, too many were rejected."""
    if read and rejected / read > contract.max_reject_ratio:
        raise _too_many(f"{rejected} of {read} rows were rejected", rejected, read, contract)


def check_limit_reachable(
    rejected: int, read: int, max_remaining_bytes: int | None, width: int, contract: type[Contract]
) -> None:
    """End early where even a file of good rows from here on would have too many rejects.

    A row of `width` fields takes at least as many bytes, its commas and its line end, so the bytes left bound
    the rows still to come.
    """
    if max_remaining_bytes is None:
        return
    most_rows = read + max_remaining_bytes // max(width, 1) + 1
    if rejected / most_rows > contract.max_reject_ratio:
        found = f"{rejected} of the first {read} rows were rejected, and the rest was not read"
        raise _too_many(found, rejected, read, contract)


def _too_many(found: str, rejected: int, read: int, contract: type[Contract]) -> FileRefused:
    limit = contract.max_reject_ratio
    return FileRefused(
        "too_many_rejects",
        f"{found}: more than the {limit:.0%} that the contract allows. Nothing of the file was loaded.",
        rejected=rejected,
        read=read,
        max_reject_ratio=limit,
    )
