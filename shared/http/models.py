"""Response models of the reading endpoints, from which the API description is built."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class ResponseModel(BaseModel):
    """A part of an answer. Others may be added to it, so clients have to ignore what they do not know."""

    model_config = ConfigDict(extra="ignore")


class Problem(ResponseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] = []


class Counts(ResponseModel):
    """What became of the rows of a file."""

    read: int | None
    inserted: int | None
    updated: int | None
    unchanged: int | None
    duplicates_in_file: int | None
    rejected: int | None


class Timings(ResponseModel):
    """When a file came and was loaded; times are ISO 8601."""

    received_at: str
    started_at: str | None
    finished_at: str | None
    load_milliseconds: int | None


State = Literal["received", "loading", "loaded", "refused", "failed", "duplicate", "superseded", "undone"]


class Undone(ResponseModel):
    """What an undo took away; `unchanged_in` are loads that may miss some of the rows now."""

    at: str
    rows_removed: int
    rows_changed_since: int
    handed_over_to: str | None
    unchanged_in: list[str]


class ListedIngestion(ResponseModel):
    """The load of one version of one blob."""

    id: str
    state: State
    dataset: str
    filename: str
    blob: str
    size: int | None
    bytes_read: int | None
    sha256: str | None
    counts: Counts
    timings: Timings
    attempts: int
    error: dict[str, Any] | None
    duplicate_of: str | None
    replaced_by: str | None
    corrects: str | None
    corrected_by: list[str]
    undone: Undone | None
    ignored_columns: list[str]
    member: str = Field("", description="Of a file in an archive: its name there.")
    archive: str = Field("", description="Of a file in an archive: the ingestion of that.")


class Member(ResponseModel):
    """A file in an archive."""

    id: str
    member: str
    state: State
    counts: Counts


class Ingestion(ListedIngestion):
    """With the file's format as it was detected or told, and its columns."""

    format: dict[str, Any] | None
    columns: list[dict[str, Any]]
    members: list[Member] = Field([], description="Of an archive: the first thousand of its files.")


class Ingestions(ResponseModel):
    """A page of them."""

    ingestions: list[ListedIngestion]
    next: str | None


class Reason(ResponseModel):
    """Why a row was rejected."""

    column: str | None
    code: str
    message: str
    value: str | None


class Reject(ResponseModel):
    """A row that broke the contract."""

    line: int
    raw: str
    errors: list[Reason]


class Rejects(ResponseModel):
    """A page of them."""

    rejects: list[Reject]
    next: str | None


class Column(ResponseModel):
    """A column of a dataset; `headers` are the files' own names of it, `nulls` stand for missing values."""

    name: str
    type: str
    nullable: bool
    headers: list[str]
    nulls: list[str]


class LastLoad(ResponseModel):
    """The load that came last."""

    ingestion_id: str
    filename: str
    finished_at: str
    counts: Counts


class Dataset(ResponseModel):
    """A destination of files; `rows` is null where nobody can tell, and `problem` says why."""

    name: str
    declared: bool
    key: list[str]
    columns: list[Column]
    rows: int | None
    rows_estimated: bool
    problem: str | None
    last_load: LastLoad | None


class ChangedDataset(Dataset):
    """With a page of the changes of its table, the newest first."""

    changes: list[dict[str, Any]]
    next: str | None


class Datasets(ResponseModel):
    """A page of them."""

    datasets: list[Dataset]
    next: str | None


class Day(ResponseModel):
    """What was loaded on one day."""

    day: str
    rows: int
    ingestions: int


class Days(ResponseModel):
    """The last days."""

    days: list[Day]


class Part(ResponseModel):
    """What the app stands on."""

    part: str
    ok: bool
    milliseconds: int
    detail: str | None


class Health(ResponseModel):
    """Whether every part answers."""

    status: Literal["ok", "unavailable"]
    parts: list[Part]


class SignedUpload(ResponseModel):
    """Where one file may be uploaded to, and how."""

    url: str
    method: Literal["PUT"]
    headers: dict[str, str]
    blob: str
    expires_at: str
    status_url: str


class Rows(ResponseModel):
    """A page of rows: an object each, with a member for each column."""

    rows: list[dict[str, Any]]
    next: str | None
