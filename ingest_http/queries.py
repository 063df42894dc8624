"""The parameters of the ingesting endpoints, as models."""

from __future__ import annotations

from typing import Any

from pydantic import create_model

from ingest_http import parameters

_FIELDS: Any = dict.fromkeys(parameters.names(), (str | None, None))

Ingest = create_model("Ingest", __doc__="What is told about files, as texts.", **_FIELDS)

_OF_A_REQUEST = ("dataset", "filename", "dry_run")

Upload = create_model(
    "Upload",
    __doc__="The same of a file whose name and dataset stand in the body.",
    **{name: field for name, field in _FIELDS.items() if name not in _OF_A_REQUEST},
)
