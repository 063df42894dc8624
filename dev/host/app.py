"""Loading the app: import function_app.py, ask it for its functions, check each one."""

import importlib
import json
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import azure.functions as func

from dev.host.errors import HostError, LoadError, SettingError
from dev.host.function import Function
from dev.host.settings import resolve
from dev.host.validation import checked

log = logging.getLogger("host")
# The keys of a trigger in which the host resolves %NAME%.
_RESOLVED = ("path", "queueName", "schedule", "route")


def load(app: Path, environment: Mapping[str, str]) -> list[Function]:
    """Import the app in `app` and answer its checked functions; exceptions of the import pass through."""
    script = environment.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py")
    if not (app / script).is_file():
        raise HostError(f"there is no {script} in {app}; name the app's folder with --app")
    os.chdir(app)
    sys.path.insert(0, str(app))
    module = importlib.import_module(Path(script).stem)
    registers = {
        id(value): value for value in vars(module).values() if isinstance(value, func.FunctionRegister)
    }
    if len(registers) != 1:
        raise HostError(f"{script} must hold one FunctionApp at its top level, and holds {len(registers)}")
    (register,) = registers.values()
    return [_loaded(indexed, environment) for indexed in register.get_functions()]


def _loaded(indexed: Any, environment: Mapping[str, str]) -> Function:
    name = indexed.get_function_name()
    try:
        trigger = _trigger(indexed, environment)
    except SettingError as exc:
        raise LoadError(name, str(exc)) from exc
    function = checked(indexed, trigger)
    if indexed.get_settings_dict("retry_policy"):
        log.warning("%s has a retry policy, which this stand-in ignores", name)
    return function


def _trigger(indexed: Any, environment: Mapping[str, str]) -> dict[str, Any]:
    name = indexed.get_trigger().name
    raw = (json.loads(binding) for binding in indexed.get_raw_bindings())
    trigger: dict[str, Any] = next(binding for binding in raw if binding.get("name") == name)
    for key in _RESOLVED:
        if isinstance(trigger.get(key), str):
            trigger[key] = resolve(trigger[key], environment)
    return trigger
