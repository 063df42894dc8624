"""What the query of a request tells: the dataset, how its files are to be read, and a key."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from shared.errors import WrongOverride
from shared.formats import overrides
from shared.formats.overrides import Overrides
from shared.http.parameters import PLATFORMS
from shared.settings import Settings
from shared.storage.told import Told
from shared.use_cases.uploading import Destination

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
    faults += [{"parameter": name, "detail": _unknown(name)} for name in parameters if not known(name)]
    given = {name: text for name, text in parameters.items() if name in overrides.names()}
    try:
        told = Overrides.parse(given)
    except WrongOverride as exc:
        told = Overrides()
        # Each begins with the name that it is about.
        faults += [{"parameter": fault.partition(" ")[0], "detail": fault} for fault in exc.faults]
    key = tuple(name.strip() for name in parameters["key"].split(",")) if "key" in parameters else ()
    faults += [{"parameter": "key", "detail": fault} for fault in _faults_of_key(key)]
    corrects = _id(parameters.get("corrects", ""))
    if "corrects" in parameters and corrects is None:
        faults.append({"parameter": "corrects", "detail": "corrects is the id of an ingestion, a UUID."})
    dataset = parameters.get("dataset", settings.default_dataset)
    creates = settings.undeclared_datasets == "create"
    return Destination(dataset, Told(told, key, corrects), creates), faults


def names() -> tuple[str, ...]:
    """Of all parameters."""
    return (*_OTHERS, *overrides.names())


def _blank(url: str) -> list[str]:
    """Known parameters that are there without a value."""
    pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    return list(dict.fromkeys(name for name, text in pairs if not text and known(name) and name != PLATFORMS))


def known(name: str) -> bool:
    """Whether there is a parameter of this name."""
    return name in {*names(), PLATFORMS}


def _id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _unknown(name: str) -> str:
    return f"{name} is unknown; known: {', '.join(names())}."


def _faults_of_key(key: tuple[str, ...]) -> Iterator[str]:
    if not all(key):
        yield "key is a list of column names, such as order_id,line; one of them is empty."
    if len(set(key)) < len(key):
        yield "key names a column twice."
    if len(key) > _MOST_COLUMNS or len(quote(",".join(key))) > _LONGEST_KEY:
        yield f"key has more than {_MOST_COLUMNS} columns, or {_LONGEST_KEY} characters, percent-encoded."
