"""Query parameters of uploads: dataset, format options, key, correction."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import Field, create_model

from shared.errors import WrongOverride
from shared.formats import compressions, overrides
from shared.formats.overrides import Overrides
from shared.http.requests import KEY_PARAMETER
from shared.settings import Settings
from shared.storage.upload_options import UploadOptions
from shared.use_cases.upload_files import Destination

_OTHERS = ("dataset", "filename", "key", "corrects", "dry_run")

_MOST_COLUMNS = 32
_LONGEST_KEY = 3000
"""Columns of an index of Postgres, and characters of the key, percent-encoded: it goes into the blob's
metadata, which storage takes up to 8 KB of, the file's name among them."""

Faults = list[dict[str, Any]]


def destination(
    parameters: Mapping[str, str], settings: Settings, url: str = ""
) -> tuple[Destination, Faults]:
    """Where the files of a request go, and every fault of the parameters; one at fault counts as absent.

    The platform leaves out parameters without a value, which only the request's `url` has.
    """
    faults: Faults = [{"parameter": name, "detail": f"{name} has no value."} for name in _blank(url)]
    faults += [{"parameter": name, "detail": _unknown(name)} for name in parameters if not is_known(name)]
    given = {name: text for name, text in parameters.items() if name in overrides.option_names()}
    try:
        parsed = Overrides.parse(given)
    except WrongOverride as exc:
        parsed = Overrides()
        # Each begins with the name that it is about.
        faults += [{"parameter": fault.partition(" ")[0], "detail": fault} for fault in exc.faults]
    key = tuple(name.strip() for name in parameters["key"].split(",")) if "key" in parameters else ()
    faults += [{"parameter": "key", "detail": fault} for fault in _faults_of_key(key)]
    corrects = _id(parameters.get("corrects", ""))
    if "corrects" in parameters and corrects is None:
        faults.append({"parameter": "corrects", "detail": "corrects is the id of an ingestion, a UUID."})
    dataset = parameters.get("dataset", settings.default_dataset)
    creates = settings.undeclared_datasets == "create"
    return Destination(dataset, UploadOptions(parsed, key, corrects), creates), faults


def parameter_names() -> tuple[str, ...]:
    """Of all parameters."""
    return (*_OTHERS, *overrides.option_names())


def _blank(url: str) -> list[str]:
    """Known parameters that are there without a value."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return list(
        dict.fromkeys(name for name, text in pairs if not text and is_known(name) and name != KEY_PARAMETER)
    )


def is_known(name: str) -> bool:
    """Whether there is a parameter of this name."""
    return name in {*parameter_names(), KEY_PARAMETER}


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _unknown(name: str) -> str:
    return f"{name} is unknown; known: {', '.join(parameter_names())}."


def _faults_of_key(key: tuple[str, ...]) -> Iterator[str]:
    if not all(key):
        yield "key is a list of column names, such as order_id,line; one of them is empty."
    if len(set(key)) < len(key):
        yield "key names a column twice."
    if len(key) > _MOST_COLUMNS or len(quote(",".join(key))) > _LONGEST_KEY:
        yield f"key has more than {_MOST_COLUMNS} columns, or {_LONGEST_KEY} characters, percent-encoded."


_DESCRIPTIONS = {
    "dataset": "Where the rows go; `DEFAULT_DATASET` where it is left out.",
    "filename": "The name of a file that is the whole body; its extension says how it is packed.",
    "key": "Names of columns, `order_id,line`: the key of a dataset that this file makes.",
    "corrects": "The id of the ingestion whose rejects this file has, mended.",
    "dry_run": "`true`: say what would become of the files, and store nothing.",
    "compression": f"{', '.join(f'`{name}`' for name in compressions.NAMES)} or `none`.",
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
    name: (Annotated[str, Field(description=_DESCRIPTIONS[name])] | None, None) for name in parameter_names()
}

IngestQuery = create_model("Ingest", __doc__="What is told about files, as texts.", **_FIELDS)

_OF_A_REQUEST = ("dataset", "filename", "dry_run")

UploadQuery = create_model(
    "Upload",
    __doc__="The same of a file whose name and dataset stand in the body.",
    **{name: field for name, field in _FIELDS.items() if name not in _OF_A_REQUEST},
)
