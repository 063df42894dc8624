"""Bringing files in over HTTP."""

from ingest_http.handler import blueprint

__all__ = ["blueprint"]
