"""The HTTP server: uvicorn, with the limits and the strictness of Kestrel, the server of the real host."""

import re
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from dev.host.http_message import Reply, Request, decode_path
from dev.host.lifecycle import Lifecycle

LINE_LIMIT = 8192  # bytes of the request line with its line end
HEADERS_LIMIT, HEADER_COUNT_LIMIT = 32_768, 100
_KEEP_ALIVE_SECONDS = 130
_BACKLOG = 128
_BODILESS = frozenset({204, 304})
_CLOSE = (("Connection", "close"),)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FOLDED_LINE = re.compile(rb"\n[ \t]")
_TARGET = re.compile(rb"/|https?://[^/]|\*$", re.IGNORECASE)
_HOST = re.compile(r"(?:[A-Za-z0-9!$&'()\-._~]*|\[[0-9A-Fa-f:.]+\])(?::\d*)?")

Respond = Callable[[Request], Awaitable[Reply]]
# ASGI's types, https://asgi.readthedocs.io/en/latest/specs/www.html
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Server:
    """Listens on 127.0.0.1 and calls `respond` for each complete request."""

    def __init__(self, port: int, respond: Respond, lifecycle: Lifecycle, body_limit: int) -> None:
        """Reserve `port`, 0 for a free one; OSError if it is in use. `body_limit` is in bytes."""
        self._body_limit = body_limit
        self._respond = respond
        self._lifecycle = lifecycle
        self._socket = _listen(port)
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            self._application,
            http=_Protocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            h11_max_incomplete_event_size=LINE_LIMIT + HEADERS_LIMIT,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Accept no more connections; running requests are still answered."""
        self._server.should_exit = True

    def join(self, seconds: float) -> None:
        """Wait until all connections are closed, at most so many seconds."""
        self._thread.join(seconds)

    async def _application(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._lifecycle.work():
            try:
                reply = await self._reply(scope, receive)
            except ConnectionError:
                return
            sends_body = reply.status not in _BODILESS
            headers = [(name.encode(), value.encode()) for name, value in reply.headers]
            if sends_body:
                headers.append((b"Content-Length", str(len(reply.body)).encode()))
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await send({"type": "http.response.body", "body": reply.body if sends_body else b""})

    async def _reply(self, scope: Scope, receive: Receive) -> Reply:
        if self._lifecycle.stopping.is_set():
            return Reply(HTTPStatus.SERVICE_UNAVAILABLE, headers=_CLOSE)
        headers = join_headers(scope["headers"])
        try:
            path = decode_path(_path_of(scope["raw_path"].decode("ascii")))
        except ValueError:
            return Reply(HTTPStatus.BAD_REQUEST, headers=_CLOSE)
        if not _HOST.fullmatch(headers.get("host", "")):
            return Reply(HTTPStatus.BAD_REQUEST, headers=_CLOSE)
        content = await _body(headers, receive, self._body_limit)
        if content is None:
            return Reply(HTTPStatus.INTERNAL_SERVER_ERROR)
        query = scope["query_string"].decode("ascii")
        return await self._respond(Request(scope["method"].upper(), path, query, headers, content))


def _listen(port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only where the protocol is named; without it each reply waits 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


async def _body(headers: dict[str, str], receive: Receive, limit: int) -> bytes | None:
    """Read the body; None if it exceeds `limit` bytes, ConnectionError if the client disconnects.

    A body in chunks is empty for the function, as in Azure.
    """
    if int(headers.get("content-length", "0")) > limit:
        return None
    chunked = "transfer-encoding" in headers
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError
        size += len(message["body"])
        if size > limit:
            return None
        if not chunked:
            pieces.append(message["body"])
        if not message["more_body"]:
            return b"".join(pieces)


def _path_of(target: str) -> str:
    """Return the path of a target, which may be an absolute URL."""
    return target if target.startswith("/") else "/" + target.partition("://")[2].partition("/")[2]


def join_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers by name, the values of a repeated name joined by commas (cookies by semicolons)."""
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name = raw_name.decode("ascii")
        try:
            value = raw_value.decode()
        except UnicodeDecodeError:
            value = raw_value.decode("latin-1")
        separator = "; " if name == "cookie" else ","
        joined[name] = f"{joined[name]}{separator}{value}" if name in joined else value
    return joined


def head_error(data: bytes) -> HTTPStatus | None:
    """Return the status with which Kestrel refuses the head of a request, or None.

    `data` begins with the head, which may be incomplete. h11 makes the other checks.
    """
    head = _HEAD_END.split(data, maxsplit=1)[0]
    line, newline, headers = head.partition(b"\n")
    if len(line) + 1 > LINE_LIMIT:
        return HTTPStatus.REQUEST_URI_TOO_LONG
    if len(headers) > HEADERS_LIMIT or headers.rstrip(b"\r\n").count(b"\n") >= HEADER_COUNT_LIMIT:
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    if _FOLDED_LINE.search(head):
        return HTTPStatus.BAD_REQUEST
    parts = line.split(b" ")
    complete = bool(newline) or head != data
    if complete and len(parts) > 1 and not _TARGET.match(parts[1]):
        return HTTPStatus.BAD_REQUEST
    return None


class _Protocol(H11Protocol):
    """uvicorn's protocol, which refuses requests as Kestrel does: with an empty body."""

    def data_received(self, data: bytes) -> None:
        """Skip empty lines before a request."""
        if self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]:
            data = data.lstrip(b"\r\n")
        if data:
            super().data_received(data)

    def handle_events(self) -> None:
        """Check the head of a request before h11 parses it."""
        if self.conn.their_state is h11.IDLE:
            status = head_error(self.conn.trailing_data[0])
            if status is not None:
                self._refuse(status)
                return
        super().handle_events()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  the base class passes its text
        """Refuse what h11 cannot parse."""
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _refuse(self, status: HTTPStatus) -> None:
        headers = [(b"Content-Length", b"0"), (b"Connection", b"close")]
        response = h11.Response(status_code=status, headers=headers, reason=status.phrase.encode())
        for event in (response, h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
