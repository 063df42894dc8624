"""The `context: func.Context` that a function may ask for."""

from dataclasses import dataclass, field
from typing import Any

import azure.functions as func

from dev.host import running


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
    """Retry policies are not served here, so this is always the first try."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: Any = None


class InvocationContext(func.Context):
    """What the worker tells a function about its invocation."""

    def __init__(self, invocation: str, function: str, directory: str, trace_parent: str) -> None:
        self._invocation = invocation
        self._function = function
        self._directory = directory
        self._trace = TraceContext(trace_parent)

    @property
    def invocation_id(self) -> str:
        """Id of this invocation."""
        return self._invocation

    @property
    def thread_local_storage(self) -> Any:
        """Set `.invocation_id` on it in threads of your own, so that their log lines find the invocation."""
        return running.local

    @property
    def function_name(self) -> str:
        """Name of the function."""
        return self._function

    @property
    def function_directory(self) -> str:
        """Folder of the file that defines the function."""
        return self._directory

    @property
    def trace_context(self) -> Any:
        """Trace context of the request."""
        return self._trace

    @property
    def retry_context(self) -> Any:
        """Retry context, always of a first try."""
        return RetryContext()
