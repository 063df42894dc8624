"""HTTP functions under the local host: requests, responses, and the limits of the real host."""

import http.client
import json
import socket
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.host.conftest import MakeHost
from tests.e2e.host.running_host import Answer, RunningHost

LIMIT = 104_857_600
APP = """
@app.route("echo/{part?}", methods=["GET", "POST"])
def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    seen = {"query": dict(req.params), "headers": dict(req.headers), "route": dict(req.route_params),
            "size": len(req.get_body()), "method": req.method, "url": req.url,
            "context": [context.function_name, context.function_directory, len(context.invocation_id)],
            "files": [[k, f.filename, f.read().decode()] for k, f in req.files.items(multi=True)]}
    logging.getLogger("mine").info("echoing")
    return func.HttpResponse(json.dumps(seen), mimetype="application/json", headers={"X-One": "1"})

@app.route("text")
def text(req: func.HttpRequest) -> str:
    return "plain \\u00e9"

@app.route("returns/{what}")
def returns(req: func.HttpRequest) -> func.HttpResponse:
    return {"none": None, "int": 5, "dict": {"a": 1}, "empty": func.HttpResponse(status_code=204),
            "header": func.HttpResponse("x", headers={"A": "\\u20ac"})}[req.route_params["what"]]

@app.route("upload")
def upload(req: func.HttpRequest) -> func.HttpResponse:
    record(function="upload", size=len(req.get_body()))
    return func.HttpResponse("received")

@app.route("raises")
def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("a secret of the app")

@app.route("exits")
def exits(req: func.HttpRequest) -> func.HttpResponse:
    raise SystemExit(3)

@app.route("held")
def held(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    record(function="held")
    while not os.path.exists(os.path.join(context.function_directory, "release")):
        time.sleep(0.01)
    return func.HttpResponse("released")

@app.route("slow")
def slow(req: func.HttpRequest) -> func.HttpResponse:
    time.sleep(1)
    return func.HttpResponse("slept")

@app.route("waits")
async def waits(req: func.HttpRequest) -> func.HttpResponse:
    import asyncio
    await asyncio.sleep(0.01)
    return func.HttpResponse("waited")

@app.route("exits-async/{how}")
async def exits_async(req: func.HttpRequest) -> func.HttpResponse:
    import asyncio
    async def leave():
        raise SystemExit(3)
    if req.route_params["how"] == "task":
        await asyncio.create_task(leave())
    raise KeyboardInterrupt if req.route_params["how"] == "interrupt" else SystemExit(3)
"""

ONCE = "{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
MALFORMED = "GET /api/text HTTP/1.1\r\nHost: x\r\n{}\r\nConnection: close\r\n\r\n"
BAD_LINES = (
    "no header",
    "Name : 1",
    ": 1",
    "A: 1\r\n folded",
    "A: 1\rB: 2",
    "A: \0",
    "From me",
    "N\xe4me: 1",
)


@pytest.fixture(scope="module")
def host(make_host: MakeHost) -> RunningHost:
    return make_host(APP).start()


def raw(host: RunningHost, request: bytes, *, more: bytes = b"") -> bytes:
    """Send these bytes and return all bytes that the host sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", host.port), timeout=10) as connection:
        connection.sendall(request + more)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_a_request_arrives_decoded_as_by_the_worker(host: RunningHost) -> None:
    answer = host.ask("GET", "/api/echo/a%20b?x=%C3%A9&k=1&K=2&blank=", headers={"X-Mixed-Case": "Yes"})
    seen = answer.json
    assert list(seen["query"].items()) == [("K", "1,2"), ("x", "é")]
    assert seen["route"] == {"part": "a b"}
    assert seen["headers"]["x-mixed-case"] == "Yes"
    assert seen["context"] == ["echo", str(host.folder), 36]
    assert seen["url"].endswith("/api/echo/a%20b?x=%C3%A9&k=1&K=2&blank=")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-one"] == "1"


def test_a_path_is_resolved_before_it_is_routed(host: RunningHost) -> None:
    answer = host.ask("GET", "/elsewhere/../api/./text")
    assert (answer.status, answer.body.decode()) == (200, "plain é")


def test_bytes_that_are_not_utf8_stay_encoded_and_the_url_is_encoded_again(host: RunningHost) -> None:
    seen = host.ask("GET", "/api/%65cho/%ff%c3%a9").json
    assert seen["route"] == {"part": "%ffé"}
    assert seen["url"].endswith("/api/echo/%ff%C3%A9")


def test_a_path_with_an_empty_first_segment_is_a_404(host: RunningHost) -> None:
    assert raw(host, ONCE.format("GET //api/text").encode()).startswith(b"HTTP/1.1 404 ")


def test_a_method_in_lower_case_is_the_same_method(host: RunningHost) -> None:
    answer = raw(host, ONCE.format("get /api/echo").encode())
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"method": "GET"' in answer


def test_an_optional_route_parameter_may_be_missing(host: RunningHost) -> None:
    assert host.ask("GET", "/api/echo").json["route"] == {}


def test_files_of_a_form_arrive(host: RunningHost) -> None:
    form = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\n1,2\r\n'
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="b.csv"\r\n\r\n3,4\r\n--b--\r\n'
    )
    seen = host.ask("POST", "/api/echo", form, {"Content-Type": "multipart/form-data; boundary=b"}).json
    assert seen["files"] == [["f", "a.csv", "1,2"], ["f", "b.csv", "3,4"]]


@pytest.mark.parametrize("method", ["DELETE", "PUT", "HEAD"])
def test_a_wrong_method_is_a_404(host: RunningHost, method: str) -> None:
    answer = host.ask(method, "/api/echo")
    assert (answer.status, answer.body) == (404, b"")


def test_an_unknown_route_is_an_empty_404(host: RunningHost) -> None:
    answer = host.ask("GET", "/api/nothing")
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.parametrize(
    "path", ["raises", "exits", "returns/none", "returns/int", "returns/dict", "returns/header"]
)
def test_a_value_that_is_not_a_response_is_an_empty_500(host: RunningHost, path: str) -> None:
    answer = host.ask("GET", f"/api/{path}")
    assert (answer.status, answer.body) == (500, b"")


def test_the_log_shows_where_a_function_failed(host: RunningHost) -> None:
    host.ask("GET", "/api/raises")
    failure = host.log.partition("Executed 'Functions.raises' (Failed")[2]
    assert f'File "{host.folder / "function_app.py"}"' in failure
    assert "RuntimeError: a secret of the app" in failure


def test_log_lines_name_the_function_they_belong_to(host: RunningHost) -> None:
    host.ask("GET", "/api/echo")
    (line, *_) = [line for line in host.log.splitlines() if line.endswith("echoing")]
    assert " INFO mine [echo " in line


def test_text_and_async_functions_answer(host: RunningHost) -> None:
    assert host.ask("GET", "/api/text").body.decode() == "plain é"
    assert host.ask("GET", "/api/waits").body == b"waited"


@pytest.mark.parametrize("how", ["exit", "interrupt", "task"])
def test_an_async_function_that_exits_fails_alone(host: RunningHost, how: str) -> None:
    answer = host.ask("GET", f"/api/exits-async/{how}")
    assert (answer.status, answer.body) == (500, b"")
    assert host.ask("GET", "/api/waits").body == b"waited"


def test_an_answer_without_a_body_has_none(host: RunningHost) -> None:
    answer = host.ask("GET", "/api/returns/empty")
    assert (answer.status, answer.body, "content-length" in answer.headers) == (204, b"", False)


def test_head_sends_the_length_and_no_body(host: RunningHost) -> None:
    answer = host.ask("HEAD", "/api/text")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "8")


def test_a_connection_serves_many_requests(host: RunningHost) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=10)
    try:
        for _ in range(3):
            connection.request("GET", "/api/text")
            socket_before = connection.sock
            assert connection.getresponse().read().decode() == "plain é"
            assert connection.sock is socket_before
    finally:
        connection.close()


def test_requests_that_wait_do_not_block_others(host: RunningHost) -> None:
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(host.ask, "GET", "/api/held") for _ in range(3)]
        try:
            host.wait_for(lambda: len(host.records(function="held")) == 3)
            assert host.ask("GET", "/api/text").status == 200
            assert not any(answer.done() for answer in waiting)
        finally:
            (host.folder / "release").touch()
        assert [answer.result().body for answer in waiting] == [b"released"] * 3


def send_body(host: RunningHost, header: str, pieces: Iterable[bytes]) -> tuple[int, bytes]:
    """Stream a body to `upload` and return the status and the body of the response."""
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=20)
    try:
        connection.putrequest("POST", "/api/upload")
        connection.putheader(*header.split(": "))
        connection.endheaders()
        for piece in pieces:
            connection.send(piece)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_body_of_the_limit_reaches_the_function(host: RunningHost) -> None:
    assert send_body(host, f"Content-Length: {LIMIT}", [bytes(LIMIT)]) == (200, b"received")
    assert host.records(function="upload", size=LIMIT)


def test_a_larger_body_is_an_empty_500_and_the_function_is_not_called(host: RunningHost) -> None:
    before = host.records(function="upload")
    piece = bytes(1 << 20)
    announced = [piece] * (LIMIT >> 20) + [b"x"]
    assert send_body(host, f"Content-Length: {LIMIT + 1}", announced) == (500, b"")
    chunk = b"100000\r\n" + piece + b"\r\n"
    chunks = [chunk] * (LIMIT >> 20) + [b"1\r\nx\r\n0\r\n\r\n"]
    assert send_body(host, "Transfer-Encoding: chunked", chunks) == (500, b"")
    assert host.records(function="upload") == before


def test_a_client_that_waits_for_100_continue_is_refused_without_sending(host: RunningHost) -> None:
    head = (
        f"POST /api/upload HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT + 1}\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", host.port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1024).startswith(b"HTTP/1.1 500 ")


def test_a_client_that_waits_for_100_continue_gets_it(host: RunningHost) -> None:
    with socket.create_connection(("127.0.0.1", host.port), timeout=10) as connection:
        connection.sendall(
            b"POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
            b"Connection: close\r\n\r\n"
        )
        assert connection.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["size"] == 3


def test_a_chunked_body_arrives_empty_and_the_connection_is_reused(host: RunningHost) -> None:
    chunked = b"POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    last = b"GET /api/text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = raw(host, chunked, more=b"3\r\nabc\r\n4;ext=1\r\ndefg\r\n0\r\n\r\n" + last)
    first, _, second = answer.partition(b"plain ")
    assert b'"size": 0' in first
    assert second == "é".encode()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"garbage\r\n\r\n",
        b"GET /api/text\r\n\r\n",
        b"POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: two\r\n\r\n",
        b"POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST /api/echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"POST /api/echo HTTP/1.1\r\nHost: x\r\n" + 2 * b"Transfer-Encoding: chunked\r\n" + b"\r\n",
        b"GET /api/text HTTP/1.1\r\n\r\n",
        b"GET /api/text HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /api/text HTTP/1.1\r\nHost: x/y\r\n\r\n",
        b"GET api/text HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET  /api/text HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/t\xc3\xa9xt HTTP/1.1\r\nHost: x\r\n\r\n",
        b"G(T /api/text HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/echo/a%00b HTTP/1.1\r\nHost: x\r\n\r\n",
        *(MALFORMED.format(line).encode("latin-1") for line in BAD_LINES),
    ],
)
def test_a_malformed_request_is_an_empty_400(host: RunningHost, request_bytes: bytes) -> None:
    answer = raw(host, request_bytes)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("path", "header", "status"),
    [
        ("/api/text?" + "x" * 8_100, "A: 1", b"200"),
        ("/api/text?" + "x" * 8_192, "A: 1", b"414"),
        ("/api/text", "A: " + "x" * 32_000, b"200"),
        ("/api/text", "A: " + "x" * 32_768, b"431"),
        ("/api/text", "\r\n".join(["A: 1"] * 98), b"200"),
        ("/api/text", "\r\n".join(["A: 1"] * 99), b"431"),
    ],
)
def test_long_request_lines_and_headers_are_refused(
    host: RunningHost, path: str, header: str, status: bytes
) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n\r\n"
    answer = raw(host, request.encode())
    assert answer.startswith(b"HTTP/1.1 " + status + b" ")
    assert status == b"200" or answer.endswith(b"\r\n\r\n")


def test_a_malformed_header_does_not_make_a_body_the_next_request(host: RunningHost) -> None:
    smuggled = b"GET /api/text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    head = f"POST /api/echo HTTP/1.1\r\nHost: x\r\nno header\r\nContent-Length: {len(smuggled)}\r\n\r\n"
    answer = raw(host, head.encode(), more=smuggled)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("empty_lines", [b"\r\n", b"\r\n\r\n"])
def test_empty_lines_before_a_request_are_skipped(host: RunningHost, empty_lines: bytes) -> None:
    request = empty_lines + b"GET /api/text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert raw(host, request).startswith(b"HTTP/1.1 200 ")


def test_an_old_client_needs_no_host_header(host: RunningHost) -> None:
    assert raw(host, b"GET /api/text HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_a_head_that_breaks_off_runs_nothing(host: RunningHost) -> None:
    with socket.create_connection(("127.0.0.1", host.port), timeout=10) as connection:
        connection.sendall(b"GET /api/text HTTP/1.1\r\nHost: x\r\nAccept: tex")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1024) == b""


def test_a_client_that_goes_away_leaves_no_traceback(host: RunningHost) -> None:
    before = host.log.count("Traceback")
    for request in (
        b"POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
        b"GET /api/slow HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", host.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(request)
    time.sleep(1.3)
    assert host.log.count("Traceback") == before
    assert host.ask("GET", "/api/text").status == 200


def test_the_hosts_own_pages_answer(host: RunningHost) -> None:
    answers: list[Answer] = [host.ask("GET", path) for path in ("/", "/admin/host/status")]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[1].json["state"] == "Running"


def test_the_start_says_what_runs_where(host: RunningHost) -> None:
    assert "not the Azure Functions host" in host.log.splitlines()[0]
    assert f"echo: [GET,POST] http://127.0.0.1:{host.port}/api/echo/{{part?}}" in host.log


JSON = {"Content-Type": "application/json; charset=utf-8"}


@pytest.mark.parametrize(
    ("name", "body", "headers", "status"),
    [
        ("text", b'{"input": ""}', JSON, 202),
        ("TEXT", b"{}", {"Content-Type": "application/x+json"}, 202),
        ("text", b"", JSON, 400),
        ("text", b"{", JSON, 400),
        ("text", b"null", JSON, 400),
        ("nobody", b"{}", JSON, 404),
        ("text", b"{}", {}, 415),
        ("text", b"{}", {"Content-Type": "text/plain"}, 415),
    ],
)
def test_a_function_is_run_by_an_admin_request_with_a_json_body(
    host: RunningHost, name: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = host.ask("POST", f"/admin/functions/{name}", body, headers)
    assert (answer.status, answer.body) == (status, b"")
