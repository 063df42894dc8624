"""One segment of a route template: what it matches, what it names, and how specific it is."""

import re
from dataclasses import dataclass

from dev.host.errors import LoadError

_PART = re.compile(r"\{(\*{0,2})(\w+)((?::[^{}]*?)*)(?:=([^{}?]*))?(\?)?\}")
# ASP.NET's precedence digits: the smaller goes first.
_LITERAL, _MIXED, _PARAMETER, _CONSTRAINED_CATCH_ALL, _CATCH_ALL = 1, 2, 3, 4, 5


@dataclass(frozen=True)
class RouteParameter:
    """A parameter in a template, `{*name:constraint=default?}`."""

    name: str
    constraints: tuple[str, ...]
    default: str | None
    is_catch_all: bool
    is_optional: bool

    @property
    def expression(self) -> str:
        """What it matches, as a group of its name."""
        return f"(?P<p_{self.name}>{'.*' if self.is_catch_all else '[^/]+'})"


@dataclass(frozen=True)
class Segment:
    """Literal texts and the parameters between them: there is one literal more, perhaps an empty one."""

    literals: tuple[str, ...]
    parameters: tuple[RouteParameter, ...]

    @property
    def expression(self) -> str:
        """What it matches, its slash included."""
        parts = [parameter.expression for parameter in self.parameters]
        inner = "".join(
            re.escape(literal) + part for literal, part in zip(self.literals, [*parts, ""], strict=True)
        )
        # Only a segment that is nothing but its parameter can be left out.
        return f"(?:/{inner})?" if self._is_whole and self.parameters[0].is_optional else f"/{inner}"

    @property
    def precedence(self) -> int:
        """Its digit; of two routes the one with the smaller digit, from the left, is asked first."""
        if not self.parameters:
            return _LITERAL
        if not self._is_whole:
            return _MIXED
        constrained = bool(self.parameters[0].constraints)
        if self.parameters[0].is_catch_all:
            return _CONSTRAINED_CATCH_ALL if constrained else _CATCH_ALL
        return _PARAMETER - constrained

    @property
    def _is_whole(self) -> bool:
        return len(self.parameters) == 1 and not any(self.literals)


def parse_segment(function: str, text: str) -> Segment:
    """Read a segment; a LoadError names `function` where it is malformed."""
    parts = list(_PART.finditer(text))
    starts, ends = [part.start() for part in parts], [part.end() for part in parts]
    literals = tuple(text[end:start] for end, start in zip([0, *ends], [*starts, len(text)], strict=True))
    if any(brace in literal for literal in literals for brace in "{}"):
        raise LoadError(function, f"its route has the malformed segment '{text}'")
    return Segment(literals, tuple(_parameter(part) for part in parts))


def _parameter(part: re.Match[str]) -> RouteParameter:
    star, name, constraints, default, mark = part.groups()
    return RouteParameter(
        name=name,
        constraints=tuple(filter(None, constraints.split(":"))),
        default=default,
        is_catch_all=bool(star),
        is_optional=bool(mark) or default is not None or bool(star),
    )
