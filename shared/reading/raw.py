"""The values in the raw text of one record, read as its file was."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import Any


def values(text: str, found: Mapping[str, Any]) -> Sequence[str | None] | None:
    """Those of a record of a file with the format `found`, as the ledger has it; `None` if it is broken."""
    delimiter = found.get("delimiter", ",")
    if not delimiter:
        return [text]
    if delimiter == " ":
        return text.split()
    quote = found.get("quote", '"')
    try:
        records = list(
            csv.reader(
                text.splitlines(keepends=True),
                delimiter=delimiter,
                quotechar=quote or None,
                quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
                escapechar=found.get("escape") or None,
                strict=True,
            )
        )
    except csv.Error:
        return None
    return [value or None for value in records[0]] if len(records) == 1 else None
