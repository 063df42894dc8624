"""Load the app: import function_app.py, list its functions and check each one as the Python worker would.

The checks follow the rules of `azure_functions_runtime.functions` (PyPI: azure-functions-runtime).
"""

import importlib
import inspect
import json
import logging
import os
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import azure.functions as func

from dev.host import bindings
from dev.host.config import resolve
from dev.host.errors import HostError, LoadError, SettingError
from dev.host.function import Function, Parameter

log = logging.getLogger("host")

# The keys of a trigger in which the host resolves %NAME%.
_RESOLVED = ("path", "queueName", "schedule", "route")
_OUT, _INOUT = 1, 2
_TRIGGERS = ("httpTrigger", "blobTrigger", "queueTrigger", "timerTrigger")
_UNION_TYPES = (None, typing.Union, types.UnionType)


def load(app: Path, environment: Mapping[str, str]) -> list[Function]:
    """Import the app in the folder `app` and return its checked functions; an import may raise anything."""
    script = environment.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py")
    if not (app / script).is_file():
        raise HostError(f"there is no {script} in {app}; set the app's folder with --app")
    os.chdir(app)
    sys.path.insert(0, str(app))
    module = importlib.import_module(Path(script).stem)
    registers = {
        id(value): value for value in vars(module).values() if isinstance(value, func.FunctionRegister)
    }
    if len(registers) != 1:
        raise HostError(
            f"{script} must define one FunctionApp at its top level, but defines {len(registers)}"
        )
    (register,) = registers.values()
    return [_loaded(indexed, environment) for indexed in register.get_functions()]


def _loaded(indexed: Any, environment: Mapping[str, str]) -> Function:
    name = indexed.get_function_name()
    try:
        trigger = _trigger(indexed, environment)
    except SettingError as exc:
        raise LoadError(name, str(exc)) from exc
    function = check_function(indexed, trigger)
    if indexed.get_settings_dict("retry_policy"):
        log.warning("%s has a retry policy, which the local host ignores", name)
    return function


def _trigger(indexed: Any, environment: Mapping[str, str]) -> dict[str, Any]:
    name = indexed.get_trigger().name
    raw = (json.loads(binding) for binding in indexed.get_raw_bindings())
    trigger: dict[str, Any] = next(binding for binding in raw if binding.get("name") == name)
    for key in _RESOLVED:
        if isinstance(trigger.get(key), str):
            trigger[key] = resolve(trigger[key], environment)
    return trigger


def check_function(indexed: Any, trigger: Mapping[str, Any]) -> Function:
    """Check an `azure.functions` function and describe it; `trigger` has its settings resolved.

    Raises LoadError, which names the function, for what the worker refuses and for bindings that exist in
    Azure but not in the local host.
    """
    name = indexed.get_function_name()
    call = indexed.get_user_function()
    try:
        annotations = typing.get_type_hints(call)
    except Exception as exc:
        raise LoadError(name, f"its annotations cannot be evaluated: {exc}") from exc
    parameters = set(inspect.signature(call).parameters)
    bound, returned = _split_bindings(name, indexed.get_bindings())
    needs_context = _needs_context(name, parameters, bound, annotations)
    _check_names(name, parameters - ({"context"} if needs_context else set()), set(bound))
    checked_parameters = {key: _check_parameter(name, binding, annotations) for key, binding in bound.items()}
    returns = _check_return(name, returned, annotations)
    _check_supported(name, indexed, returned)
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


def _split_bindings(function: str, all_bindings: list[Any]) -> tuple[dict[str, Any], Any]:
    """Separate the bindings of parameters, by name, from the one for the return value."""
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


def _check_names(function: str, parameters: set[str], bound: set[str]) -> None:
    if parameters - bound:
        raise LoadError(
            function, f"parameters declared in Python but not as bindings: {sorted(parameters - bound)}"
        )
    if bound - parameters:
        raise LoadError(
            function, f"bindings declared but not present as Python parameters: {sorted(bound - parameters)}"
        )


def _check_supported(function: str, indexed: Any, returned: Any) -> None:
    trigger = indexed.get_trigger()
    if trigger.type not in _TRIGGERS:
        raise LoadError(function, f"the local host has no {trigger.type}; it has {', '.join(_TRIGGERS)}")
    for binding in indexed.get_bindings():
        if binding is not trigger and not (binding is returned and binding.type == "http"):
            raise LoadError(function, f"the local host has no {binding.type} binding ({binding.name})")


def _check_parameter(function: str, binding: Any, annotations: Mapping[str, Any]) -> Parameter:
    """Check one parameter's annotation against its binding."""
    if binding.name not in annotations:
        return Parameter(binding.name, binding.type, None)
    annotation = annotations[binding.name]
    inner = _unwrap_out(function, binding, annotation)
    if not isinstance(inner, type) and typing.get_origin(inner) in _UNION_TYPES:
        raise LoadError(function, f"binding {binding.name} has the invalid annotation {annotation!r}")
    deferred = bindings.is_deferred(inner)
    kind = "generic" if inner in (str, bytes) else binding.type
    accepts = bindings.accepts_output if binding.direction == _OUT else bindings.accepts_input
    if not accepts(kind, inner, deferred=deferred):
        type_name = inner.__name__ if isinstance(inner, type) else inner
        raise LoadError(
            function,
            f'the {binding.type} binding {binding.name} cannot be passed as "{type_name}"',
        )
    return Parameter(binding.name, kind, inner, deferred)


def _unwrap_out(function: str, binding: Any, annotation: Any) -> Any:
    """Return T of `func.Out[T]`, the annotation of an output binding; return other annotations unchanged."""
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


def _check_return(function: str, binding: Any, annotations: Mapping[str, Any]) -> Parameter | None:
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
