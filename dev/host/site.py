"""What the host answers over HTTP: the app's routes, admin endpoints, the blob webhook, a front page."""

import functools
import json
import logging
from collections.abc import Callable

from dev.host.function import Function
from dev.host.http_message import Reply, Request, json_reply, reply_from, request_datum
from dev.host.invocation import BY_HAND, Call, Invoker
from dev.host.lifecycle import Lifecycle
from dev.host.routes import Routes

log = logging.getLogger("host")
NOT_FOUND = Reply(404)
BAD_REQUEST = Reply(400)
ACCEPTED = Reply(202)
FRONT_PAGE = Reply(200, b"The local Functions host is running.\n", (("Content-Type", "text/plain"),))

Starter = Callable[[str], None]


class Site:
    """Finds who answers a request; `starters` run a function by hand, by name in lower case."""

    def __init__(
        self,
        *,
        host_id: str,
        routes: Routes,
        invoker: Invoker,
        webhook: Callable[[Request], Reply] | None,
        starters: dict[str, Starter],
        lifecycle: Lifecycle,
    ) -> None:
        self._host_id = host_id
        self._routes = routes
        self._invoker = invoker
        self._webhook = webhook
        self._starters = starters
        self._lifecycle = lifecycle

    def respond(self, request: Request) -> Reply:
        """Answer a request; a bug of the host's own is a logged 500."""
        try:
            return self._respond(request)
        except Exception:
            log.exception("the host failed on a %s request", request.method)
            return Reply(500)

    def _respond(self, request: Request) -> Reply:
        path = request.path.rstrip("/").lower()
        if path == "/admin/host/status":
            status = {"id": self._host_id, "state": "Running", "version": "local stand-in", "errors": []}
            return json_reply(200, status)
        if path.startswith("/admin/functions/") and request.method == "POST":
            return self._start(path.removeprefix("/admin/functions/"), request.body)
        if path == "/runtime/webhooks/blobs" and request.method == "POST":
            return self._webhook(request) if self._webhook else NOT_FOUND
        found = self._routes.find(request.method, request.path)
        if found:
            return self._invoke(*found, request)
        return FRONT_PAGE if path == "" and request.method in ("GET", "HEAD") else NOT_FOUND

    def _start(self, name: str, body: bytes) -> Reply:
        starter = self._starters.get(name)
        if starter is None:
            return NOT_FOUND
        try:
            content = json.loads(body) if body else {}
        except ValueError:
            return BAD_REQUEST
        if not isinstance(content, dict):
            return BAD_REQUEST
        given = content.get("input", "")
        text = given if isinstance(given, str) else json.dumps(given)
        self._lifecycle.in_background(f"run of {name}", functools.partial(starter, text))
        return ACCEPTED

    def _invoke(self, function: Function, parameters: dict[str, str], request: Request) -> Reply:
        call = Call(
            function,
            request_datum(request, parameters),
            BY_HAND,
            trace_parent=request.headers.get("traceparent", ""),
        )
        outcome = self._invoker.run(call)
        if not outcome.succeeded:
            return Reply(500)  # with an empty body, as in Azure
        if outcome.result is None:
            return Reply(204)
        try:
            return reply_from(outcome.result)
        except ValueError:
            log.exception("the answer of %s cannot be sent", function.name)
            return Reply(500)
