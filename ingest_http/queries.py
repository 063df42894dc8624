"""The parameters of the ingesting endpoints, as models."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, create_model

from ingest_http import parameters

_DESCRIPTIONS = {
    "dataset": "Where the rows go; `DEFAULT_DATASET` where it is left out.",
    "filename": "The name of a file that is the whole body; its extension says how it is packed.",
    "key": "Names of columns, `order_id,line`: the key of a dataset that this file makes.",
    "corrects": "The id of the ingestion whose rejects this file has, mended.",
    "dry_run": "`true`: say what would become of the files, and store nothing.",
    "compression": "`gzip`, `bz2`, `zstd`, `zip` or `none`, where the bytes do not tell.",
    "encoding": "Any text encoding that Python knows, `cp1250`.",
    "delimiter": "One character, or `tab`, `semicolon`, `pipe`, `space`, `none`.",
    "quote": "`double`, `single` or `none`.",
    "escape": "How a quote is written inside of quotes: `doubled`, or behind a `backslash`.",
    "spaces_around_quotes": "`true`: spaces between a quote and a delimiter are no part of the value.",
    "line_end": "`lf`, `crlf`, `cr` or `mixed`.",
    "sep_line": "`true`: the first line is Excel's `sep=;`.",
    "header_line": "The line of the names, the first one is 1; or `none`.",
    "header_lines": "How many lines the header has, with group headings above the names.",
    "has_trailing_delimiter": "`true`: each row ends with a delimiter, behind which no column is.",
    "decimal": "What stands before the decimals of numbers: `comma` or `point`.",
    "thousands": "What groups the digits of numbers: `comma`, `point`, `space`, `apostrophe`, `underscore`.",
    "currency": "A sign or code that numbers may have, `EUR`.",
    "ragged": "`pad`: rows that are too short get missing values.",
}

_FIELDS: Any = {
    name: (Annotated[str, Field(description=_DESCRIPTIONS[name])] | None, None) for name in parameters.names()
}

Ingest = create_model("Ingest", __doc__="What is told about files, as texts.", **_FIELDS)

_OF_A_REQUEST = ("dataset", "filename", "dry_run")

Upload = create_model(
    "Upload",
    __doc__="The same of a file whose name and dataset stand in the body.",
    **{name: field for name, field in _FIELDS.items() if name not in _OF_A_REQUEST},
)
