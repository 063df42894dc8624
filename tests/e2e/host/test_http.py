"""HTTP functions under the bundled host, as the real host would serve them."""

import http.client
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.host.conftest import MakeHost
from tests.e2e.host.running import Answer, RunningHost

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
    """Send bytes as they are and answer all that comes back until the host closes."""
    with socket.create_connection(("127.0.0.1", host.port), timeout=10) as connection:
        connection.sendall(request + more)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
        return answer


def test_a_request_arrives_decoded_as_by_the_worker(host: RunningHost) -> None:
    answer = host.ask("GET", "/api/echo/a%20b?k=1&K=2&blank=&x=%C3%A9", headers={"X-Mixed-Case": "Yes"})
    seen = answer.json
    assert seen["query"] == {"k": "1,2", "x": "é"}
    assert seen["route"] == {"part": "a b"}
    assert seen["headers"]["x-mixed-case"] == "Yes"
    assert seen["context"] == ["echo", str(host.folder), 36]
    assert seen["url"].endswith("/api/echo/a%20b?k=1&K=2&blank=&x=%C3%A9")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-one"] == "1"


def test_a_path_is_resolved_before_it_is_routed(host: RunningHost) -> None:
    answer = host.ask("GET", "/elsewhere/../api/./text")
    assert (answer.status, answer.body.decode()) == (200, "plain é")


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
def test_what_is_no_response_is_an_empty_500(host: RunningHost, path: str) -> None:
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


def test_a_body_over_the_limit_is_a_413_that_a_streaming_client_sees(host: RunningHost) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=20)
    try:
        connection.putrequest("POST", "/api/echo")
        connection.putheader("Content-Length", str(LIMIT + 1))
        connection.endheaders()
        piece = bytes(1 << 20)
        for _ in range(LIMIT >> 20):
            connection.send(piece)
        connection.send(b"x")
        response = connection.getresponse()
        assert (response.status, response.read()) == (413, b"")
    finally:
        connection.close()


def test_a_client_that_asks_first_is_refused_without_sending(host: RunningHost) -> None:
    head = (
        f"POST /api/echo HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT + 1}\r\nExpect: 100-continue\r\n\r\n"
    )
    assert raw(host, head.encode()).startswith(b"HTTP/1.1 413 ")


def test_a_client_that_asks_first_is_told_to_go_on(host: RunningHost) -> None:
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


def test_a_chunked_body_arrives_empty_and_the_connection_goes_on(host: RunningHost) -> None:
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
        b"\r\n\r\nGET /api/text HTTP/1.1\r\nHost: x\r\n\r\n",
        *(MALFORMED.format(line).encode("latin-1") for line in BAD_LINES),
    ],
)
def test_a_malformed_request_is_a_400(host: RunningHost, request_bytes: bytes) -> None:
    assert raw(host, request_bytes).startswith(b"HTTP/1.1 400 ")


def test_a_malformed_header_does_not_make_a_body_the_next_request(host: RunningHost) -> None:
    smuggled = b"GET /api/text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    head = f"POST /api/echo HTTP/1.1\r\nHost: x\r\nno header\r\nContent-Length: {len(smuggled)}\r\n\r\n"
    answer = raw(host, head.encode(), more=smuggled)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


def test_an_empty_line_before_a_request_is_forgiven(host: RunningHost) -> None:
    request = b"\r\nGET /api/text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
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
    assert "stand-in" in host.log.splitlines()[0]
    assert f"echo: [GET,POST] http://127.0.0.1:{host.port}/api/echo/{{part?}}" in host.log
