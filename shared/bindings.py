"""Names and settings that the function bindings need at import; reading them never fails.

Nothing else of the environment is read at import. Reading these cannot fail, because an error at import means
an app without functions: anything unknown counts as the default, and `settings.load` names it on first use.
"""

from __future__ import annotations

import os
from typing import Literal, get_args

UPLOADS_CONTAINER = "uploads"
"""The container that is watched. Fixed: it stands in the trigger's binding, which is read at import."""

STORAGE_CONNECTION = "UPLOADS"
"""Name of the connection of the triggers; the platform appends `__blobServiceUri` and the like itself."""

REPLAYS_QUEUE = "csv-replays"
"""The queue, in the account of the uploads, of blobs that are to be delivered once more."""

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
TriggerSource = Literal["polling", "eventgrid"]


def trigger_source() -> TriggerSource:
    """`BLOB_TRIGGER_SOURCE` for the trigger's binding, which the platform wants at import; never raises."""
    return "eventgrid" if os.environ.get("BLOB_TRIGGER_SOURCE") == "eventgrid" else "polling"


def log_level() -> LogLevel:
    """`LOG_LEVEL` for the logs, which are configured at import; never raises."""
    found = os.environ.get("LOG_LEVEL", "")
    return next((level for level in get_args(LogLevel) if level == found), "INFO")
