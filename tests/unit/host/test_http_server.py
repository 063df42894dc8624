"""The checks of a request's head, which may arrive in pieces."""

import pytest

from dev.host.http_server import head_error, join_headers

HEAD = b"GET /api/x HTTP/1.1\r\nHost: x\r\n\r\n"


def line(length: int) -> bytes:
    """A request line of so many bytes, its line end included."""
    return b"GET /" + b"x" * (length - len("GET / HTTP/1.1\r\n")) + b" HTTP/1.1\r\n"


@pytest.mark.parametrize(
    "head",
    [
        HEAD,
        b"",
        b"GE",
        b"GET /api/x HTTP/1.1\r\nHost: x\r\nA: 1",
        b"GET http://x/api HTTP/1.1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n",
        line(8192) + b"Host: x\r\n\r\n",
        HEAD[:-2] + b"A: 1\r\n" * 99 + b"\r\n",
        HEAD[:-2] + b"A: 1\r\n" * 99,
        HEAD + b"\n folded? no, a body" * 4000,
    ],
)
def test_a_head_within_the_limits_is_accepted(head: bytes) -> None:
    assert head_error(head) is None


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (line(8193) + b"Host: x\r\n\r\n", 414),
        (line(8192)[:-2] + b"xxx", 414),
        (HEAD[:-2] + b"A: 1\r\n" * 100 + b"\r\n", 431),
        (HEAD[:-2] + b"A: 1\r\n" * 100 + b"B", 431),
        (HEAD[:-2] + b"A: " + b"x" * 32_768 + b"\r\n\r\n", 431),
        (HEAD[:-2] + b"A: " + b"x" * 32_768, 431),
        (HEAD[:-2] + b"A: 1\r\n folded\r\n\r\n", 400),
        (b"GET api/x HTTP/1.1\r\n\r\n", 400),
        (b"GET  /api/x HTTP/1.1\r\n\r\n", 400),
        (b"GET ftp://x/api HTTP/1.1\r\n\r\n", 400),
    ],
)
def test_a_head_that_kestrel_refuses_is_refused(head: bytes, status: int) -> None:
    assert head_error(head) == status


def test_values_of_a_repeated_header_are_joined() -> None:
    headers = [(b"a", b"1"), (b"cookie", b"x=1"), (b"a", b"2"), (b"cookie", b"y=2"), (b"b", "é".encode())]
    assert join_headers(headers) == {"a": "1,2", "cookie": "x=1; y=2", "b": "é"}
