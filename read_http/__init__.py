"""Reading over HTTP: the first rows, what happened to a file, and whether the app is well."""

from read_http.handler import blueprint

__all__ = ["blueprint"]
