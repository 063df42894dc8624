"""The running host: the triggers of one app, wired together."""

import functools
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from dev.host.blob_function import BlobFunction
from dev.host.blob_triggers import BlobTriggers
from dev.host.function import DEFAULT_CONNECTION, Function
from dev.host.host_json import HostJson
from dev.host.invocation import Invoker
from dev.host.lifecycle import Lifecycle
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
        self.functions = functions
        self.routes = Routes(_of_kind(functions, "httpTrigger"), settings.route_prefix)
        queues = {f.name: self._queue_trigger(f, accounts) for f in _of_kind(functions, "queueTrigger")}
        timers = {f.name: Timer(f, self._invoker, lifecycle) for f in _of_kind(functions, "timerTrigger")}
        watching = [BlobFunction.of(f, accounts) for f in _of_kind(functions, "blobTrigger")]
        self._listeners = [self._listener(trigger, pace) for trigger in queues.values()]
        self._timers = [lifecycle.loop(f"timer {name}", timer.step) for name, timer in timers.items()]
        self._blobs = self._blob_triggers(watching, host_id, accounts, pace) if watching else None
        webhook = self._blobs.webhook.respond if self._blobs else None
        self.site = Site(
            host_id=host_id,
            routes=self.routes,
            invoker=self._invoker,
            webhook=webhook,
            starters=_starters(queues, timers, watching, self._blobs),
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

    def _queue_trigger(self, function: Function, accounts: Accounts) -> QueueTrigger:
        base64 = self._settings.queue_base64
        return QueueTrigger(function, accounts.of(function), self._invoker, base64=base64)

    def _listener(self, trigger: QueueTrigger, pace: Pace) -> QueueListener:
        settings = self._settings
        rules = Rules(
            settings.queue_concurrency,
            settings.queue_tries,
            pace.lease_seconds,
            settings.queue_retry_seconds,
            min(settings.queue_poll_seconds, 1.0),
        )
        return QueueListener(
            account=trigger.account,
            queue=trigger.queue,
            rules=rules,
            handle=trigger.handle,
            poison=trigger.poison if trigger.has_poison else None,
            lifecycle=self._lifecycle,
        )

    def _blob_triggers(
        self, watching: list[BlobFunction], host_id: str, accounts: Accounts, pace: Pace
    ) -> BlobTriggers:
        return BlobTriggers(
            functions=watching,
            account=accounts[DEFAULT_CONNECTION],
            host_id=host_id,
            rules=Rules(self._settings.blob_concurrency, self._settings.blob_tries, pace.lease_seconds),
            scan_seconds=pace.scan_seconds,
            lifecycle=self._lifecycle,
            invoker=self._invoker,
        )

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


def _starters(
    queues: Mapping[str, QueueTrigger],
    timers: Mapping[str, Timer],
    watching: list[BlobFunction],
    blobs: BlobTriggers | None,
) -> dict[str, Starter]:
    """What runs each function by hand, by its name in lower case."""
    starters: dict[str, Starter] = {name: trigger.run_by_hand for name, trigger in queues.items()}
    starters |= {name: timer.run_by_hand for name, timer in timers.items()}
    if blobs:
        starters |= {one.function.name: functools.partial(blobs.run_by_hand, one) for one in watching}
    return {name.lower(): starter for name, starter in starters.items()}
