"""Describes the functions of `read_http` for OpenAPI, by function name."""

from __future__ import annotations

from http import HTTPStatus

from read_http import parameters
from read_http.datasets import NewKey
from shared.http import dataset_models, ingestion_models, models
from shared.http.openapi import JSON, Operation, ResponseSpec

_TEXT = {"type": "string"}
_ROW = {"type": "object"}
_LINK = {"Link": 'The address of the next page, with `rel="next"`.'}
_FILTERS = {
    "name": "filters",
    "in": "query",
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": _TEXT},
    "example": {},
    "description": "Conditions on columns: `quantity=5`, `quantity__gte=5` (also `__gt`, `__lte`, `__lt` and "
    '`__ne`), `item__in=a,"b, c"`, `item__null=true`. If a parameter has the name of a column: '
    "`column.limit=5`.",
}
_INVALID, _MISSING, _CONFLICT, _TOO_LARGE, _UNAVAILABLE = (400, 404, 409, 413, 503)

OPERATIONS = {
    "first_chunk": Operation(
        "The first rows of a dataset in load order",
        {200: ResponseSpec("The rows", media={JSON: {"type": "array", "items": _ROW}})},
        query=parameters.FirstChunk,
        description="Rows are ordered by load, then by line of the file. Rows whose last change was an edit "
        "are left out.",
        problems=(_INVALID, _TOO_LARGE, _UNAVAILABLE),
    ),
    "rows": Operation(
        "A page of rows: by key, in table order, or newest first",
        {
            200: ResponseSpec(
                "The rows",
                models.Rows,
                media={"text/csv": _TEXT, "application/x-ndjson": _TEXT},
                headers=_LINK,
            )
        },
        query=parameters.Page,
        parameters=(_FILTERS,),
        problems=(_INVALID, _MISSING, _UNAVAILABLE),
        description="A page ends after `limit` rows, or earlier if rows are long; `next` and the header "
        "`Link` lead to the next page. Paging by key is stable: a row that exists throughout is returned "
        "exactly once, even if its other values change meanwhile. A row must match all filters.",
    ),
    "row": Operation(
        "One row by its key",
        {200: ResponseSpec("The row", media={JSON: _ROW})},
        problems=(_INVALID, _MISSING, _CONFLICT, _UNAVAILABLE),
    ),
    "put_row": Operation(
        "Write one row, validated by the contract",
        {
            200: ResponseSpec("The changed row", media={JSON: _ROW}),
            201: ResponseSpec("The new row", media={JSON: _ROW}),
        },
        media={JSON: _ROW},
        problems=(_INVALID, _MISSING, _CONFLICT, _TOO_LARGE, _UNAVAILABLE),
        description="Send the whole row: a column that is `null` or left out has no value afterwards. The "
        "columns of the key may be left out. Each change is recorded in `ingest.edits`.",
    ),
    "delete_row": Operation(
        "Delete one row",
        {204: ResponseSpec("The row is deleted")},
        problems=(_INVALID, _MISSING, _CONFLICT, _UNAVAILABLE),
        description="The deleted row is recorded in `ingest.edits`. A later file with this row inserts it "
        "again.",
    ),
    "ingestions": Operation(
        "A page of ingestions, newest first",
        {200: ResponseSpec("The ingestions", ingestion_models.Ingestions)},
        query=parameters.Ingestions,
        problems=(_INVALID, _UNAVAILABLE),
    ),
    "ingestion": Operation(
        "The result of one version of one file",
        {200: ResponseSpec("The ingestion", ingestion_models.Ingestion)},
        problems=(_INVALID, _MISSING, _UNAVAILABLE),
    ),
    "rejects": Operation(
        "The rejected rows of a file: pages, or a CSV file to correct and upload again",
        {
            200: ResponseSpec(
                "The rejected rows",
                ingestion_models.Rejects,
                media={"text/csv": _TEXT},
                headers=_LINK
                | {
                    "X-Ingestion-Corrects": "For the CSV file: the ingestion that it corrects.",
                    "Content-Disposition": "For the CSV file: its name.",
                },
            )
        },
        query=parameters.Rejects,
        problems=(_INVALID, _MISSING, _CONFLICT, _TOO_LARGE, _UNAVAILABLE),
    ),
    "datasets": Operation(
        "A page of datasets, by name",
        {200: ResponseSpec("The datasets", dataset_models.Datasets)},
        query=parameters.Datasets,
        problems=(_INVALID, _UNAVAILABLE),
    ),
    "dataset": Operation(
        "One dataset, with a page of the changes of its table",
        {200: ResponseSpec("The dataset", dataset_models.ChangedDataset)},
        query=parameters.Datasets,
        problems=(_INVALID, _MISSING, _UNAVAILABLE),
    ),
    "set_key": Operation(
        "Set the key of an inferred dataset",
        {200: ResponseSpec("The dataset", dataset_models.Dataset)},
        body=NewKey,
        problems=(_INVALID, _MISSING, _CONFLICT, _UNAVAILABLE),
    ),
    "loads": Operation(
        "The numbers of rows and files loaded on each of the last days",
        {200: ResponseSpec("The days", dataset_models.Days)},
        query=parameters.Loads,
        problems=(_INVALID, _MISSING, _UNAVAILABLE),
    ),
    "contract": Operation(
        "The contract of a dataset as a Python module",
        {200: ResponseSpec("The source code", media={"text/x-python": _TEXT})},
        problems=(_INVALID, _MISSING, _UNAVAILABLE),
    ),
    "health": Operation(
        "Health of Postgres and storage",
        {
            200: ResponseSpec("Both answer", models.Health),
            HTTPStatus.SERVICE_UNAVAILABLE: ResponseSpec("One does not answer", models.Health),
        },
    ),
    "openapi": Operation(
        "This description", {200: ResponseSpec("OpenAPI 3.1", media={JSON: {"type": "object"}})}
    ),
    "docs": Operation(
        "This description as a page where requests can be tried",
        {200: ResponseSpec("The page", media={"text/html": _TEXT})},
    ),
    "docs_file": Operation(
        "A file of the page with this description",
        {200: ResponseSpec("The file", media={"text/javascript": _TEXT, "text/css": _TEXT})},
        problems=(_MISSING,),
    ),
    "console": Operation(
        "The console: a page to upload files and see their results",
        {200: ResponseSpec("The page", media={"text/html": _TEXT})},
    ),
    "console_file": Operation(
        "A file of the console",
        {
            200: ResponseSpec(
                "The file", media={"text/javascript": _TEXT, "text/css": _TEXT, "image/svg+xml": _TEXT}
            )
        },
        problems=(_MISSING,),
    ),
}
