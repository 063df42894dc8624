"""A reject: one row that is not loaded, with its place, its text and every reason."""

from __future__ import annotations

from dataclasses import dataclass


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
