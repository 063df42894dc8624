"""The host's HTTP endpoints: the app's routes, the admin endpoints, the blob webhook, a front page."""

import asyncio
import functools
import json
import logging
from collections.abc import Callable

from dev.host.function import Function
from dev.host.http_message import Reply, Request, json_reply, reply_from, request_datum
from dev.host.invocation import MANUAL, Call, Invoker
from dev.host.lifecycle import Lifecycle
from dev.host.routes import Routes

log = logging.getLogger("host")
_OK, _ACCEPTED, _NO_CONTENT = 200, 202, 204
_BAD_REQUEST, _NOT_FOUND, _UNSUPPORTED_MEDIA_TYPE, _ERROR = 400, 404, 415, 500
_FRONT_PAGE = Reply(_OK, b"The local Functions host is running.\n", (("Content-Type", "text/plain"),))

Starter = Callable[[str], None]


class Site:
    """Routes requests; `starters` run a function with an input, by the function's name in lower case."""

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

    async def respond(self, request: Request) -> Reply:
        """Reply to a request; an error in the host itself is logged and a 500."""
        try:
            return await self._respond(request)
        except Exception:
            log.exception("the host failed on a %s request", request.method)
            return Reply(_ERROR)

    async def _respond(self, request: Request) -> Reply:
        path = request.path.rstrip("/").lower()
        if path == "/admin/host/status":
            status = {"id": self._host_id, "state": "Running", "version": "local host", "errors": []}
            return json_reply(_OK, status)
        if path.startswith("/admin/functions/") and request.method == "POST":
            return self._start(path.removeprefix("/admin/functions/"), request)
        if path == "/runtime/webhooks/blobs" and request.method == "POST" and self._webhook:
            return await asyncio.to_thread(self._webhook, request)
        found = self._routes.find(request.method, request.path)
        if found:
            return await self._invoke(*found, request)
        return _FRONT_PAGE if path == "" and request.method in ("GET", "HEAD") else Reply(_NOT_FOUND)

    def _start(self, name: str, request: Request) -> Reply:
        """Start a function in the background; the body is `{"input": text}`."""
        if not _is_json(request.headers.get("content-type", "")):
            return Reply(_UNSUPPORTED_MEDIA_TYPE)
        try:
            content = json.loads(request.body)
        except ValueError:
            return Reply(_BAD_REQUEST)
        if not isinstance(content, dict):
            return Reply(_BAD_REQUEST)
        starter = self._starters.get(name)
        if starter is None:
            return Reply(_NOT_FOUND)
        value = content.get("input", "")
        text = value if isinstance(value, str) else json.dumps(value)
        self._lifecycle.in_background(f"run of {name}", functools.partial(starter, text))
        return Reply(_ACCEPTED)

    async def _invoke(self, function: Function, parameters: dict[str, str], request: Request) -> Reply:
        call = Call(
            function,
            request_datum(request, parameters),
            MANUAL,
            trace_parent=request.headers.get("traceparent", ""),
        )
        outcome = await asyncio.wrap_future(self._invoker.start(call))
        if not outcome.succeeded:
            return Reply(_ERROR)  # with an empty body, as in Azure
        if outcome.result is None:
            return Reply(_NO_CONTENT)
        try:
            return reply_from(outcome.result)
        except ValueError:
            log.exception("the response of %s cannot be sent", function.name)
            return Reply(_ERROR)


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type in ("application/json", "text/json") or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )
