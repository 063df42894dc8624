"""File names: which ones are taken, and the safe name under which a blob is stored."""

from __future__ import annotations

import re
import unicodedata

_TABLES = (".csv", ".tsv", ".tab", ".psv", ".txt")
_COMPRESSED = (".gz", ".bz2", ".zst")

EXTENSIONS = (*_TABLES, *(table + kind for table in _TABLES for kind in _COMPRESSED), ".zip")
"""What a file contains is told by its bytes; the name only says that it is meant to be loaded."""

SUPPORTED = f"{', '.join(_TABLES)}, each also with {', '.join(_COMPRESSED)} behind it, and .zip"
"""The extensions in words."""

_LONGEST = 120
"""Characters of a stored name; the rest of a blob's path and the trigger's receipts need room too."""

_UNSAFE = re.compile(r"[^\w.\-]+")


def is_supported(filename: str) -> bool:
    """Whether the name's extension is one that can be loaded, in any case."""
    return filename.lower().endswith(EXTENSIONS)


def stem(filename: str) -> str:
    """The name without an extension that can be loaded."""
    ends = [len(extension) for extension in EXTENSIONS if filename.lower().endswith(extension)]
    return filename[: -max(ends)] if ends else filename


def safe(filename: str) -> str:
    """A name for a blob that stays in its folder, whatever a client sent.

    The last part of the path (either slash), letters and digits of any script, `.`, `-` and `_`; every other
    run of characters becomes one `_`. Long names lose their middle, so that the extension stays.
    """
    last = re.split(r"[/\\]", filename)[-1]
    name = _UNSAFE.sub("_", unicodedata.normalize("NFC", last)).strip(".") or "_"
    if not is_supported(name) and is_supported(filename):
        name = f"_{next(extension for extension in EXTENSIONS if filename.lower().endswith(extension))}"
    if len(name) > _LONGEST:
        name = name[: _LONGEST - 20] + name[-20:]
    return name
