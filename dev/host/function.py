"""A loaded function and its parameters."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT_CONNECTION = "AzureWebJobsStorage"


@dataclass(frozen=True)
class Parameter:
    """A bound parameter: `binding` is the converter's name ("generic" for str and bytes)."""

    name: str
    binding: str
    annotation: Any
    deferred: bool = False


@dataclass(frozen=True)
class Function:
    """A function with its trigger; `trigger` is the raw binding with its settings resolved."""

    name: str
    call: Callable[..., Any]
    directory: str
    trigger: Mapping[str, Any]
    parameter: Parameter
    returns: Parameter | None
    needs_context: bool
    is_async: bool

    @property
    def id(self) -> str:
        """The name that receipts, messages and webhooks use."""
        return f"Host.Functions.{self.name}"

    @property
    def kind(self) -> str:
        """Type of the trigger: httpTrigger, blobTrigger, queueTrigger or timerTrigger."""
        return str(self.trigger["type"])

    @property
    def connection(self) -> str:
        """Name of the setting that holds the trigger's connection string."""
        return self.trigger.get("connection") or DEFAULT_CONNECTION
