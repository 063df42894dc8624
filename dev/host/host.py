"""The running host: the triggers of one app, connected, and the order in which they stop."""

import functools
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from dev.host.blob_queue import BlobFunction
from dev.host.blob_trigger import BlobTriggers
from dev.host.config import HostJson
from dev.host.function import DEFAULT_CONNECTION, Function
from dev.host.http_server import Server
from dev.host.invocation import Invocations, Invoker
from dev.host.lifecycle import Lifecycle
from dev.host.queue_trigger import QueueListener, QueueOptions, QueueTrigger
from dev.host.routes import Routes
from dev.host.site import Site, Starter
from dev.host.storage import Accounts
from dev.host.timer_trigger import Timer, TimerStatus

log = logging.getLogger("host")
_BLOB_POLL_SECONDS = 1.0
_RUNNING_SECONDS = 10.0
_INTERPRETER_SECONDS = 2.0
_SECOND_SIGNAL_SECONDS = 1.0


@dataclass(frozen=True)
class Timing:
    """Seconds between scans of a container, and seconds that a message stays invisible."""

    scan_seconds: float
    visibility_seconds: int


class Host:
    """Everything but the socket. Constructing it checks every trigger; then it is started once."""

    def __init__(
        self,
        *,
        functions: list[Function],
        host_id: str,
        settings: HostJson,
        accounts: Accounts,
        timing: Timing,
        lifecycle: Lifecycle,
        invocations: Invocations,
    ) -> None:
        self._lifecycle = lifecycle
        self._settings = settings
        self._timing = timing
        self._invocations = invocations
        self._invoker = Invoker(invocations)
        self.functions = functions
        self.routes = Routes(_of_kind(functions, "httpTrigger"), settings.route_prefix)
        queues = {f.name: self._queue_trigger(f, accounts) for f in _of_kind(functions, "queueTrigger")}
        timers = {f.name: self._timer(f, accounts, host_id) for f in _of_kind(functions, "timerTrigger")}
        blobs = [BlobFunction.of(f, accounts) for f in _of_kind(functions, "blobTrigger")]
        self._listeners = [self._listener(trigger) for trigger in queues.values()]
        self._timers = [lifecycle.loop(f"timer {name}", timer.step) for name, timer in timers.items()]
        self._blobs = self._blob_triggers(blobs, host_id, accounts) if blobs else None
        self.site = Site(
            host_id=host_id,
            routes=self.routes,
            invoker=self._invoker,
            webhook=self._blobs.webhook.respond if self._blobs else None,
            starters=_starters(functions, queues, timers, blobs, self._blobs),
            lifecycle=lifecycle,
        )

    def start(self) -> None:
        """Start the listeners, the scans and the timers."""
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

    def _timer(self, function: Function, accounts: Accounts, host_id: str) -> Timer:
        status = None
        if function.trigger.get("useMonitor", True):
            status = TimerStatus(accounts[DEFAULT_CONNECTION], host_id, function)
        return Timer(function, self._invoker, self._lifecycle, status)

    def _listener(self, trigger: QueueTrigger) -> QueueListener:
        settings = self._settings
        options = QueueOptions(
            batch=settings.queue_batch,
            threshold=settings.queue_threshold,
            tries=settings.queue_tries,
            visibility=self._timing.visibility_seconds,
            longest_pause=settings.queue_poll_seconds,
            retry=settings.queue_retry_seconds,
        )
        return QueueListener(
            account=trigger.account,
            queue=trigger.queue,
            options=options,
            handle=trigger.handle,
            poison=trigger.poison if trigger.has_poison else None,
            lifecycle=self._lifecycle,
        )

    def _blob_triggers(self, blobs: list[BlobFunction], host_id: str, accounts: Accounts) -> BlobTriggers:
        options = QueueOptions(
            batch=self._settings.blob_batch,
            threshold=self._settings.blob_threshold,
            tries=self._settings.blob_tries,
            visibility=self._timing.visibility_seconds,
            longest_pause=_BLOB_POLL_SECONDS,
        )
        return BlobTriggers(
            functions=blobs,
            account=accounts[DEFAULT_CONNECTION],
            host_id=host_id,
            options=options,
            scan_seconds=self._timing.scan_seconds,
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
    functions: list[Function],
    queues: Mapping[str, QueueTrigger],
    timers: Mapping[str, Timer],
    blobs: list[BlobFunction],
    triggers: BlobTriggers | None,
) -> dict[str, Starter]:
    """Return what `POST /admin/functions/<name>` runs, by the name in lower case."""
    starters: dict[str, Starter] = {
        function.name: functools.partial(_refuse_manual_run, function.name)
        for function in _of_kind(functions, "httpTrigger")
    }
    starters |= {name: trigger.run_manually for name, trigger in queues.items()}
    starters |= {name: timer.run_manually for name, timer in timers.items()}
    if triggers:
        starters |= {one.function.name: functools.partial(triggers.run_manually, one) for one in blobs}
    return {name.lower(): starter for name, starter in starters.items()}


def _refuse_manual_run(name: str, _text: str) -> None:
    log.warning("%s was not run: call an HTTP function by its URL", name)


class Signals:
    """SIGTERM and SIGINT, received by the main thread in order."""

    def __init__(self) -> None:
        # A handler must not use locks that the interrupted thread may hold; SimpleQueue allows this.
        self._received: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda received, _frame: self._received.put(received))

    def wait(self) -> None:
        """Wait for the first signal."""
        self._received.get()

    def is_repeated(self, began: float) -> bool:
        """Return whether Ctrl-C came again, over a second after `began` (a terminal may send it twice)."""
        try:
            number = self._received.get_nowait()
        except queue.Empty:
            return False
        return number == signal.SIGINT and time.monotonic() - began > _SECOND_SIGNAL_SECONDS


def stop(server: Server, lifecycle: Lifecycle, invocations: Invocations, signals: Signals) -> None:
    """Begin no new work, let running functions end within ten seconds, then end the process.

    The messages of functions that did not end become visible again.
    """
    began = time.monotonic()
    log.info("stopping: no new requests or messages; running: %s", _names(invocations))
    lifecycle.stop()
    server.stop()
    while not lifecycle.wait_until_idle(0.1):
        if signals.is_repeated(began) or time.monotonic() - began > _RUNNING_SECONDS:
            log.warning("stopped while running: %s", _names(invocations))
            _exit()
    server.join(_INTERPRETER_SECONDS)
    log.info("stopped")
    # The exit handlers of the app run; a thread of the app that never ends must not prevent the exit.
    watchdog = threading.Timer(_INTERPRETER_SECONDS, _exit)
    watchdog.daemon = True
    watchdog.start()


def _exit() -> None:
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def _names(invocations: Invocations) -> str:
    return ", ".join(invocations.names()) or "nothing"
