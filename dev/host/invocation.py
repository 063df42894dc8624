"""Run functions as the Python worker does and log their invocations as the host does."""

import asyncio
import contextlib
import contextvars
import logging
import os
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum

from dev.host import bindings
from dev.host.function import Function

log = logging.getLogger("host")
MANUAL = "This function was programmatically called via the host APIs."
_HOST_MODULES = (__package__ or "dev.host", "concurrent.futures")

# As in the worker: an app copies the context variable, or sets the thread-local, in threads that it starts.
invocation_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("invocation_id", default=None)
thread_local = threading.local()


def current_invocation() -> str | None:
    """Return the id of the invocation that the calling thread or task belongs to."""
    return getattr(thread_local, "invocation_id", None) or invocation_id.get()


@dataclass
class _Running:
    function: str
    since: float = field(default_factory=time.monotonic)
    reported: bool = False


class Invocations:
    """The running invocations, by id."""

    def __init__(self) -> None:
        self._running: dict[str, _Running] = {}

    def begin(self, invocation: str, function: str) -> None:
        """Add an invocation of `function`."""
        self._running[invocation] = _Running(function)

    def end(self, invocation: str) -> None:
        """Remove an invocation."""
        self._running.pop(invocation, None)

    def function_of(self, invocation: str) -> str | None:
        """Return the name of the function that an invocation runs, or None."""
        running = self._running.get(invocation)
        return running.function if running else None

    def names(self) -> list[str]:
        """Return the names of the running functions, one entry per invocation."""
        return sorted(running.function for running in list(self._running.values()))

    def newly_overdue(self, timeout: float) -> list[tuple[str, str]]:
        """Return (id, function) of each invocation that runs longer than `timeout` seconds, only once."""
        limit = time.monotonic() - timeout
        overdue = [(key, one) for key, one in list(self._running.items()) if one.since < limit]
        unreported = [(key, one) for key, one in overdue if not one.reported]
        for _, one in unreported:
            one.reported = True
        return [(key, one.function) for key, one in unreported]


@dataclass(frozen=True)
class Call:
    """What a trigger passes on: a function, the trigger's data, and the reason for the log."""

    function: Function
    data: Datum
    reason: str
    metadata: Mapping[str, Datum] = field(default_factory=dict)
    trace_parent: str = ""


@dataclass(frozen=True)
class Outcome:
    """The result of an invocation; `result` is the encoded return value of a function that has one."""

    succeeded: bool
    result: Datum | None = None


class Invoker:
    """Runs functions: plain ones in a pool of threads, `async` ones on one event loop."""

    def __init__(self, invocations: Invocations) -> None:
        threads = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
        self._pool = ThreadPoolExecutor(
            int(threads) if threads.isdecimal() and int(threads) else None, thread_name_prefix="function"
        )
        self._invocations = invocations
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run_loop, name="async functions", daemon=True).start()

    def run(self, call: Call) -> Outcome:
        """Run `call` and wait for its end. Never raises: an exception in the function is a failed outcome."""
        return self.start(call).result()

    def start(self, call: Call) -> Future[Outcome]:
        """Run `call`; the future never raises."""
        invocation = str(uuid.uuid4())
        name = call.function.name
        log.info("Executing 'Functions.%s' (Reason='%s', Id=%s)", name, call.reason, invocation)
        self._invocations.begin(invocation, name)
        started = time.monotonic()
        if call.function.is_async:
            task = self._perform_async(call, invocation, started)
            return asyncio.run_coroutine_threadsafe(task, self._loop)
        return self._pool.submit(self._perform, call, invocation, started)

    def _perform(self, call: Call, invocation: str, started: float) -> Outcome:
        token = invocation_id.set(invocation)
        thread_local.invocation_id = invocation
        try:
            result = _result(call, call.function.call(**_arguments(call, invocation)))
        except BaseException as exc:  # noqa: BLE001  a function may raise anything, also SystemExit
            return self._end(call, invocation, started, exc)
        finally:
            thread_local.invocation_id = None
            invocation_id.reset(token)
        return self._end(call, invocation, started, None, result)

    async def _perform_async(self, call: Call, invocation: str, started: float) -> Outcome:
        invocation_id.set(invocation)
        try:
            result = _result(call, await call.function.call(**_arguments(call, invocation)))
        except BaseException as exc:  # noqa: BLE001
            return self._end(call, invocation, started, exc)
        return self._end(call, invocation, started, None, result)

    def _end(
        self,
        call: Call,
        invocation: str,
        started: float,
        error: BaseException | None,
        result: Datum | None = None,
    ) -> Outcome:
        self._invocations.end(invocation)
        log.log(
            logging.ERROR if error else logging.INFO,
            "Executed 'Functions.%s' (%s, Id=%s, Duration=%dms)",
            call.function.name,
            "Failed" if error else "Succeeded",
            invocation,
            (time.monotonic() - started) * 1000,
            exc_info=error.with_traceback(_without_host_frames(error.__traceback__)) if error else None,
        )
        return Outcome(succeeded=error is None, result=result)

    def _run_loop(self) -> None:
        # SystemExit and KeyboardInterrupt of a task that a function started leave run_forever, after they
        # were set as the task's exception; the other functions continue.
        while True:
            with contextlib.suppress(SystemExit, KeyboardInterrupt):
                self._loop.run_forever()


def _without_host_frames(trace: TracebackType | None) -> TracebackType | None:
    """Remove the host's own frames from the beginning of a traceback, unless there are no others."""
    part = trace
    while part is not None and part.tb_frame.f_globals.get("__name__", "").startswith(_HOST_MODULES):
        part = part.tb_next
    return part or trace


def _arguments(call: Call, invocation: str) -> dict[str, Any]:
    function = call.function
    arguments = {function.parameter.name: bindings.decode(function.parameter, call.data, call.metadata)}
    if function.needs_context:
        arguments["context"] = InvocationContext(invocation, function, call.trace_parent)
    return arguments


def _result(call: Call, value: object) -> Datum | None:
    if call.function.returns is not None:
        return bindings.encode(call.function.returns, value)
    if value is not None:
        raise RuntimeError(f"function {call.function.name} without a $return binding returned a value")
    return None


@dataclass(frozen=True)
class TraceContext:
    """W3C trace context of the request, under its present and its deprecated names."""

    trace_parent: str = ""
    trace_state: str = ""
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def Traceparent(self) -> str:  # noqa: N802  the library's deprecated name
        """Same as `trace_parent`."""
        return self.trace_parent

    @property
    def Tracestate(self) -> str:  # noqa: N802  the library's deprecated name
        """Same as `trace_state`."""
        return self.trace_state

    @property
    def Attributes(self) -> dict[str, str]:  # noqa: N802  the library's deprecated name
        """Same as `attributes`."""
        return self.attributes


@dataclass(frozen=True)
class RetryContext:
    """Retry policies are not supported, so this is always the first try."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: Any = None


class InvocationContext(func.Context):
    """The `context: func.Context` argument of a function."""

    def __init__(self, invocation: str, function: Function, trace_parent: str) -> None:
        self._invocation = invocation
        self._function = function
        self._trace = TraceContext(trace_parent)

    @property
    def invocation_id(self) -> str:
        """Id of this invocation."""
        return self._invocation

    @property
    def thread_local_storage(self) -> Any:
        """Set `.invocation_id` on it in other threads, so that their log lines name the invocation."""
        return thread_local

    @property
    def function_name(self) -> str:
        """Name of the function."""
        return self._function.name

    @property
    def function_directory(self) -> str:
        """Folder of the file that defines the function."""
        return self._function.directory

    @property
    def trace_context(self) -> Any:
        """Trace context of the request."""
        return self._trace

    @property
    def retry_context(self) -> Any:
        """Retry context, always of a first try."""
        return RetryContext()
