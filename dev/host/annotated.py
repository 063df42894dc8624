"""Whether a binding can be given as what a function's annotations ask for; the rules are the worker's."""

import types
import typing
from collections.abc import Mapping
from typing import Any

from dev.host import bindings
from dev.host.errors import LoadError
from dev.host.function import Parameter

_OUT = 1
_NEVER = (None, typing.Union, types.UnionType)


def parameter(function: str, binding: Any, annotations: Mapping[str, Any]) -> Parameter:
    """Check one parameter's annotation against its binding."""
    if binding.name not in annotations:
        return Parameter(binding.name, binding.type, None)
    annotation = annotations[binding.name]
    inner = _inside_out(function, binding, annotation)
    if not isinstance(inner, type) and typing.get_origin(inner) in _NEVER:
        raise LoadError(function, f"binding {binding.name} has the invalid annotation {annotation!r}")
    deferred = bindings.is_deferred(inner)
    kind = "generic" if inner in (str, bytes) else binding.type
    accepts = bindings.accepts_output if binding.direction == _OUT else bindings.accepts_input
    if not accepts(kind, inner, deferred=deferred):
        shown = inner.__name__ if isinstance(inner, type) else inner
        raise LoadError(
            function,
            f'the {binding.type} binding {binding.name} cannot be given as "{shown}"',
        )
    return Parameter(binding.name, kind, inner, deferred)


def _inside_out(function: str, binding: Any, annotation: Any) -> Any:
    """Take T out of `func.Out[T]`, which belongs to output bindings and to them only."""
    outer = typing.get_origin(annotation) or annotation
    is_out = isinstance(outer, type) and outer.__name__ == "Out"
    if is_out != (binding.direction == _OUT):
        wanted = "must" if binding.direction == _OUT else "must not"
        raise LoadError(function, f"binding {binding.name} {wanted} be annotated azure.functions.Out")
    if not is_out:
        return annotation
    arguments = typing.get_args(annotation)
    if len(arguments) != 1:
        raise LoadError(function, f"binding {binding.name} has the invalid Out annotation {annotation!r}")
    return arguments[0]


def returns(function: str, binding: Any, annotations: Mapping[str, Any]) -> Parameter | None:
    """Check the return annotation against the binding for return values, if there is one."""
    if binding is None:
        return None
    annotation = annotations.get("return")
    if "return" in annotations and not isinstance(annotation, type):
        raise LoadError(function, f"has the invalid return annotation {annotation!r}")
    if annotation is not None and not bindings.accepts_output(binding.type, annotation, deferred=False):
        raise LoadError(
            function, f'return annotation "{annotation.__name__}" does not match the {binding.type} binding'
        )
    return Parameter("$return", binding.type, annotation)
