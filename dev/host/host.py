"""The running host: the triggers of one app, wired together."""

import functools
import logging
from dataclasses import dataclass

from dev.host.blob_function import BlobFunction
from dev.host.blob_triggers import BlobTriggers
from dev.host.function import DEFAULT_CONNECTION, Function
from dev.host.host_json import HostJson
from dev.host.invocation import Invoker
from dev.host.lifecycle import Lifecycle, Loop
from dev.host.queue_listener import QueueListener, Rules
from dev.host.queue_trigger import QueueTrigger
from dev.host.routes import Routes
from dev.host.running import Invocations
from dev.host.site import Site, Starter
from dev.host.storage import Accounts
from dev.host.timer import Timer

log = logging.getLogger("host")


@dataclass(frozen=True)
class Pace:
    """How often to scan and how long a message stays invisible, in seconds."""

    scan_seconds: float
    lease_seconds: int


class Host:
    """Everything but the socket. Building it checks every trigger; then it is started once."""

    def __init__(
        self,
        *,
        functions: list[Function],
        host_id: str,
        settings: HostJson,
        accounts: Accounts,
        pace: Pace,
        lifecycle: Lifecycle,
        invocations: Invocations,
    ) -> None:
        self._lifecycle = lifecycle
        self._settings = settings
        self._invocations = invocations
        self._invoker = Invoker(invocations)
        self._starters: dict[str, Starter] = {}
        self.functions = functions
        self.routes = Routes(_of_kind(functions, "httpTrigger"), settings.route_prefix)
        self._listeners = [self._listener(f, accounts, pace) for f in _of_kind(functions, "queueTrigger")]
        self._timers = [self._timer(f) for f in _of_kind(functions, "timerTrigger")]
        self._blobs = self._blob_triggers(_of_kind(functions, "blobTrigger"), host_id, accounts, pace)
        webhook = self._blobs.webhook.respond if self._blobs else None
        self.site = Site(
            host_id=host_id,
            routes=self.routes,
            invoker=self._invoker,
            webhook=webhook,
            starters=self._starters,
            lifecycle=lifecycle,
        )

    def start(self) -> None:
        """Begin to listen, scan and wait."""
        for listener in self._listeners:
            listener.start()
        for timer in self._timers:
            timer.start()
        if self._blobs:
            self._blobs.start()
        if self._settings.function_timeout is not None:
            self._lifecycle.loop("function timeout", self._report_overdue).start()

    def _listener(self, function: Function, accounts: Accounts, pace: Pace) -> QueueListener:
        settings = self._settings
        trigger = QueueTrigger(function, accounts.of(function), self._invoker, base64=settings.queue_base64)
        self._starters[function.name.lower()] = trigger.run_by_hand
        rules = Rules(
            settings.queue_concurrency,
            settings.queue_tries,
            pace.lease_seconds,
            settings.queue_retry_seconds,
            min(settings.queue_poll_seconds, 1.0),
        )
        poison = trigger.poison if trigger.has_poison else None
        return QueueListener(
            account=trigger.account,
            queue=trigger.client,
            rules=rules,
            handle=trigger.handle,
            poison=poison,
            lifecycle=self._lifecycle,
        )

    def _timer(self, function: Function) -> Loop:
        timer = Timer(function, self._invoker, self._lifecycle)
        self._starters[function.name.lower()] = timer.run_by_hand
        return self._lifecycle.loop(f"timer {function.name}", timer.step)

    def _blob_triggers(
        self, functions: list[Function], host_id: str, accounts: Accounts, pace: Pace
    ) -> BlobTriggers | None:
        if not functions:
            return None
        watching = [BlobFunction.of(function, accounts) for function in functions]
        rules = Rules(self._settings.blob_concurrency, self._settings.blob_tries, pace.lease_seconds)
        account = accounts[DEFAULT_CONNECTION]
        triggers = BlobTriggers(
            functions=watching,
            account=account,
            host_id=host_id,
            rules=rules,
            scan_seconds=pace.scan_seconds,
            lifecycle=self._lifecycle,
            invoker=self._invoker,
        )
        for one in watching:
            self._starters[one.function.name.lower()] = functools.partial(triggers.run_by_hand, one)
        return triggers

    def _report_overdue(self) -> float:
        limit = self._settings.function_timeout or 0
        for invocation, name in self._invocations.newly_overdue(limit):
            log.error(
                "'Functions.%s' (Id=%s) runs longer than the functionTimeout of %ds; "
                "Azure would end it and restart the worker",
                name,
                invocation,
                limit,
            )
        return min(limit / 2, 1.0)


def _of_kind(functions: list[Function], kind: str) -> list[Function]:
    return [function for function in functions if function.kind == kind]
