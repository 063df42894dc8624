"""Functions that load blobs: on events, on replays, after failed attempts, and by timer."""

from blob_trigger.handler import blueprint

__all__ = ["blueprint"]
