"""HTTP functions that upload files, and replay or undo loads."""

from ingest_http.handler import blueprint

__all__ = ["blueprint"]
