"""HTTP functions that read and edit data: rows, ingestions, datasets, health, and the pages."""

from read_http.handler import blueprint

__all__ = ["blueprint"]
