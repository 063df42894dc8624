"""Stand-ins for the messages of the worker's protocol, as far as the worker's library uses them.

The real ones are generated from azure-functions-language-worker-protobuf, which PyPI does not have.
"""

from __future__ import annotations

from typing import Any


class Message:
    """A message with the fields it was given; all others are None."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name[0].isupper():  # fields begin in lower case
            raise AttributeError(name)
        return None

    def WhichOneof(self, _group: str) -> str | None:  # noqa: N802  protobuf's name
        """Name the only field that is set."""
        return next(iter(self.__dict__), None)


class BindingInfo(Message):
    """A binding; the constants are its directions and data types."""

    out, inout, undefined = 1, 2, 0


class StatusResult(Message):
    """How a request ended."""

    Failure, Success = 0, 1


class TypedData(Message):
    """A value."""


class ParameterBinding(Message):
    """A named value."""

    def WhichOneof(self, _group: str) -> str:  # noqa: N802  protobuf's name
        """Values never come through shared memory here."""
        return "data"


class RpcHttp(Message):
    """A request or a response."""


class RpcException(Message):
    """An exception."""


class RpcFunctionMetadata(Message):
    """A function."""


class WorkerMetadata(Message):
    """The worker."""


class WorkerInitResponse(Message):
    """Answer to the request that loads the app."""


class InvocationResponse(Message):
    """Answer to an invocation."""
