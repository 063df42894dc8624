"""Find the HTTP function of a request: route templates and their precedence, as in ASP.NET Core.

Route constraints (`{id:int}`) are not supported: a route that has one is refused when the app is loaded.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from dev.host.errors import LoadError
from dev.host.function import Function

_PART = re.compile(r"\{(\*{0,2})(\w+)(:[^{}]*?)?(?:=([^{}?]*))?(\?)?\}")
# The precedence digits of ASP.NET Core; a route with a smaller digit is tried first.
_LITERAL, _MIXED, _PARAMETER, _CATCH_ALL = 1, 2, 3, 5


@dataclass(frozen=True)
class RouteParameter:
    """A parameter in a template, `{*name=default?}`."""

    name: str
    default: str | None
    is_catch_all: bool
    is_optional: bool

    @property
    def expression(self) -> str:
        """The regular expression that it matches, a group with its name."""
        return f"(?P<p_{self.name}>{'.*' if self.is_catch_all else '[^/]+'})"


@dataclass(frozen=True)
class Segment:
    """One segment of a template: its parameters and the literal texts before, between and after them."""

    literals: tuple[str, ...]
    parameters: tuple[RouteParameter, ...]

    @property
    def expression(self) -> str:
        """The regular expression that it matches, with its slash."""
        parts = [parameter.expression for parameter in self.parameters]
        inner = "".join(
            re.escape(literal) + part for literal, part in zip(self.literals, [*parts, ""], strict=True)
        )
        # Only a segment that consists of its parameter can be left out.
        return f"(?:/{inner})?" if self._is_parameter and self.parameters[0].is_optional else f"/{inner}"

    @property
    def precedence(self) -> int:
        """Its precedence digit; routes are compared by these digits from the left."""
        if not self.parameters:
            return _LITERAL
        if not self._is_parameter:
            return _MIXED
        return _CATCH_ALL if self.parameters[0].is_catch_all else _PARAMETER

    @property
    def _is_parameter(self) -> bool:
        return len(self.parameters) == 1 and not any(self.literals)


def _parse_segment(function: str, text: str) -> Segment:
    parts = list(_PART.finditer(text))
    starts, ends = [part.start() for part in parts], [part.end() for part in parts]
    literals = tuple(text[end:start] for end, start in zip([0, *ends], [*starts, len(text)], strict=True))
    if any(brace in literal for literal in literals for brace in "{}"):
        raise LoadError(function, f"its route has the malformed segment '{text}'")
    return Segment(literals, tuple(_parameter(function, part) for part in parts))


def _parameter(function: str, part: re.Match[str]) -> RouteParameter:
    star, name, constraint, default, mark = part.groups()
    if constraint is not None:
        raise LoadError(
            function, f"its route has the constraint '{part[0]}', which the local host does not support"
        )
    return RouteParameter(
        name=name,
        default=default,
        is_catch_all=bool(star),
        is_optional=bool(mark) or default is not None or bool(star),
    )


@dataclass(frozen=True)
class Route:
    """The compiled route of one function."""

    function: Function
    template: str
    methods: frozenset[str]
    pattern: re.Pattern[str]
    names: tuple[str, ...]
    defaults: Mapping[str, str]
    precedence: tuple[int, ...]

    @property
    def shape(self) -> str:
        """The template without case and parameter names: routes of one shape match the same paths."""
        return re.sub(r"\{(\*{0,2})\w+", r"{\1", self.template).lower()

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Return the route parameters, or None if the request does not match."""
        if self.methods and method not in self.methods:
            return None
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values = {name: found[f"p_{name}"] for name in self.names}
        return {**self.defaults, **{name: value for name, value in values.items() if value}}


class Routes:
    """All routes of the app, the most specific first."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        compiled = [compile_route(function, prefix) for function in functions]
        _check_unambiguous(compiled)
        self._routes = sorted(compiled, key=lambda route: route.precedence)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def find(self, method: str, path: str) -> tuple[Function, dict[str, str]] | None:
        """Return the function and the route parameters for a decoded path, or None (404)."""
        for route in self._routes:
            parameters = route.match(method, path)
            if parameters is not None:
                return route.function, parameters
        return None


def compile_route(function: Function, prefix: str) -> Route:
    """Compile the route of an HTTP function, by default the function's name."""
    own = str(function.trigger.get("route") or function.name).strip("/")
    template = "/".join(part for part in (prefix, own) if part)
    segments = [_parse_segment(function.name, text) for text in template.split("/") if template]
    parameters = [parameter for segment in segments for parameter in segment.parameters]
    repeated = [name for name, count in Counter(one.name for one in parameters).items() if count > 1]
    if repeated:
        raise LoadError(function.name, f"its route uses the parameter '{repeated[0]}' twice")
    return Route(
        function,
        template,
        methods=frozenset(str(method).upper() for method in function.trigger.get("methods") or ()),
        pattern=re.compile("".join(one.expression for one in segments) + "/?", re.IGNORECASE | re.DOTALL),
        names=tuple(parameter.name for parameter in parameters),
        defaults={one.name: one.default for one in parameters if one.default is not None},
        precedence=tuple(segment.precedence for segment in segments),
    )


def _check_unambiguous(routes: list[Route]) -> None:
    """Refuse two functions that match the same requests."""
    for first, second in combinations(routes, 2):
        # A function without methods accepts every method.
        overlap = first.methods & second.methods or not (first.methods and second.methods)
        if overlap and first.shape == second.shape:
            raise LoadError(
                second.function.name, f"the function {first.function.name} has the same route and method"
            )
