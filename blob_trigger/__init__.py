"""Each new blob → load; what the platform gave up on; what was missed."""

from blob_trigger.handler import blueprint

__all__ = ["blueprint"]
