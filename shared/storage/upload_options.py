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
"""Of the metadata that say how a file is to be read: `csv_delimiter`, `csv_encoding` and so on."""

KEY = "key"
"""The metadata with the names of the key's columns, separated by commas."""

CORRECTS = "corrects"
"""The metadata with the id of the ingestion whose rejects the file corrects."""

_PLAIN = string.punctuation.replace("%", "")
"""What a header may hold besides letters and digits; the rest is percent-encoded, spaces and tabs too."""

_NO_OVERRIDES = Overrides()


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """The overrides, the columns of the key, none where no key is told, and which ingestion is corrected."""

    overrides: Overrides = _NO_OVERRIDES
    key: tuple[str, ...] = ()
    corrects: uuid.UUID | None = None

    def metadata(self) -> dict[str, str]:
        """As metadata of a blob, in ASCII; `read` and `Overrides.parse` make the same of it again."""
        texts = {PREFIX + name: _text(value) for name, value in self.overrides.given().items()}
        if self.key:
            texts[KEY] = ",".join(self.key)
        if self.corrects:
            texts[CORRECTS] = str(self.corrects)
        return {name: quote(text, safe=_PLAIN) for name, text in texts.items()}

    def canonical(self) -> str:
        """The same text for the same told, `""` where nothing is."""
        options = self.metadata()
        return json.dumps(options, sort_keys=True) if options else ""

    def as_json(self) -> dict[str, Any]:
        """What was told, for an answer."""
        corrects = {CORRECTS: str(self.corrects)} if self.corrects else {}
        return {**self.overrides.given(), **({KEY: list(self.key)} if self.key else {}), **corrects}


def decode_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """The metadata of a blob, names in lower case, percent-encoded texts of ours decoded."""
    return {name.lower(): unquote(text) if is_option(name) else text for name, text in metadata.items()}


def is_option(name: str) -> bool:
    """Whether the metadata of this name are ours to read."""
    return name.lower() in {KEY, CORRECTS} or name.lower().startswith(PREFIX)


def corrected_ingestion(metadata: Mapping[str, str]) -> uuid.UUID | None:
    """The ingestion whose rejects a blob with these metadata corrects, if they name one."""
    try:
        return uuid.UUID(metadata[CORRECTS])
    except (KeyError, ValueError):
        return None


def _text(value: str | int | bool) -> str:
    """The value as people write it; nothing cannot be written into a header."""
    return str(value).lower() if isinstance(value, bool) else str(value) or "none"


NO_OPTIONS = UploadOptions()

KEY_METADATA = "key"


def requested_key(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The names, each once; none where no key is asked for."""
    names = (name.strip() for name in metadata.get(KEY_METADATA, "").split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def check_key(contract: type[Contract], asked: Sequence[str]) -> None:
    """Raises `FileRefused` where the key that is asked for is not that of a declared dataset."""
    known = column_names.fields_by_name(contract)
    if asked and {known.get(column_names.normalize_name(name)) for name in asked} != set(contract.key):
        raise key_mismatch(contract, asked, "Send the file without one")


def key_mismatch(contract: type[Contract], asked: Sequence[str], advice: str) -> FileRefused:
    """The refusal of a file that asks for another key than the dataset has."""
    key = f"the key ({', '.join(contract.key)})" if contract.key else "no key"
    return FileRefused(
        "key_differs",
        f"The file asks for the key ({', '.join(asked)}), but the dataset has {key}. {advice}.",
        asked=list(asked),
        key=list(contract.key),
    )
