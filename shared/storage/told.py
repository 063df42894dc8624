"""What is told about a file when it is sent: how it is to be read, and the key of a dataset that it makes."""

from __future__ import annotations

import json
import string
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

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
class Told:
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
        told = self.metadata()
        return json.dumps(told, sort_keys=True) if told else ""

    def as_json(self) -> dict[str, Any]:
        """What was told, for an answer."""
        corrects = {CORRECTS: str(self.corrects)} if self.corrects else {}
        return {**self.overrides.given(), **({KEY: list(self.key)} if self.key else {}), **corrects}


def read(metadata: Mapping[str, str]) -> dict[str, str]:
    """The metadata of a blob, names in lower case, percent-encoded texts of ours decoded."""
    return {name.lower(): unquote(text) if is_told(name) else text for name, text in metadata.items()}


def is_told(name: str) -> bool:
    """Whether the metadata of this name are ours to read."""
    return name.lower() in {KEY, CORRECTS} or name.lower().startswith(PREFIX)


def corrected(metadata: Mapping[str, str]) -> uuid.UUID | None:
    """The ingestion whose rejects a blob with these metadata corrects, if they name one."""
    try:
        return uuid.UUID(metadata[CORRECTS])
    except (KeyError, ValueError):
        return None


def _text(value: str | int | bool) -> str:
    """The value as people write it; nothing cannot be written into a header."""
    return str(value).lower() if isinstance(value, bool) else str(value) or "none"


NOTHING = Told()
