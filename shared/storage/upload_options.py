"""Options sent with an upload, stored as blob metadata: format overrides, key, correction."""

from __future__ import annotations

import json
import string
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from shared.contracts import column_names
from shared.contracts.base import Contract
from shared.errors import FileRefused
from shared.formats.overrides import Overrides

PREFIX = "csv_"
"""Prefix of the metadata names of format options: `csv_delimiter`, `csv_encoding` and so on."""

KEY = "key"
"""Name of the metadata with the names of the key's columns, separated by commas."""

CORRECTS = "corrects"
"""Name of the metadata with the id of the ingestion whose rejects the file corrects."""

_SAFE_CHARACTERS = string.punctuation.replace("%", "")
"""What a header may contain besides letters and digits; the rest is percent-encoded, also spaces and tabs."""

_NO_OVERRIDES = Overrides()


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """Format overrides, names of the key's columns, and the id of the ingestion that the file corrects."""

    overrides: Overrides = _NO_OVERRIDES
    key: tuple[str, ...] = ()
    corrects: uuid.UUID | None = None

    def metadata(self) -> dict[str, str]:
        """Return the options as blob metadata in ASCII, for `decode_metadata` and `Overrides.parse`."""
        texts = {PREFIX + name: _text(value) for name, value in self.overrides.given().items()}
        if self.key:
            texts[KEY] = ",".join(self.key)
        if self.corrects:
            texts[CORRECTS] = str(self.corrects)
        return {name: quote(text, safe=_SAFE_CHARACTERS) for name, text in texts.items()}

    def canonical(self) -> str:
        """Return a text that is equal for equal options, `""` without options."""
        options = self.metadata()
        return json.dumps(options, sort_keys=True) if options else ""

    def as_json(self) -> dict[str, Any]:
        """Return the options as JSON values, for an answer."""
        corrects = {CORRECTS: str(self.corrects)} if self.corrects else {}
        return {**self.overrides.given(), **({KEY: list(self.key)} if self.key else {}), **corrects}


NO_OPTIONS = UploadOptions()


def _text(value: str | int | bool) -> str:
    """Return the word or text of a value; an empty value needs a word, as a header cannot be empty."""
    return str(value).lower() if isinstance(value, bool) else str(value) or "none"


def is_option(name: str) -> bool:
    """Whether metadata of this name are upload options."""
    return name.lower() in {KEY, CORRECTS} or name.lower().startswith(PREFIX)


def decode_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata of a blob with names in lower case; only values of upload options are decoded."""
    return {name.lower(): unquote(text) if is_option(name) else text for name, text in metadata.items()}


def corrected_ingestion(metadata: Mapping[str, str]) -> uuid.UUID | None:
    """Return the id of the ingestion whose rejects the blob corrects, if its metadata have a valid one."""
    try:
        return uuid.UUID(metadata[CORRECTS])
    except (KeyError, ValueError):
        return None


def requested_key(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the requested key, without repetitions; `()` if no key is requested."""
    names = (name.strip() for name in metadata.get(KEY, "").split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def check_key(contract: type[Contract], requested: Sequence[str]) -> None:
    """Raise `FileRefused` if the requested key is not the key of the declared dataset."""
    known = column_names.fields_by_name(contract)
    fields = {known.get(column_names.normalize_name(name)) for name in requested}
    if requested and fields != set(contract.key):
        raise key_mismatch(contract, requested, is_declared=True)


def key_mismatch(contract: type[Contract], requested: Sequence[str], *, is_declared: bool) -> FileRefused:
    """Return the refusal of a file that requests another key than the dataset has."""
    asked, key = list(requested), list(contract.key)
    if key:
        return FileRefused("key_differs", asked=asked, key=key)
    if is_declared:
        return FileRefused("key_differs.contract_without_key", asked=asked, key=key)
    return FileRefused("key_differs.no_key", {"dataset": contract.dataset}, asked=asked, key=key)
