"""The checks that the Python worker makes on a function before the host may run it.

The rules are those of `azure_functions_runtime.functions` (PyPI: azure-functions-runtime), the code is not.
"""

import inspect
import logging
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dev.host import annotated
from dev.host.errors import LoadError
from dev.host.function import Function

log = logging.getLogger("host")

_OUT, _INOUT = 1, 2
_TRIGGERS = ("httpTrigger", "blobTrigger", "queueTrigger", "timerTrigger")


def checked(indexed: Any, trigger: Mapping[str, Any]) -> Function:
    """Check an `azure.functions` function and describe it; `trigger` is its resolved raw trigger.

    Raises LoadError, which names the function, for whatever the worker would refuse, and for bindings that
    exist in Azure but not in this host.
    """
    name = indexed.get_function_name()
    call = indexed.get_user_function()
    try:
        annotations = typing.get_type_hints(call)
    except Exception as exc:
        raise LoadError(name, f"its annotations cannot be evaluated: {exc}") from exc
    parameters = set(inspect.signature(call).parameters)
    bound, returned = _bound(name, indexed.get_bindings())
    needs_context = _needs_context(name, parameters, bound, annotations)
    _same_names(name, parameters - ({"context"} if needs_context else set()), set(bound))
    checked_parameters = {
        key: annotated.parameter(name, binding, annotations) for key, binding in bound.items()
    }
    returns = annotated.returns(name, returned, annotations)
    _supported(name, indexed, returned)
    if returned is None and annotations.get("return", type(None)) is not type(None):
        log.warning("%s is annotated to return a value, and has no output binding for one", name)
    return Function(
        name=name,
        call=call,
        directory=str(Path(inspect.getfile(call)).parent),
        trigger=trigger,
        parameter=checked_parameters[indexed.get_trigger().name],
        returns=returns,
        needs_context=needs_context,
        is_async=inspect.iscoroutinefunction(call),
    )


def _bound(function: str, all_bindings: list[Any]) -> tuple[dict[str, Any], Any]:
    """Split bindings into those bound to parameters, by name, and the one for the return value."""
    bound, returned = {}, None
    for binding in all_bindings:
        if binding.direction == _INOUT:
            raise LoadError(function, '"inout" bindings are not supported')
        if binding.name != "$return":
            bound[binding.name] = binding
        elif binding.direction != _OUT:
            raise LoadError(function, '"$return" binding must have direction set to "out"')
        else:
            returned = binding
    return bound, returned


def _needs_context(
    function: str, parameters: set[str], bound: Mapping[str, Any], annotations: Mapping[str, Any]
) -> bool:
    if "context" not in parameters or "context" in bound:
        return False
    annotation = annotations.get("context")
    if annotation is not None and getattr(annotation, "__name__", None) != "Context":
        raise LoadError(
            function, f'the "context" parameter must be of type azure.functions.Context, not {annotation!r}'
        )
    return True


def _same_names(function: str, parameters: set[str], bound: set[str]) -> None:
    if parameters - bound:
        raise LoadError(
            function, f"parameters declared in Python but not as bindings: {sorted(parameters - bound)}"
        )
    if bound - parameters:
        raise LoadError(
            function, f"bindings declared but not present as Python parameters: {sorted(bound - parameters)}"
        )


def _supported(function: str, indexed: Any, returned: Any) -> None:
    trigger = indexed.get_trigger()
    if trigger.type not in _TRIGGERS:
        raise LoadError(function, f"the local stand-in has no {trigger.type}; it has {', '.join(_TRIGGERS)}")
    for binding in indexed.get_bindings():
        if binding is not trigger and not (binding is returned and binding.type == "http"):
            raise LoadError(function, f"the local stand-in has no {binding.type} binding ({binding.name})")
