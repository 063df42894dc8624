"""The values in the raw text of one record, read as its file was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.errors import FileRefused
from shared.parsing import records
from shared.parsing.dialect import Dialect, Values
from shared.parsing.lines import Lines

_OF_A_DIALECT = ("delimiter", "quote", "escape", "spaces_around_quotes", "has_trailing_delimiter")


def dialect(found: Mapping[str, Any]) -> Dialect:
    """That of a file with the format `found`, as the ledger has it."""
    return Dialect(**{name: found[name] for name in _OF_A_DIALECT if name in found})


def values(text: str, of: Dialect) -> Values | None:
    """The values of the one record that `text` is; `None` if it is broken."""
    parsed = records.parse(Lines([text.encode()]), None, of)
    try:
        first, more = next(parsed, None), next(parsed, None)
    except FileRefused:
        return None
    return None if first is None or more or first.fault else first.fields
