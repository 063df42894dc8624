"""HTTP requests, as a client sends them and as the real host decodes them for the worker."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class HttpCase:
    """`path`, `headers` and `body` are sent to the local host; `query` and `route` are what they mean."""

    function: str = "seen"
    method: str = "GET"
    path: str = "/api/seen/one"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    query: Mapping[str, str] = field(default_factory=dict)
    route: Mapping[str, str] = field(default_factory=lambda: {"first": "one"})


def posted(kind: str, body: bytes) -> HttpCase:
    """A POST of some content type."""
    return HttpCase(method="POST", headers={"Content-Type": kind}, body=body)


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nh\xc3\xa9\r\n'
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n'
    b"Content-Type: text/csv\r\n\r\n1\r\n"
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="b.csv"\r\n\r\n2\r\n--b--\r\n'
)
REQUESTS = {
    "a plain request": HttpCase(),
    "a route's second parameter": HttpCase(
        path="/api/seen/a%20b/c%C3%A9", route={"first": "a b", "second": "cé"}
    ),
    "a query": HttpCase(path="/api/seen/one?x=1&x=2&blank=&u=%C3%A9+y", query={"x": "1,2", "u": "é y"}),
    "mixed-case headers": HttpCase(headers={"X-Mixed-Case": "Value, Other"}),
    "json": posted("application/json", b'{"a": [1, "\xc3\xa9"]}'),
    "no json": posted("application/json", b"{"),
    "bytes": posted("application/octet-stream", bytes(range(256))),
    "a form": posted("application/x-www-form-urlencoded", b"a=1&b=%C3%A9"),
    "files": posted("multipart/form-data; boundary=b", FORM),
    "files without a boundary": posted("multipart/form-data", FORM),
    "files cut off": posted("multipart/form-data; boundary=b", FORM[:-30]),
    "an async function": HttpCase(function="later", path="/api/later", route={}),
}
ANSWERS = (
    "none", "int", "dict", "list", "bytes", "text", "raise", "empty", "bare", "html", "binary", "headers",
)  # fmt: skip
