"""The head of a request: what its version, its target and its headers come to."""

import re
from email.message import Message
from urllib.parse import unquote

from dev.host.body import BadRequestError

_DOTS = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)


def check(version: str, headers: Message) -> None:
    """Raise BadRequestError for a version we do not speak, or for not exactly one Host where it must be."""
    if version == "HTTP/0.9":
        raise BadRequestError("no version")
    if version != "HTTP/1.0" and len(headers.get_all("Host", [])) != 1:
        raise BadRequestError("not exactly one Host")


def path_and_query(target: str) -> tuple[str, str]:
    """Split a target; an absolute URI loses its scheme and host, the path its segments `.` and `..`."""
    path, _, query = target.partition("#")[0].partition("?")
    if "://" in path and not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2]
    return without_dots(path), query


def without_dots(path: str) -> str:
    """Resolve the segments `.` and `..` of a path, which may be percent-encoded (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    *folders, last = path.split("/")
    for segment in [*folders, last, *([""] if _DOTS.fullmatch(last) else [])]:
        if not _DOTS.fullmatch(segment):
            kept.append(segment)
        elif len(unquote(segment)) == len("..") and len(kept) > 1:
            kept.pop()
    return "/".join(kept)


def values(headers: Message) -> dict[str, str]:
    """Return the headers by name in lower case, those of one name joined."""
    found: dict[str, str] = {}
    for name, value in headers.items():
        key, joiner = name.lower(), "; " if name.lower() == "cookie" else ","
        try:
            decoded = value.encode("latin-1").decode()
        except UnicodeError:
            decoded = value
        found[key] = f"{found[key]}{joiner}{decoded}" if key in found else decoded
    return found
