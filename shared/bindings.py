"""Names and settings that the function bindings need at import; reading them never fails.

An error at import would be an app without functions. So an unknown value counts as the default here, and
`settings.load` reports it on first use. No other setting is read at import.
"""

from __future__ import annotations

import os
from typing import Literal, get_args

UPLOADS_CONTAINER = "uploads"
"""The blob trigger's container. It is fixed, since the binding is read at import."""

STORAGE_CONNECTION = "UPLOADS"
"""Connection name of the triggers. The platform appends `__blobServiceUri` and other suffixes itself."""

REPLAYS_QUEUE = "csv-replays"
"""The queue of blobs to replay, in the storage account of the uploads."""

LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
TriggerSource = Literal["polling", "eventgrid"]


def trigger_source() -> TriggerSource:
    """`BLOB_TRIGGER_SOURCE` for the binding of the blob trigger; never raises."""
    return "eventgrid" if os.environ.get("BLOB_TRIGGER_SOURCE") == "eventgrid" else "polling"


def log_level() -> LogLevel:
    """`LOG_LEVEL` for the logs, which are configured at import; never raises."""
    name = os.environ.get("LOG_LEVEL", "")
    return next((level for level in get_args(LogLevel) if level == name), "INFO")
