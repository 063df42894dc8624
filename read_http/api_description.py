"""Describes the operations of `read_http` for OpenAPI."""

from __future__ import annotations

from http import HTTPStatus

from read_http import parameters
from read_http.datasets import NewKey
from shared.http import models
from shared.http.openapi import JSON, Operation, ResponseSpec

_TEXT = {"type": "string"}
_ROW = {"type": "object"}
_LINK = {"Link": 'Where the next page is, `rel="next"`.'}
_FILTERS = {
    "name": "filters",
    "in": "query",
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": _TEXT},
    "example": {},
    "description": "Conditions on columns: `quantity=5`, `quantity__gte=5` (also `__gt`, `__lte`, `__lt` and "
    '`__ne`), `item__in=a,"b, c"`, `item__null=true`. Where a parameter has the name: `column.limit=5`.',
}
_BAD, _NONE, _CONFLICT, _LARGE, _AWAY = (400, 404, 409, 413, 503)

OPERATIONS = (
    Operation(
        "first_chunk",
        "GET",
        "/read/first-chunk",
        "The first rows of a dataset in load order",
        {200: ResponseSpec("The rows", media={JSON: {"type": "array", "items": _ROW}})},
        query=parameters.FirstChunk,
        description="In the order of the loads and of the lines of their files; rows that were last written "
        "by hand are not among them.",
        problems=(_BAD, _LARGE, _AWAY),
    ),
    Operation(
        "rows",
        "GET",
        "/read/{dataset}",
        "A page of rows, by the key or as they lie, or the most recent ones first",
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
        problems=(_BAD, _NONE, _AWAY),
        description="A page ends after `limit` rows, or earlier where rows are long; `next` tells where the "
        "next one begins, and so does the header `Link`. No row that stays where it is in its order is "
        "missed or seen twice while others change. All filters have to hold.",
    ),
    Operation(
        "row",
        "GET",
        "/read/{dataset}/{key}",
        "One row by its key",
        {200: ResponseSpec("The row", media={JSON: _ROW})},
        problems=(_BAD, _NONE, _CONFLICT, _AWAY),
    ),
    Operation(
        "put_row",
        "PUT",
        "/read/{dataset}/{key}",
        "Write one row; the contract checks it",
        {
            200: ResponseSpec("The row, which was there", media={JSON: _ROW}),
            201: ResponseSpec("The row, which is new", media={JSON: _ROW}),
        },
        media={JSON: _ROW},
        problems=(_BAD, _NONE, _CONFLICT, _LARGE, _AWAY),
        description="The whole row: a column that is `null` or left out has no value afterwards; those of "
        "the key may be left out. 201 where there was none with this key. Each change is kept in "
        "`ingest.edits`.",
    ),
    Operation(
        "delete_row",
        "DELETE",
        "/read/{dataset}/{key}",
        "Delete one row",
        {204: ResponseSpec("It is gone")},
        problems=(_BAD, _NONE, _CONFLICT, _AWAY),
        description="What it was is kept in `ingest.edits`. A file that has it brings it back.",
    ),
    Operation(
        "ingestions",
        "GET",
        "/ingestions",
        "The ingestions, the newest first",
        {200: ResponseSpec("A page", models.Ingestions)},
        query=parameters.Ingestions,
        problems=(_BAD, _AWAY),
    ),
    Operation(
        "ingestion",
        "GET",
        "/ingestions/{id}",
        "What happened to one version of one file",
        {200: ResponseSpec("The entry", models.Ingestion)},
        problems=(_BAD, _NONE, _AWAY),
    ),
    Operation(
        "rejects",
        "GET",
        "/ingestions/{id}/rejects",
        "The rejected rows of a file: pages, or a CSV file to be mended and sent again",
        {
            200: ResponseSpec(
                "The rejects",
                models.Rejects,
                media={"text/csv": _TEXT},
                headers=_LINK
                | {
                    "X-Ingestion-Corrects": "Of the CSV file: the ingestion that it corrects.",
                    "Content-Disposition": "Of the CSV file: its name.",
                },
            )
        },
        query=parameters.Rejects,
        problems=(_BAD, _NONE, _CONFLICT, _LARGE, _AWAY),
    ),
    Operation(
        "datasets",
        "GET",
        "/datasets",
        "The datasets by name",
        {200: ResponseSpec("A page", models.Datasets)},
        query=parameters.Datasets,
        problems=(_BAD, _AWAY),
    ),
    Operation(
        "dataset",
        "GET",
        "/datasets/{name}",
        "One dataset, and a page of the changes of its table",
        {200: ResponseSpec("The dataset", models.ChangedDataset)},
        query=parameters.Datasets,
        problems=(_BAD, _NONE, _AWAY),
    ),
    Operation(
        "set_key",
        "PUT",
        "/datasets/{name}",
        "Give a dataset that files made the key that it has not yet",
        {200: ResponseSpec("The dataset", models.Dataset)},
        body=NewKey,
        problems=(_BAD, _NONE, _CONFLICT, _AWAY),
    ),
    Operation(
        "loads",
        "GET",
        "/datasets/{name}/loads",
        "How many rows were loaded on each of the last days",
        {200: ResponseSpec("The days", models.Days)},
        query=parameters.Loads,
        problems=(_BAD, _NONE, _AWAY),
    ),
    Operation(
        "contract",
        "GET",
        "/datasets/{name}/contract.py",
        "The contract of a dataset as a module of Python",
        {200: ResponseSpec("Its source", media={"text/x-python": _TEXT})},
        problems=(_BAD, _NONE, _AWAY),
    ),
    Operation(
        "health",
        "GET",
        "/health",
        "Whether the parts that the app stands on answer",
        {
            200: ResponseSpec("All do", models.Health),
            HTTPStatus.SERVICE_UNAVAILABLE: ResponseSpec("Some do not", models.Health),
        },
        is_open=True,
    ),
    Operation(
        "openapi",
        "GET",
        "/openapi.json",
        "This description",
        {200: ResponseSpec("OpenAPI 3.1", media={JSON: {"type": "object"}})},
        is_open=True,
    ),
    Operation(
        "docs",
        "GET",
        "/docs",
        "This description as a page to try things on",
        {200: ResponseSpec("The page", media={"text/html": _TEXT})},
        is_open=True,
    ),
    Operation(
        "docs_file",
        "GET",
        "/docs/{file}",
        "A file of that page",
        {200: ResponseSpec("The file", media={"text/javascript": _TEXT, "text/css": _TEXT})},
        problems=(_NONE,),
        is_open=True,
    ),
    Operation(
        "console",
        "GET",
        "/console",
        "The console: a page to upload files on, and to see what became of them",
        {200: ResponseSpec("The page", media={"text/html": _TEXT})},
        is_open=True,
    ),
    Operation(
        "console_file",
        "GET",
        "/console/{file}",
        "A file of that page",
        {
            200: ResponseSpec(
                "The file", media={"text/javascript": _TEXT, "text/css": _TEXT, "image/svg+xml": _TEXT}
            )
        },
        problems=(_NONE,),
        is_open=True,
    ),
)
