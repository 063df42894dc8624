"""Arguments and return values through the libraries' converters."""

import azure.functions as func
import pytest
from azure.functions.meta import Datum
from azurefunctions.extensions.bindings import blob

from dev.azurite import ACCOUNT, KEY
from dev.host import bindings
from dev.host.function import Parameter
from dev.host.http_message import Request, query_values, reply_from, request_datum

CONNECTION = (
    f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
    f"BlobEndpoint=http://127.0.0.1:1/{ACCOUNT};"
)
HTTP = Parameter("$return", "http", func.HttpResponse)


def test_an_sdk_type_is_built_from_names_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_DATA", CONNECTION)
    parameter = Parameter("client", "blobTrigger", blob.BlobClient, deferred=True)
    client = bindings.decode(parameter, bindings.blob_reference("SOME_DATA", "c", "f/ä.csv"), {})
    with client:
        assert (client.container_name, client.blob_name, client.account_name) == ("c", "f/ä.csv", ACCOUNT)


def test_text_and_bytes_pass_unchanged() -> None:
    parameter = Parameter("data", "generic", bytes)
    assert bindings.decode(parameter, Datum(b"\xff", "bytes"), {}) == b"\xff"


def test_a_request_keeps_names_values_and_body() -> None:
    request = Request("POST", "/api/x", "a=1&A=2&b=&c=%20", {"host": "h", "x-y": "z"}, b"body")
    seen = bindings.decode(Parameter("req", "httpTrigger", None), request_datum(request, {"id": "7"}), {})
    assert dict(seen.params) == {"a": "1,2", "c": " "}
    assert dict(seen.route_params) == {"id": "7"}
    assert (seen.method, seen.url, seen.get_body()) == ("POST", "http://h/api/x?a=1&A=2&b=&c=%20", b"body")


def test_a_query_without_values_is_empty() -> None:
    assert query_values("a=&b&=") == {}


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


@pytest.mark.parametrize("value", [None, 5, {"a": 1}, b"bytes", ["x"]])
def test_what_is_no_response_cannot_be_returned(value: object) -> None:
    with pytest.raises(TypeError, match="a http function cannot return"):
        bindings.encode(HTTP, value)


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
        func.HttpResponse("x", status_code=1000),
    ],
)
def test_what_kestrel_refuses_is_refused(response: func.HttpResponse) -> None:
    with pytest.raises(ValueError, match=r"header|status"):
        reply_from(bindings.encode(HTTP, response))
