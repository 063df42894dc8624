"""Query parameters of uploads: dataset, format options, key, correction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import Field, create_model

from shared.errors import WrongOverride
from shared.formats import compressions, overrides
from shared.formats.overrides import Overrides
from shared.http.requests import KEY_PARAMETER
from shared.settings import Settings
from shared.storage import upload_options
from shared.storage.upload_options import UploadOptions
from shared.use_cases.upload_files import Destination

_OTHERS = ("dataset", "filename", "key", "corrects", "dry_run")

_MAX_KEY_COLUMNS = 32
"""The limit of an index of Postgres."""
_MAX_KEY_LENGTH = 3000
"""Characters of the key, percent-encoded: it is metadata of the blob, which has 8 KB for all metadata."""

Faults = list[dict[str, Any]]


def destination(
    parameters: Mapping[str, str], settings: Settings, url: str = ""
) -> tuple[Destination, Faults]:
    """The dataset and options for the files of a request, and all faults of its parameters.

    A parameter with a fault counts as absent. The platform drops parameters without a value, so these are
    looked up in the `url` of the request.
    """
    faults: Faults = [{"parameter": name, "detail": f"{name} has no value."} for name in _blank(url)]
    faults += [{"parameter": name, "detail": _unknown(name)} for name in parameters if not is_known(name)]
    given = {name: text for name, text in parameters.items() if name in overrides.option_names()}
    try:
        options = Overrides.parse(given)
    except WrongOverride as exc:
        options = Overrides()
        # Each fault begins with the name of its option.
        faults += [{"parameter": fault.partition(" ")[0], "detail": fault} for fault in exc.faults]
    key = tuple(name.strip() for name in parameters["key"].split(",")) if "key" in parameters else ()
    faults += [{"parameter": "key", "detail": fault} for fault in _key_faults(key)]
    corrects = upload_options.corrected_ingestion(parameters)
    if "corrects" in parameters and corrects is None:
        faults.append({"parameter": "corrects", "detail": "corrects must be the id of an ingestion, a UUID."})
    dataset = parameters.get("dataset", settings.default_dataset)
    creates = settings.undeclared_datasets == "create"
    return Destination(dataset, UploadOptions(options, key, corrects), creates), faults


def parameter_names() -> tuple[str, ...]:
    """The names of all parameters."""
    return (*_OTHERS, *overrides.option_names())


def _blank(url: str) -> list[str]:
    """Known parameters without a value."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return list(
        dict.fromkeys(name for name, text in pairs if not text and is_known(name) and name != KEY_PARAMETER)
    )


def is_known(name: str) -> bool:
    """Whether there is a parameter `name`."""
    return name in {*parameter_names(), KEY_PARAMETER}


def _unknown(name: str) -> str:
    return f"{name} is not a parameter. Parameters: {', '.join(parameter_names())}."


def _key_faults(key: tuple[str, ...]) -> Iterator[str]:
    if not all(key):
        yield "key must be a list of column names, such as order_id,line; one name is empty."
    if len(set(key)) < len(key):
        yield "key names a column twice."
    if len(key) > _MAX_KEY_COLUMNS or len(quote(",".join(key))) > _MAX_KEY_LENGTH:
        yield f"key can have {_MAX_KEY_COLUMNS} columns and {_MAX_KEY_LENGTH} characters, percent-encoded."


_DESCRIPTIONS = {
    "dataset": "The dataset of the files; the default is `DEFAULT_DATASET`.",
    "filename": "The file name, if the body is one file. Its extension says how the file is compressed.",
    "key": "Column names, `order_id,line`: the key of the dataset, if this file creates it.",
    "corrects": "The id of the ingestion whose rejected rows this file has, corrected.",
    "dry_run": "`true`: preview the files and store nothing.",
    "compression": f"{', '.join(f'`{name}`' for name in compressions.NAMES)} or `none`; "
    "needed only if it cannot be detected.",
    "encoding": "Any text encoding that Python has: `cp1250`.",
    "delimiter": "One character, or `tab`, `semicolon`, `pipe`, `space`, `none`.",
    "quote": "`double`, `single` or `none`.",
    "escape": "How a quote inside quotes is written: `doubled`, or after a `backslash`.",
    "spaces_around_quotes": "`true`: spaces between a quote and a delimiter do not belong to the value.",
    "line_end": "`lf`, `crlf`, `cr` or `mixed`.",
    "sep_line": "`true`: the first line is Excel's `sep=;`.",
    "header_line": "The number of the line with the column names, the first line is 1; or `none`.",
    "header_lines": "The number of lines of the header, if group headings are above the names.",
    "has_trailing_delimiter": "`true`: each row ends with a delimiter that starts no column.",
    "decimal": "The decimal separator of numbers: `comma` or `point`.",
    "thousands": "The thousands separator: `comma`, `point`, `space`, `apostrophe`, `underscore`.",
    "currency": "A sign or code that numbers can have: `EUR`.",
    "ragged": "`pad`: the missing values of rows that are too short are null.",
}

_FIELDS: Any = {
    name: (Annotated[str, Field(description=_DESCRIPTIONS[name])] | None, None) for name in parameter_names()
}

IngestQuery = create_model("Ingest", __doc__="Options of an upload, as texts.", **_FIELDS)

_OTHERWISE_SENT = ("dataset", "filename", "dry_run")

UploadQuery = create_model(
    "Upload",
    __doc__="Options of the upload of a big file, as texts; its name and dataset are in the body.",
    **{name: field for name, field in _FIELDS.items() if name not in _OTHERWISE_SENT},
)
