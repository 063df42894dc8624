"""How a failure of ours stands in the ledger."""

from __future__ import annotations

from typing import Any


def failure(code: str, detail: str, *, transient: bool = False) -> dict[str, Any]:
    """An error of ours as the ledger keeps it; a `transient` one is tried again by the sweep."""
    return {"code": code, "detail": detail, "transient": transient}
