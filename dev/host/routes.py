"""Which HTTP function a request belongs to: route templates, their precedence, their constraints."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from dev.host.constraints import Constraint, constraint
from dev.host.errors import LoadError
from dev.host.function import Function

_PART = re.compile(r"\{(\*{0,2})(\w+)((?::[^{}]*?)*)(?:=([^{}?]*))?(\?)?\}")
# ASP.NET's precedence digits, segment by segment: the smaller goes first.
_LITERAL, _MIXED, _PARAMETER, _CONSTRAINED_CATCH_ALL, _CATCH_ALL = 1, 2, 3, 4, 5


@dataclass(frozen=True)
class Route:
    """One function's route, compiled."""

    function: Function
    template: str
    methods: frozenset[str]
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    defaults: Mapping[str, str]
    constraints: tuple[tuple[str, Constraint], ...]
    precedence: tuple[int, ...]

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Answer the route parameters, or None where this is not the route."""
        if self.methods and method not in self.methods:
            return None
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values = {name: found[f"p{i}"] for i, name in enumerate(self.names)}
        given = {name: value for name, value in values.items() if value}
        if not all(test(given[name]) for name, test in self.constraints if name in given):
            return None
        return {**self.defaults, **given}


class Routes:
    """All routes of the app, the most specific first."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        compiled = [compile_route(function, prefix) for function in functions]
        self._routes = sorted(compiled, key=lambda route: route.precedence)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def find(self, method: str, path: str) -> tuple[Function, dict[str, str]] | None:
        """Answer the function and route parameters for a request, or None, which is a 404."""
        decoded = _decoded(path)
        for route in self._routes:
            parameters = route.match(method, decoded)
            if parameters is not None:
                return route.function, parameters
        return None


def compile_route(function: Function, prefix: str) -> Route:
    """Compile the route of an HTTP function; an empty route is the function's name."""
    own = str(function.trigger.get("route") or function.name).strip("/")
    template = "/".join(part for part in (prefix, own) if part)
    names: list[str] = []
    defaults: dict[str, str] = {}
    constraints: list[tuple[str, Constraint]] = []
    pattern, precedence = "", []
    for segment in template.split("/") if template else []:
        expression, digit = _segment(function.name, segment, names, defaults, constraints)
        pattern += expression
        precedence.append(digit)
    methods = frozenset(str(method).upper() for method in function.trigger.get("methods") or ())
    compiled = re.compile(f"{pattern}/?", re.IGNORECASE | re.DOTALL)
    return Route(
        function,
        template,
        methods,
        compiled,
        tuple(names),
        defaults,
        tuple(constraints),
        tuple(precedence),
    )


def _segment(
    function: str,
    segment: str,
    names: list[str],
    defaults: dict[str, str],
    constraints: list[tuple[str, Constraint]],
) -> tuple[str, int]:
    """Compile one segment, adding what it declares to the lists; answer its expression and precedence."""
    parts = list(_PART.finditer(segment))
    literal = _PART.sub("", segment)
    if "{" in literal or "}" in literal:
        raise LoadError(function, f"its route has the malformed segment '{segment}'")
    expression, end, constrained, optional = "", 0, False, False
    for part in parts:
        star, name, tests, default, mark = part.groups()
        if name in names:
            raise LoadError(function, f"its route uses the parameter '{name}' twice")
        for test in filter(None, tests.split(":")):
            constraints.append((name, constraint(function, test)))
            constrained = True
        if default is not None:
            defaults[name] = default
        optional = optional or bool(mark) or default is not None or bool(star)
        expression += re.escape(segment[end : part.start()])
        expression += f"(?P<p{len(names)}>{'.*' if star else '[^/]+'})"
        names.append(name)
        end = part.end()
    expression += re.escape(segment[end:])
    if not parts:
        return f"/{expression}", _LITERAL
    # Only a segment that is nothing but its parameter can be left out.
    whole = not literal and len(parts) == 1
    catch_all = whole and bool(parts[0][1])
    digit = _PARAMETER - constrained if whole else _MIXED
    if catch_all:
        digit = _CONSTRAINED_CATCH_ALL if constrained else _CATCH_ALL
    return (f"(?:/{expression})?" if whole and optional else f"/{expression}"), digit


def _decoded(path: str) -> str:
    """Percent-decode a path as Kestrel does: all but an encoded slash."""
    return unquote(re.sub(r"%(?=2[fF])", "%25", path)) if "%" in path else path
