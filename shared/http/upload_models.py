"""Response models of uploads: accepted files, their outcomes, dry runs and signed URLs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import RootModel

from shared.http.ingestion_models import FileFormat, FormatWarning, Ingestion, Reject, Text, format_warnings
from shared.http.models import ResponseModel
from shared.text import printable

if TYPE_CHECKING:  # dry runs import pandas and pyarrow
    from shared.parsing import rejects
    from shared.storage.upload_options import UploadOptions
    from shared.use_cases import dry_run
    from shared.use_cases.dry_run_report import FileDryRun
    from shared.use_cases.wait_for_loads import FinishedLoad


def _with_texts(members: Mapping[str, Any], name: str, texts: Iterable[str]) -> str:
    """A JSON object of `members` and the list `name` of `texts`, which are JSON already.

    Rows stay texts, since Python's JSON numbers do not preserve all digits.
    """
    return f'{json.dumps(members, ensure_ascii=False)[:-1]}, "{name}": [{", ".join(texts)}]}}'


class Stored(ResponseModel):
    """A stored file; `status_url` is the address of its ingestion."""

    ingestion_id: Text
    filename: str
    blob: str
    size: int
    sha256: str
    status_url: str


class Accepted(ResponseModel):
    """The stored files of a request, which will be loaded; `told` are the options of the request."""

    dataset: str
    told: dict[str, Any]
    files: list[Stored]


class Arrived(Stored, Ingestion):
    """A file in its final state, with the first rows that its load wrote."""

    first_rows: list[dict[str, Any]]


class Outcomes(ResponseModel):
    """The results of all files of a request."""

    dataset: str
    told: dict[str, Any]
    files: list[Arrived]


def outcomes_json(accepted: Accepted, loads: Sequence[FinishedLoad]) -> str:
    """`Outcomes` of the accepted files, whose `loads` are in the same order, as JSON."""
    files = [
        _with_texts(
            {**stored.as_json(), **Ingestion.from_view(load.view).as_json()}, "first_rows", load.first_rows
        )
        for stored, load in zip(accepted.files, loads, strict=True)
    ]
    return _with_texts({"dataset": accepted.dataset, "told": accepted.told}, "files", files)


class ForeseenCounts(ResponseModel):
    """Numbers of all rows of a file."""

    read: int
    accepted: int
    rejected: int


class ForeseenColumn(ResponseModel):
    """A column of a file and the column of the table for it; without a `name` it would not be loaded."""

    header: str
    name: str | None
    type: str | None
    nullable: bool | None
    nulls: list[str]
    why_text: str | None


class _ForeseenFile(ResponseModel):
    filename: str
    member: str | None
    size: int
    would_be: Literal["loaded", "refused"]
    error: dict[str, Any] | None
    compression: str | None
    format: FileFormat | None
    columns: list[ForeseenColumn]
    ignored_columns: list[str]
    counts: ForeseenCounts
    rejects: list[Reject]
    changes: list[dict[str, Any]]
    warnings: list[FormatWarning]

    @classmethod
    def from_item(cls, item: dry_run.DryRunItem) -> Self:
        """The prediction for a file, without its first rows."""
        result = item.result
        compression = "zip" if item.is_archive else result.format and result.format.compression
        file_format = result.format.as_json() if result.format else None
        read = result.accepted + result.rejected
        return cls.model_validate(
            {
                "filename": item.file.filename,
                "member": item.member and item.member.name,
                "size": item.member.size if item.member else len(item.file.content),
                "would_be": "refused" if result.refusal else "loaded",
                "error": result.refusal and result.refusal.as_json(),
                "compression": compression or None,
                "format": file_format,
                "columns": result.columns,
                "ignored_columns": _ignored_columns(result),
                "counts": {"read": read, "accepted": result.accepted, "rejected": result.rejected},
                "rejects": [_printable_reject(reject) for reject in result.rejects],
                "changes": [change.as_json() for change in result.changes],
                "warnings": format_warnings(file_format),
            }
        )


class Foreseen(_ForeseenFile):
    """The prediction for a file, or for a file in an archive (`member`)."""

    rows: list[dict[str, Any]]


class DryRun(ResponseModel):
    """The predictions for the files of a request; `creates`: the files would create the dataset."""

    dataset: str
    declared: bool
    creates: bool
    told: dict[str, Any]
    files: list[Foreseen]


class Settled(RootModel[Outcomes | DryRun]):
    """The results of the files of a request, or predictions for them."""


def dry_run_json(run: dry_run.DryRun, options: UploadOptions) -> str:
    """`DryRun` as JSON."""
    head = {
        "dataset": run.dataset,
        "declared": run.is_declared,
        "creates": run.is_new,
        "told": options.as_json(),
    }
    files = [
        _with_texts(_ForeseenFile.from_item(item).as_json(), "rows", item.result.rows) for item in run.items
    ]
    return _with_texts(head, "files", files)


def _ignored_columns(result: FileDryRun) -> list[str]:
    """Columns that the contract does not have; none if the file is refused because of its header."""
    is_any_loaded = any(column.name for column in result.columns)
    return [column.header for column in result.columns if not column.name] if is_any_loaded else []


def _printable_reject(reject: rejects.Reject) -> dict[str, Any]:
    errors = [error.as_json() for error in reject.errors]
    return {"line": reject.line, "raw": printable(reject.raw), "errors": errors}


class SignedUpload(ResponseModel):
    """Where and how to upload one file."""

    url: str
    method: Literal["PUT"]
    headers: dict[str, str]
    blob: str
    expires_at: Text
    status_url: str
