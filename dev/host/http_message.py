"""HTTP requests and replies, and their conversion to and from the values of the HTTP binding."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

from azure.functions.meta import Datum

from dev.host.bindings import text

# The server sets these headers; other values from a function would break the connection.
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HEADER_VALUE = re.compile(r"[\t -~]*")
_LEAST_STATUS, _LARGEST_STATUS = 200, 599
# One percent-encoded character of UTF-8.
_ENCODED = re.compile(
    r"%(?:[0-7]x|[CD]x%[89AB]x|Ex(?:%[89AB]x){2}|Fx(?:%[89AB]x){3})".replace("x", "[0-9A-F]"), re.IGNORECASE
)
_NOT_IN_PATH = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]+")


@dataclass(frozen=True)
class Request:
    """A complete request: path as `decode_path` returns it, raw query, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        """The URL in `HttpRequest.url`: the decoded path is encoded again, the query is unchanged."""
        host = self.headers.get("host", "127.0.0.1")
        path = _NOT_IN_PATH.sub(lambda found: quote(found[0], safe=""), self.path)
        return f"http://{host}{path}" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True)
class Reply:
    """A reply to send."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def json_reply(status: int, content: object) -> Reply:
    """Make a JSON reply."""
    return Reply(status, json.dumps(content).encode(), (("Content-Type", "application/json"),))


def decode_path(path: str) -> str:
    """Percent-decode a path and resolve its segments `.` and `..`, as Kestrel does; ValueError for `%00`.

    An encoded slash and bytes that are not UTF-8 stay encoded.
    """
    decoded = _ENCODED.sub(_decode_character, path) if "%" in path else path
    if "\0" in decoded:
        raise ValueError("the path contains %00")
    return _remove_dot_segments(decoded) if "/." in decoded else decoded


def _decode_character(match: re.Match[str]) -> str:
    encoded = match[0]
    if encoded.upper() == "%2F":
        return encoded
    try:
        return unquote(encoded, errors="strict")
    except UnicodeDecodeError:  # an overlong form or half of a surrogate pair
        return encoded


def _remove_dot_segments(path: str) -> str:
    """Resolve `.` and `..` (RFC 3986, section 5.2.4)."""
    resolved: list[str] = []
    *folders, last = path.split("/")
    for segment in [*folders, last, *([""] if last in (".", "..") else [])]:
        if segment not in (".", ".."):
            resolved.append(segment)
        elif segment == ".." and len(resolved) > 1:
            resolved.pop()
    return "/".join(resolved)


def query_values(query: str) -> dict[str, str]:
    """Parse a query as the host does.

    Spellings of a key that differ in case are one key, in the last spelling; its values are joined by commas.
    Blank values are dropped. The order of keys is not preserved: they are sorted.
    """
    values: dict[str, tuple[str, list[str]]] = {}
    for key, value in parse_qsl(query):
        values[key.lower()] = (key, [*values.get(key.lower(), ("", []))[1], value])
    return {key: ",".join(found) for key, found in sorted(values.values())}


def request_datum(request: Request, parameters: Mapping[str, str]) -> Datum:
    """Convert a request for the converter of the HTTP binding."""
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
    """Convert the return value of an HTTP function; ValueError for what cannot be sent."""
    if datum.type == "string":
        return Reply(200, str(datum.value).encode(), (("Content-Type", "text/plain; charset=utf-8"),))
    value = datum.value
    headers = [(name, header.value) for name, header in value["headers"].items()]
    cookies = [morsel.OutputString() for cookie in value["cookies"] or () for morsel in cookie.values()]
    headers += [("Set-Cookie", cookie) for cookie in cookies]
    for name, header in headers:
        # Kestrel refuses them too, and the caller gets a 500.
        if not (_HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(header)):
            raise ValueError(f"the response header {name!r} contains characters that cannot be sent")
    status = int(value["status_code"].value)
    if not _LEAST_STATUS <= status <= _LARGEST_STATUS:
        raise ValueError(f"{status} is not the status of a final response")
    sent = tuple((name, header) for name, header in headers if name.lower() not in _FRAMING)
    return Reply(status, value["body"].value, sent)


def _texts(values: Mapping[str, str]) -> dict[str, Datum]:
    return {name: text(value) for name, value in values.items()}
