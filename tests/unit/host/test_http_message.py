"""Paths, queries, requests and responses of the HTTP binding."""

import azure.functions as func
import pytest

from dev.host import bindings
from dev.host.function import Parameter
from dev.host.http_message import Request, decode_path, query_values, reply_from, request_datum

HTTP = Parameter("$return", "http", func.HttpResponse)


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/a/.", "/a/"),
        ("/../../b", "/b"),
        ("/..", "/"),
        ("/a/%2E%2e/b", "/b"),
        ("/a/.%2e/b", "/b"),
        ("/a/...", "/a/..."),
        ("/a//b/", "/a//b/"),
        ("/a.b/..c", "/a.b/..c"),
    ],
)
def test_dot_segments_of_a_path_are_resolved(path: str, resolved: str) -> None:
    assert decode_path(path) == resolved


@pytest.mark.parametrize(
    ("path", "decoded"),
    [
        ("/a%20b%C3%a9", "/a bé"),
        ("/%F0%9F%98%80", "/\N{GRINNING FACE}"),
        ("/a%2Fb%2fc", "/a%2Fb%2fc"),
        ("/a%252Fb", "/a%2Fb"),
        ("/%ff%C3", "/%ff%C3"),
        ("/%C0%80%ED%A0%80", "/%C0%80%ED%A0%80"),
        ("/%zz%", "/%zz%"),
    ],
)
def test_a_path_is_decoded_except_slashes_and_what_is_not_utf8(path: str, decoded: str) -> None:
    assert decode_path(path) == decoded


def test_a_path_with_a_zero_byte_is_an_error() -> None:
    with pytest.raises(ValueError, match="%00"):
        decode_path("/a%00b")


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("/api/%41%c3%a9", "http://h/api/A%C3%A9"),
        ("/api/a%20b!$&'()*+,;=:@~", "http://h/api/a%20b!$&'()*+,;=:@~"),
        ("/api/a%2Fb%252Fc", "http://h/api/a%2Fb%2Fc"),
        ("/api/%25%22%ff", "http://h/api/%25%22%ff"),
    ],
)
def test_the_url_of_a_request_has_its_path_encoded_again(path: str, url: str) -> None:
    request = Request("GET", decode_path(path), "a=%41", {"host": "h"}, b"")
    assert request.url == f"{url}?a=%41"


def test_a_request_keeps_names_values_and_body() -> None:
    request = Request("POST", "/api/x", "c=%20&a=1&A=2&b=", {"host": "h", "x-y": "z"}, b"body")
    seen = bindings.decode(Parameter("req", "httpTrigger", None), request_datum(request, {"id": "7"}), {})
    assert list(seen.params.items()) == [("A", "1,2"), ("c", " ")]
    assert dict(seen.route_params) == {"id": "7"}
    assert (seen.method, seen.url, seen.get_body()) == ("POST", "http://h/api/x?c=%20&a=1&A=2&b=", b"body")


def test_a_query_without_values_is_empty() -> None:
    assert query_values("a=&b&=") == {}


def test_spellings_of_a_query_key_are_one_key_in_the_last_spelling() -> None:
    assert query_values("Key=1&b=2&kEY=&key=3&KEY=4") == {"KEY": "1,3,4", "b": "2"}


def test_the_order_of_query_keys_is_not_preserved() -> None:
    assert list(query_values("c=1&a=2&b=3")) == ["a", "b", "c"]


def test_a_response_keeps_status_headers_and_cookies() -> None:
    response = func.HttpResponse("é", status_code=201, headers={"X": "1", "Set-Cookie": "a=b; Path=/"})
    reply = reply_from(bindings.encode(HTTP, response))
    assert (reply.status, reply.body) == (201, "é".encode())
    assert dict(reply.headers) == {
        "X": "1",
        "content-type": "text/plain; charset=utf-8",
        "Set-Cookie": "a=b; Path=/",
    }


def test_a_function_cannot_frame_its_response_itself() -> None:
    headers = {"Content-Length": "999", "Connection": "close", "Transfer-Encoding": "chunked"}
    reply = reply_from(bindings.encode(HTTP, func.HttpResponse("x", headers=headers)))
    assert [name for name, _ in reply.headers] == ["content-type"]


@pytest.mark.parametrize(
    "response",
    [
        func.HttpResponse("x", headers={"X": "€"}),
        func.HttpResponse("x", headers={"X": "a\0b"}),
        func.HttpResponse("x", headers={"X\0": "a"}),
        func.HttpResponse("x", headers={"X Y": "a"}),
        func.HttpResponse("x", headers={"": "a"}),
        func.HttpResponse("x", status_code=100),
        func.HttpResponse("x", status_code=199),
        func.HttpResponse("x", status_code=600),
    ],
)
def test_a_response_that_cannot_be_sent_is_an_error(response: func.HttpResponse) -> None:
    with pytest.raises(ValueError, match=r"header|status"):
        reply_from(bindings.encode(HTTP, response))
