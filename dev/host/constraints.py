"""Inline route constraints: `{id:int}`, `{id:guid}`, `{name:length(3,10)}` and their like."""

import re
import uuid
from collections.abc import Callable
from decimal import Decimal

from dev.host.errors import LoadError

Constraint = Callable[[str], bool]

_CALL = re.compile(r"(\w+)(?:\((.*)\))?")


def _parses(parse: Callable[[str], object]) -> Constraint:
    def test(value: str) -> bool:
        try:
            parse(value)
        except (ValueError, ArithmeticError):
            return False
        return True

    return test


def _whole(bits: int) -> Constraint:
    limit = 2 ** (bits - 1)
    return lambda value: bool(re.fullmatch(r"[+-]?\d+", value)) and -limit <= int(value) < limit


def _number(value: str) -> int | None:
    return int(value) if re.fullmatch(r"[+-]?\d+", value) else None


def _range(low: int | None, high: int | None) -> Constraint:
    def test(value: str) -> bool:
        number = _number(value)
        return number is not None and (low is None or number >= low) and (high is None or number <= high)

    return test


def _length(low: int, high: int | None) -> Constraint:
    return lambda value: len(value) >= low and (high is None or len(value) <= high)


_PLAIN: dict[str, Constraint] = {
    "int": _whole(32),
    "long": _whole(64),
    "guid": _parses(uuid.UUID),
    "bool": lambda value: value.lower() in ("true", "false"),
    "alpha": lambda value: bool(re.fullmatch(r"[A-Za-z]*", value)),
    "decimal": _parses(Decimal),
    "double": _parses(float),
    "float": _parses(float),
    "required": bool,
}
_WITH_NUMBERS: dict[str, Callable[..., Constraint]] = {
    "min": lambda low: _range(low, None),
    "max": lambda high: _range(None, high),
    "range": _range,
    "minlength": lambda low: _length(low, None),
    "maxlength": lambda high: _length(0, high),
    "length": lambda low, high=None: _length(low, low if high is None else high),
}


def constraint(function: str, text: str) -> Constraint:
    """Compile one constraint; a LoadError names `function` when there is no such constraint."""
    call = _CALL.fullmatch(text)
    name, arguments = (call[1].lower(), call[2]) if call else (text, None)
    if name in _PLAIN and arguments is None:
        return _PLAIN[name]
    if name == "regex" and arguments:
        return _regex(function, arguments.replace("{{", "{").replace("}}", "}"))
    try:
        return _WITH_NUMBERS[name](*(int(argument) for argument in (arguments or "").split(",")))
    except (KeyError, ValueError, TypeError) as exc:
        raise LoadError(function, f"its route has the unknown constraint '{text}'") from exc


def _regex(function: str, text: str) -> Constraint:
    try:
        expression = re.compile(text, re.IGNORECASE)
    except re.error as exc:
        raise LoadError(function, f"its route has the malformed regular expression '{text}': {exc}") from exc
    return lambda value: expression.search(value) is not None
