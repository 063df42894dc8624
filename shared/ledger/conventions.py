"""How a file that is corrected writes its numbers: its correction writes them so, too."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from shared.formats.overrides import Overrides
from shared.ledger import ingestions
from shared.storage import told

_CONVENTIONS = ("decimal", "thousands", "currency")


def of_corrected(connection: Connection, metadata: Mapping[str, str]) -> Overrides:
    """What was told of numbers about the file whose rejects a blob with these `metadata` corrects."""
    corrects = told.corrected(metadata)
    entry = ingestions.find(connection, corrects) if corrects else None
    found = entry["format"] if entry else None
    if not found:
        return Overrides()
    return Overrides(**{name: found[name] for name in _CONVENTIONS if name in found.get("told", ())})
