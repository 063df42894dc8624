"""What was measured, as a Markdown table to read and paste, and as JSON to keep."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from dev.bench.figures import Figure, Measured, Unit
from dev.bench.http_reads import TIMES_FEWER
from dev.bench.machine import Machine
from dev.bench.memory import TIMES_MORE
from dev.bench.other_loaders import TENTH

_DECIMALS = {Unit.MB: 0, Unit.FILES_A_SECOND: 1, Unit.REQUESTS_A_SECOND: 0, Unit.MODULES: 0}
_DIGITS = 6
_SHORT = 0.1
"""Seconds below which milliseconds are shown."""
_HEAD = "| case | median time | result | goal | reached |\n| --- | ---: | ---: | ---: | --- |\n"


@dataclass(frozen=True)
class Report:
    """All figures of one run of the benchmark."""

    machine: Machine
    rows: int
    runs: int
    measured: tuple[Measured, ...]

    def title(self, figure: Figure) -> str:
        """The figure's title with the row counts of this run."""
        return figure.title.format(
            rows=self.rows,
            more=self.rows * TIMES_MORE,
            tenth=max(self.rows // TENTH, 1),
            few=max(self.rows // TIMES_FEWER, 1),
        )

    def table(self) -> str:
        """The figures as a table in Markdown."""
        return _HEAD + "".join(map(self._line, self.measured))

    def json(self) -> str:
        """Everything: each measured second, medians, ratios, goals."""
        facts = {
            "machine": asdict(self.machine),
            "rows": self.rows,
            "runs": self.runs,
            "figures": [self._facts(one) for one in self.measured],
        }
        return json.dumps(facts, ensure_ascii=False, indent=2) + "\n"

    def _line(self, measured: Measured) -> str:
        figure = measured.figure
        seconds = "" if measured.median_seconds is None else _seconds(measured.median_seconds)
        reached = {True: "yes", False: "**no**", None: ""}[measured.reached]
        title = self.title(figure).replace(r"\copy", r"`\copy`")
        cells = [title, seconds, amount(measured.value, figure.unit), goal(figure), reached]
        return f"| {' | '.join(cells)} |\n"

    def _facts(self, measured: Measured) -> dict[str, object]:
        figure, seconds = measured.figure, measured.median_seconds
        return {
            "case": figure.case,
            "title": self.title(figure),
            "unit": figure.unit,
            "value": round(measured.value, _DIGITS),
            "goal": figure.goal,
            "goal_is": "at least" if figure.at_least else "at most",
            "reached": measured.reached,
            "values": _rounded(measured.values),
            "median_seconds": seconds and round(seconds, _DIGITS),
            "seconds": _rounded(measured.seconds),
            "yardstick_seconds": _rounded(measured.beside),
        }


def _seconds(median: float) -> str:
    return f"{median:.2f} s" if median >= _SHORT else f"{median * 1000:.2f} ms"


def amount(value: float, unit: Unit) -> str:
    """A value with its unit, as short as its goal is exact."""
    return f"{value:.{_DECIMALS.get(unit, 2)}f} {unit}".replace(r"\copy", r"`\copy`")


def goal(figure: Figure) -> str:
    """The goal with its sign, empty if there is none."""
    if figure.goal is None:
        return ""
    return f"{'≥' if figure.at_least else '≤'} {figure.goal:g} {figure.unit}".replace(r"\copy", r"`\copy`")


def only(measured: Iterable[Measured], cases: Iterable[str]) -> tuple[Measured, ...]:
    """Those of these cases, and the yardstick."""
    wanted = {*cases, "yardstick"}
    return tuple(one for one in measured if one.figure.case in wanted)


def _rounded(numbers: Iterable[float]) -> list[float]:
    return [round(number, _DIGITS) for number in numbers]
