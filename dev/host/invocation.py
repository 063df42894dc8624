"""Running a function once, as the worker does, and logging it, as the host does."""

import asyncio
import contextlib
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

from azure.functions.meta import Datum

from dev.host import bindings, running
from dev.host.context import InvocationContext
from dev.host.function import Function

_HOST_MODULES = (__package__ or "dev.host", "concurrent.futures")

log = logging.getLogger("host")
BY_HAND = "This function was programmatically called via the host APIs."


@dataclass(frozen=True)
class Call:
    """What a trigger asks for: a function, the trigger's data, and the reason for the log."""

    function: Function
    data: Datum
    reason: str
    metadata: Mapping[str, Datum] = field(default_factory=dict)
    trace_parent: str = ""


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended; `result` is the encoded return value of a function that has one."""

    succeeded: bool
    result: Datum | None = None


class Invoker:
    """Runs functions: plain ones in the pool of threads, `async` ones on one event loop."""

    def __init__(self, invocations: running.Invocations) -> None:
        threads = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
        self._pool = ThreadPoolExecutor(
            int(threads) if threads.isdecimal() and int(threads) else None, thread_name_prefix="function"
        )
        self._invocations = invocations
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._run_loop, name="async functions", daemon=True).start()

    def run(self, call: Call) -> Outcome:
        """Run `call` to its end. Never raises: an exception in the function is a failed outcome."""
        invocation = str(uuid.uuid4())
        name = call.function.name
        log.info("Executing 'Functions.%s' (Reason='%s', Id=%s)", name, call.reason, invocation)
        started = time.monotonic()
        self._invocations.begin(invocation, name)
        try:
            result = self._submit(call, invocation).result()
        # A function may raise anything, SystemExit too; the worker must survive it.
        except BaseException as exc:  # noqa: BLE001
            self._ended(call, invocation, started, exc)
            return Outcome(succeeded=False)
        self._ended(call, invocation, started, None)
        return Outcome(succeeded=True, result=result)

    def _ended(self, call: Call, invocation: str, started: float, error: BaseException | None) -> None:
        self._invocations.end(invocation)
        log.log(
            logging.ERROR if error else logging.INFO,
            "Executed 'Functions.%s' (%s, Id=%s, Duration=%dms)",
            call.function.name,
            "Failed" if error else "Succeeded",
            invocation,
            (time.monotonic() - started) * 1000,
            exc_info=error.with_traceback(_own_part(error.__traceback__)) if error else None,
        )

    def _run_loop(self) -> None:
        # A coroutine's SystemExit or KeyboardInterrupt leaves the loop, after it was noted as that
        # coroutine's failure; all other functions go on.
        while True:
            with contextlib.suppress(SystemExit, KeyboardInterrupt):
                self._loop.run_forever()

    def _submit(self, call: Call, invocation: str) -> Future[Datum | None]:
        if call.function.is_async:
            return asyncio.run_coroutine_threadsafe(_perform_async(call, invocation), self._loop)
        return self._pool.submit(_perform, call, invocation)


def _own_part(trace: TracebackType | None) -> TracebackType | None:
    """Cut the host's own frames off the beginning of a traceback, unless there are no others."""
    part = trace
    while part is not None and part.tb_frame.f_globals.get("__name__", "").startswith(_HOST_MODULES):
        part = part.tb_next
    return part or trace


def _perform(call: Call, invocation: str) -> Datum | None:
    token = running.invocation_id.set(invocation)
    running.local.invocation_id = invocation
    try:
        return _result(call, call.function.call(**_arguments(call, invocation)))
    finally:
        running.local.invocation_id = None
        running.invocation_id.reset(token)


async def _perform_async(call: Call, invocation: str) -> Datum | None:
    running.invocation_id.set(invocation)
    return _result(call, await call.function.call(**_arguments(call, invocation)))


def _arguments(call: Call, invocation: str) -> dict[str, Any]:
    function = call.function
    arguments = {function.parameter.name: bindings.decode(function.parameter, call.data, call.metadata)}
    if function.needs_context:
        arguments["context"] = InvocationContext(
            invocation, function.name, function.directory, call.trace_parent
        )
    return arguments


def _result(call: Call, value: object) -> Datum | None:
    if call.function.returns is not None:
        return bindings.encode(call.function.returns, value)
    if value is not None:
        raise RuntimeError(f"function {call.function.name} without a $return binding returned a value")
    return None
