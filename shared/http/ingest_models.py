"""Response models of `POST /api/ingest`: accepted files, outcomes, dry runs."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import RootModel

from shared.http.models import Ingestion, Reject, ResponseModel


class Stored(ResponseModel):
    """A file that is stored; `status_url` is where its ingestion is seen."""

    ingestion_id: str
    filename: str
    blob: str
    size: int
    sha256: str
    status_url: str


class Accepted(ResponseModel):
    """The files of a request, which will be loaded; `told` is what was told about them."""

    dataset: str
    told: dict[str, Any]
    files: list[Stored]


class Arrived(Stored, Ingestion):
    """A file that is settled, with the first rows that it brought."""

    first_rows: list[dict[str, Any]]


class Outcomes(ResponseModel):
    """What became of the files of a request."""

    dataset: str
    told: dict[str, Any]
    files: list[Arrived]


class ForeseenCounts(ResponseModel):
    """Of all rows of a file."""

    read: int
    accepted: int
    rejected: int


class ForeseenColumn(ResponseModel):
    """A column of a file, and the table's that it would go to; without a `name` it would not be loaded."""

    header: str
    name: str | None
    type: str | None
    nullable: bool | None
    nulls: list[str]
    why_text: str | None


class Foreseen(ResponseModel):
    """What would become of a file, or of one in an archive (`member`)."""

    filename: str
    member: str | None
    size: int
    would_be: Literal["loaded", "refused"]
    error: dict[str, Any] | None
    compression: str | None
    format: dict[str, Any] | None
    columns: list[ForeseenColumn]
    ignored_columns: list[str]
    counts: ForeseenCounts
    rejects: list[Reject]
    changes: list[dict[str, Any]]
    rows: list[dict[str, Any]]


class DryRun(ResponseModel):
    """What would become of the files of a request; `creates`: they would make the dataset."""

    dataset: str
    declared: bool
    creates: bool
    told: dict[str, Any]
    files: list[Foreseen]


class Settled(RootModel[Outcomes | DryRun]):
    """What became of the files of a request, or would become of them."""
