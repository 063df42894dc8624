"""The HTTP server's socket side: one thread a connection, requests in, replies out."""

import logging
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO, cast

from dev.host import body, head
from dev.host.header_lines import HeaderLines
from dev.host.http_message import Reply, Request
from dev.host.lifecycle import Lifecycle

log = logging.getLogger("host")
_LONGEST_LINE = 65536
_BODILESS = (204, 304)


class Server(ThreadingHTTPServer):
    """Listens on loopback and hands complete requests to `respond`."""

    request_queue_size = 128
    daemon_threads = True

    def __init__(self, port: int, respond: Callable[[Request], Reply], lifecycle: Lifecycle) -> None:
        self.respond = respond
        self.lifecycle = lifecycle
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """Keep quiet about clients that went away; log everything else."""
        error = sys.exception()
        if not isinstance(error, (ConnectionError, TimeoutError, body.DisconnectedError)):
            log.error("a connection failed", exc_info=error)


class Handler(BaseHTTPRequestHandler):
    """Serves one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "dev.host"
    sys_version = ""
    timeout = 120
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        """Open the connection; the base class reads from `rfile` only header lines, through our check."""
        super().setup()
        self.stream = cast(BinaryIO, self.rfile)
        self.rfile = HeaderLines(self.stream)

    def handle_one_request(self) -> None:
        """Read one request, answer it."""
        self.raw_requestline = self._request_line()
        if not self.raw_requestline:
            self.close_connection = True
            return
        try:
            if len(self.raw_requestline) > _LONGEST_LINE:
                self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)
            elif not self.raw_requestline.split():
                self._refuse(HTTPStatus.BAD_REQUEST)
            elif self.parse_request():
                self._serve()
        except body.BadRequestError:
            self._refuse(HTTPStatus.BAD_REQUEST)

    def finish(self) -> None:
        """Close the connection."""
        super().finish()
        self.stream.close()

    def _request_line(self) -> bytes:
        try:
            line = self.stream.readline(_LONGEST_LINE + 1)
            # A client may send an empty line too many after a body (RFC 9112, section 2.2).
            return line if line.split() or not line else self.stream.readline(_LONGEST_LINE + 1)
        except TimeoutError:
            return b""

    def handle_expect_100(self) -> bool:
        """Put `100 Continue` off until the length is known to be acceptable."""
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer a request that could not be parsed (the base class calls this)."""
        self._refuse(code)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the host logs invocations."""

    def _serve(self) -> None:
        head.check(self.request_version, self.headers)
        try:
            content = self._body()
        except body.TooLargeError:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        with self.server.lifecycle.work():
            if self.server.lifecycle.stopping.is_set():
                self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
                return
            path, query = head.path_and_query(self.path)
            request = Request(self.command, path, query, head.values(self.headers), content)
            reply = self.server.respond(request)
            if self.server.lifecycle.stopping.is_set():
                self.close_connection = True
            self._send(reply)

    def _body(self) -> bytes:
        chunked = body.is_chunked(self.headers)
        length = body.content_length(self.headers)
        if length > body.LIMIT:
            raise body.TooLargeError
        if self.headers.get("Expect", "").lower() == "100-continue" and (chunked or length):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not chunked:
            return body.read(self.stream, length)
        body.drain_chunked(self.stream)
        return b""  # as in Azure: without a Content-Length a function sees no body

    def _send(self, reply: Reply) -> None:
        sends_body = reply.status not in _BODILESS
        self.send_response_only(reply.status)
        self.send_header("Date", self.date_time_string())
        self.send_header("Server", self.version_string())
        for name, value in reply.headers:
            self.send_header(name, value)
        if sends_body:
            self.send_header("Content-Length", str(len(reply.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if sends_body and self.command != "HEAD":
            self.wfile.write(reply.body)

    def _refuse(self, status: int) -> None:
        """Answer with an empty body, and close without losing the answer on the way."""
        self.close_connection = True
        self.request_version = "HTTP/1.1"  # send_response_only writes no head for HTTP/0.9
        self.command = getattr(self, "command", "") or ""
        self._send(Reply(status))
        body.linger(self.connection, self.stream)
