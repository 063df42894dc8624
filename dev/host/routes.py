"""Which HTTP function a request belongs to: route templates, their precedence, their constraints."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from urllib.parse import unquote

from dev.host.constraints import Constraint, constraint
from dev.host.errors import LoadError
from dev.host.function import Function
from dev.host.segment import parse_segment


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

    @property
    def shape(self) -> str:
        """The template without what does not tell requests apart: case, and the names of parameters."""
        return re.sub(r"\{(\*{0,2})\w+", r"{\1", self.template).lower()

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """Answer the route parameters, or None where this is not the route."""
        if self.methods and method not in self.methods:
            return None
        found = self.pattern.fullmatch(path)
        if found is None:
            return None
        values = {name: found[f"p_{name}"] for name in self.names}
        given = {name: value for name, value in values.items() if value}
        if not all(test(given[name]) for name, test in self.constraints if name in given):
            return None
        return {**self.defaults, **given}


class Routes:
    """All routes of the app, the most specific first."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        compiled = [compile_route(function, prefix) for function in functions]
        _refuse_ambiguity(compiled)
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
    segments = [parse_segment(function.name, text) for text in template.split("/") if template]
    parameters = [parameter for segment in segments for parameter in segment.parameters]
    twice = [name for name, count in Counter(parameter.name for parameter in parameters).items() if count > 1]
    if twice:
        raise LoadError(function.name, f"its route uses the parameter '{twice[0]}' twice")
    return Route(
        function,
        template,
        methods=frozenset(str(method).upper() for method in function.trigger.get("methods") or ()),
        pattern=re.compile("".join(one.expression for one in segments) + "/?", re.IGNORECASE | re.DOTALL),
        names=tuple(parameter.name for parameter in parameters),
        defaults={one.name: one.default for one in parameters if one.default is not None},
        constraints=tuple(
            (one.name, constraint(function.name, text)) for one in parameters for text in one.constraints
        ),
        precedence=tuple(segment.precedence for segment in segments),
    )


def _refuse_ambiguity(routes: list[Route]) -> None:
    """Refuse two functions that would answer the very same requests: which one would, is left to chance."""
    for first, second in combinations(routes, 2):
        # Without methods a function answers every one.
        both = first.methods & second.methods or (not first.methods or not second.methods)
        if both and first.shape == second.shape:
            raise LoadError(
                second.function.name, f"the function {first.function.name} has the same route and method"
            )


def _decoded(path: str) -> str:
    """Percent-decode a path as Kestrel does: all but an encoded slash."""
    return unquote(re.sub(r"%(?=2[fF])", "%25", path)) if "%" in path else path
