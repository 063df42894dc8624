"""Response models of ingestions and their rejects, built from entries of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema

from shared import error_codes
from shared.http.models import ResponseModel, as_text
from shared.ledger.entries import MemberEntry, count_columns
from shared.ledger.tables import State as LedgerState
from shared.storage.blob_version import BlobVersion

if TYPE_CHECKING:
    from shared.queries.ingestions import IngestionView


_MAX_MEMBERS = 1000


Text = Annotated[str, BeforeValidator(as_text)]
"""A text, also made from an id or a time."""


class Counts(ResponseModel):
    """Numbers of rows of a file, by result."""

    read: int | None
    inserted: int | None
    updated: int | None
    unchanged: int | None
    duplicates_in_file: int | None
    rejected: int | None

    @classmethod
    def from_columns(cls, columns: Mapping[Any, Any]) -> Self:
        """The counts in `columns` of the ledger."""
        return cls(**{name: columns[f"rows_{_LEDGER_NAMES.get(name, name)}"] for name in cls.model_fields})

    @classmethod
    def from_entry(cls, entry: Mapping[Any, Any]) -> Self:
        """The counts of a ledger entry; unknown during a replay, when the columns are of the load before."""
        return cls(**dict.fromkeys(cls.model_fields)) if entry["replaying"] else cls.from_columns(entry)


_LEDGER_NAMES = {"duplicates_in_file": "duplicate"}


class Timings(ResponseModel):
    """When a file was received and loaded; times are ISO 8601."""

    received_at: Text
    started_at: Text | None
    finished_at: Text | None
    load_milliseconds: int | None

    @classmethod
    def from_entry(cls, entry: Mapping[Any, Any]) -> Self:
        """The times of the current load: while an entry is loaded again, not those of the load before."""
        started = None if entry["replaying"] == LedgerState.RECEIVED else entry["started_at"]
        finished = None if entry["replaying"] else entry["finished_at"]
        return cls.model_validate(
            {
                "received_at": entry["received_at"],
                "started_at": started,
                "finished_at": finished,
                "load_milliseconds": started
                and finished
                and round((finished - started).total_seconds() * 1000),
            }
        )


State = Literal["received", "loading", "loaded", "refused", "failed", "duplicate", "superseded", "undone"]


class Undone(ResponseModel):
    """The result of an undo; `unchanged_in` are loads that may lack some of the deleted rows."""

    at: str
    rows_removed: int
    rows_changed_since: int
    handed_over_to: str | None
    unchanged_in: list[str]


class ListedIngestion(ResponseModel):
    """The load of one version of one blob."""

    id: Text
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
    duplicate_of: Text | None
    replaced_by: Text | None
    corrects: Text | None
    corrected_by: list[Text]
    undone: Undone | None
    ignored_columns: list[str]
    member: str = Field("", description="For a file in an archive: its name there.")
    archive: Text = Field("", description="For a file in an archive: the ingestion of the archive.")

    @classmethod
    def from_view(cls, view: IngestionView) -> Self:
        """The ledger entry of `view`; fields with the name of a ledger column are taken from the column."""
        entry = view.entry
        archive = BlobVersion(entry["container"], entry["path"], entry["etag"]).ingestion_id
        derived = {
            "state": entry["replaying"] or entry["state"],
            "blob": f"{entry['container']}/{entry['path']}",
            "counts": Counts.from_entry(entry),
            "timings": Timings.from_entry(entry),
            "corrected_by": list(view.corrected_by),
            "ignored_columns": entry["ignored_columns"] or [],
            "columns": entry["columns"] or [],
            "warnings": format_warnings(entry["format"]),
            "archive": archive if entry["member"] else "",
            "members": [Member.from_entry(member) for member in view.members[:_MAX_MEMBERS]],
        }
        return cls.model_validate({**entry, **derived})


class Member(ResponseModel):
    """A file in an archive."""

    id: Text
    member: str
    state: State
    counts: Counts

    @classmethod
    def from_entry(cls, entry: MemberEntry) -> Self:
        """The ledger entry of the file."""
        counts = Counts.from_columns(count_columns(entry.counts))
        return cls.model_validate(
            {"id": entry.id, "member": entry.member, "state": entry.state, "counts": counts}
        )


class FormatWarning(ResponseModel):
    """A detected property of the file that could be wrong; the upload option `option` overrides it."""

    code: str
    message: str
    column: str | None
    line: int | None
    example: str | None
    option: str | None


def format_warnings(found: Mapping[str, Any] | None) -> list[FormatWarning]:
    """The warnings about a file format; `found` is the JSON of `Format`, which stores their sentences."""
    sentences = (found or {}).get("doubts", ())
    return [FormatWarning.model_validate(error_codes.parse_warning(sentence)) for sentence in sentences]


_DOUBTS = {
    "type": "array",
    "items": {"type": "string"},
    "description": "The messages of `warnings`.",
    "deprecated": True,
}


FileFormat = Annotated[
    dict[str, Any],
    WithJsonSchema({"type": "object", "additionalProperties": True, "properties": {"doubts": _DOUBTS}}),
]


class Ingestion(ListedIngestion):
    """A load with the format of the file, detected or set by options, and its columns."""

    format: FileFormat | None
    columns: list[dict[str, Any]]
    warnings: list[FormatWarning]
    members: list[Member] = Field([], description="For an archive: its first 1,000 files.")


class Ingestions(ResponseModel):
    """A page of ingestions."""

    ingestions: list[ListedIngestion]
    next: str | None


class Reason(ResponseModel):
    """A reason why a row was rejected."""

    column: str | None
    code: str
    message: str
    value: str | None


class Reject(ResponseModel):
    """A row that was not loaded."""

    line: int
    raw: str
    errors: list[Reason]


class Rejects(ResponseModel):
    """A page of rejected rows."""

    rejects: list[Reject]
    next: str | None
