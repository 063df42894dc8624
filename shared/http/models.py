"""The base of all response models, and the models of problems, health and rows."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    pass


def as_text(value: object) -> object:
    """Ids and times as JSON texts; other values unchanged."""
    if isinstance(value, date):  # every datetime is one
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value


class ResponseModel(BaseModel):
    """A part of a response. New members can be added, so clients must ignore those that they do not know."""

    model_config = ConfigDict(extra="ignore", from_attributes=True)

    def as_json(self) -> dict[str, Any]:
        """JSON values by member; a member that has its default value is left out."""
        return self.model_dump(exclude_defaults=True)


class Problem(ResponseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] = []


class Part(ResponseModel):
    """A service that the app needs."""

    part: str
    ok: bool
    milliseconds: int
    detail: str | None


class Health(ResponseModel):
    """Whether all services answer."""

    status: Literal["ok", "unavailable"]
    parts: list[Part]


class Rows(ResponseModel):
    """A page of rows: one object for each row, with a member for each column."""

    rows: list[dict[str, Any]]
    next: str | None
