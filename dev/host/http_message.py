"""Requests and replies as values, and their translation to and from what the converters use."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from azure.functions.meta import Datum

from dev.host.bindings import text

# The server frames the reply itself; a function's own idea of framing would break the connection.
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HEADER_VALUE = re.compile(r"[\t -~]*")


@dataclass(frozen=True)
class Request:
    """A request as it came: raw path and query, header names in lower case, the body complete."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        """The full URL, as `HttpRequest.url` shows it."""
        host = self.headers.get("host", "127.0.0.1")
        return f"http://{host}{self.path}" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True)
class Reply:
    """A reply to send."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def json_reply(status: int, content: object) -> Reply:
    """Make a JSON reply."""
    return Reply(status, json.dumps(content).encode(), (("Content-Type", "application/json"),))


def query_values(query: str) -> dict[str, str]:
    """Read a query as the host does: a repeated key (of any case) comma-joined, blank values dropped."""
    values: dict[str, tuple[str, list[str]]] = {}
    for key, value in parse_qsl(query):
        values.setdefault(key.lower(), (key, []))[1].append(value)
    return {key: ",".join(found) for key, found in values.values()}


def request_datum(request: Request, parameters: Mapping[str, str]) -> Datum:
    """Translate a request for the HTTP converter."""
    value = {
        "method": text(request.method),
        "url": text(request.url),
        "headers": _texts(request.headers),
        "query": _texts(query_values(request.query)),
        "params": _texts(parameters),
        "body": Datum(request.body, "bytes"),
    }
    return Datum(value, "http")


def reply_from(datum: Datum) -> Reply:
    """Translate what an HTTP function returned; ValueError for what cannot be sent."""
    if datum.type == "string":
        return Reply(200, str(datum.value).encode(), (("Content-Type", "text/plain; charset=utf-8"),))
    value = datum.value
    headers = [(name, header.value) for name, header in value["headers"].items()]
    cookies = [morsel.OutputString() for cookie in value["cookies"] or () for morsel in cookie.values()]
    headers += [("Set-Cookie", cookie) for cookie in cookies]
    for name, header in headers:
        # Kestrel refuses them too, and the caller gets a 500.
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(header)):
            raise ValueError(f"the response header {name!r} holds characters that cannot be sent")
    status = int(value["status_code"].value)
    if not 200 <= status <= 999:  # noqa: PLR2004  below are interim answers, which another must follow
        raise ValueError(f"{status} is no HTTP status to answer with")
    sent = tuple((name, header) for name, header in headers if name.lower() not in _FRAMING)
    return Reply(status, value["body"].value, sent)


def _texts(values: Mapping[str, str]) -> dict[str, Datum]:
    return {name: text(value) for name, value in values.items()}
