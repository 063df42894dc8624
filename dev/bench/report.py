"""The results of the benchmark as a Markdown table, as JSON, and as an SVG bar chart."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from html import escape

from dev.bench.figures import BASELINE, Figure, Measurement, Unit
from dev.bench.http_reads import FEW_ROWS_DIVISOR
from dev.bench.memory import LONG_FILE_FACTOR
from dev.bench.other_loaders import SLOW_LOADER_DIVISOR
from dev.bench.setup import Machine

_DECIMALS = {Unit.MB: 0, Unit.FILES_PER_SECOND: 1, Unit.REQUESTS_PER_SECOND: 0, Unit.MODULES: 0}
_DIGITS = 6
_MILLISECONDS_BELOW = 0.1
"""Shorter times are shown in milliseconds."""
_HEAD = "| case | median time | result | goal | reached |\n| --- | ---: | ---: | ---: | --- |\n"

_WIDTH, _LABELS, _RIGHT = 860, 400, 60
_TOP, _LINE, _BAR, _BOTTOM = 64, 30, 16, 46
_MAX_RATIO = 5.0
"""The end of the scale: longer bars are cut, with their value next to them."""

_STYLE = """
  .page { fill: #ffffff } text { fill: #1f2328; font: 13px system-ui, sans-serif } .faint { fill: #59636e }
  .title { font-size: 15px; font-weight: 600 } .grid { stroke: #d1d9e0 } .one { stroke: #59636e }
  .app { fill: #0969da } .other { fill: #8c959f } .goal { stroke: #bc4c00; stroke-width: 3 }
  .cut { stroke: #ffffff; stroke-width: 3 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
    .one { stroke: #9198a1 } .app { fill: #4493f8 } .other { fill: #6e7681 } .goal { stroke: #f0883e }
    .cut { stroke: #0d1117 }
  }
"""


@dataclass(frozen=True)
class Report:
    """All measurements of one run of the benchmark."""

    machine: Machine
    rows: int
    runs: int
    measurements: tuple[Measurement, ...]

    def title(self, figure: Figure) -> str:
        """Return the figure's title with the row counts of this run."""
        return figure.title.format(
            rows=self.rows,
            more=self.rows * LONG_FILE_FACTOR,
            tenth=max(self.rows // SLOW_LOADER_DIVISOR, 1),
            few=max(self.rows // FEW_ROWS_DIVISOR, 1),
        )

    def table(self) -> str:
        """Return a Markdown table with a line for each figure."""
        return _HEAD + "".join(map(self._line, self.measurements))

    def json(self) -> str:
        """Return everything as JSON: the seconds of each run, medians, ratios, goals."""
        facts = {
            "machine": asdict(self.machine),
            "rows": self.rows,
            "runs": self.runs,
            "figures": [self._facts(one) for one in self.measurements],
        }
        return json.dumps(facts, ensure_ascii=False, indent=2) + "\n"

    def _line(self, measured: Measurement) -> str:
        figure = measured.figure
        seconds = "" if measured.median_seconds is None else _seconds(measured.median_seconds)
        reached = {True: "yes", False: "**no**", None: ""}[measured.reached]
        title = self.title(figure).replace(r"\copy", r"`\copy`")
        cells = [title, seconds, amount(measured.value, figure.unit), goal(figure), reached]
        return f"| {' | '.join(cells)} |\n"

    def _facts(self, measured: Measurement) -> dict[str, object]:
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
            "baseline_seconds": _rounded(measured.baseline_seconds),
        }


def _seconds(median: float) -> str:
    return f"{median:.2f} s" if median >= _MILLISECONDS_BELOW else f"{median * 1000:.2f} ms"


def amount(value: float, unit: Unit) -> str:
    """Return a value with its unit, with as many decimals as its unit needs."""
    return f"{value:.{_DECIMALS.get(unit, 2)}f} {unit}".replace(r"\copy", r"`\copy`")


def goal(figure: Figure) -> str:
    """Return the goal with its sign, empty if there is none."""
    if figure.goal is None:
        return ""
    return f"{'≥' if figure.at_least else '≤'} {figure.goal:g} {figure.unit}".replace(r"\copy", r"`\copy`")


def of_cases(measurements: Iterable[Measurement], cases: Iterable[str]) -> tuple[Measurement, ...]:
    """Return the measurements of these cases, and the baseline."""
    wanted = {*cases, BASELINE.case}
    return tuple(one for one in measurements if one.figure.case in wanted)


def _rounded(numbers: Iterable[float]) -> list[float]:
    return [round(number, _DIGITS) for number in numbers]


def draw_chart(report: Report) -> str:
    r"""Return an SVG bar chart of the loads in multiples of `\copy`, with the app's goals."""
    bars = [
        one
        for one in report.measurements
        if one.figure.unit is Unit.TIMES_COPY and one.figure.case != BASELINE.case
    ]
    bottom = _TOP + _LINE * len(bars)
    title = f"Time to load {report.rows:,} rows, in multiples of psql \\copy"
    machine = report.machine
    subtitle = (
        f"medians, runs of each: {report.runs}; Postgres {machine.postgres}, Python {machine.python}, "
        f"{machine.cores} cores, {machine.date[:10]}"
    )
    description = "; ".join(f"{report.title(one.figure)}: {one.value:.2f}" for one in bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + _BOTTOM}" role="img">',
        f"<title>{escape(title)}</title>\n<desc>{escape(description)}</desc>\n<style>{_STYLE}</style>",
        f'<rect class="page" width="{_WIDTH}" height="{bottom + _BOTTOM}" rx="6"/>',
        f'<text class="title" x="16" y="26">{escape(title)}</text>',
        f'<text class="faint" x="16" y="46">{escape(subtitle)}</text>',
        *_scale(bottom),
        *(part for place, one in enumerate(bars) for part in _bar(report, one, _TOP + _LINE * place)),
        f'<line class="goal" x1="16" x2="16" y1="{bottom + 24}" y2="{bottom + 38}"/>',
        f'<text class="faint" x="24" y="{bottom + 36}">goal</text>',
        "</svg>\n",
    ]
    return "\n".join(parts)


def _x(value: float) -> float:
    return round(_LABELS + (_WIDTH - _LABELS - _RIGHT) * min(value, _MAX_RATIO) / _MAX_RATIO, 1)


def _scale(bottom: int) -> list[str]:
    lines = []
    for tick in range(int(_MAX_RATIO) + 1):
        kind, label = ("one", r"1 = \copy") if tick == 1 else ("grid", str(tick))
        lines += [
            f'<line class="{kind}" x1="{_x(tick)}" x2="{_x(tick)}" y1="{_TOP - 6}" y2="{bottom}"/>',
            f'<text class="faint" x="{_x(tick)}" y="{bottom + 18}" text-anchor="middle">{label}</text>',
        ]
    return lines


def _bar(report: Report, measured: Measurement, top: int) -> list[str]:
    figure, end, middle = measured.figure, _x(measured.value), top + _LINE // 2
    kind = "other" if figure.goal is None else "app"
    length = round(end - _LABELS, 1)
    upper, base = middle - _BAR // 2, middle + 5
    label = escape(report.title(figure))
    drawn = [
        f'<text x="{_LABELS - 10}" y="{base}" text-anchor="end">{label}</text>',
        f'<rect class="{kind}" x="{_LABELS}" y="{upper}" width="{length}" height="{_BAR}" rx="2"/>',
        f'<text x="{max(end, _x(figure.goal or 0)) + 8}" y="{base}">{measured.value:.2f}</text>',
    ]
    if measured.value > _MAX_RATIO:
        drawn.append(f'<path class="cut" d="M{end - 26} {upper + _BAR + 3}l8 -{_BAR + 6}"/>')
    if figure.goal is not None:
        at = _x(figure.goal)
        drawn.append(f'<line class="goal" x1="{at}" x2="{at}" y1="{upper - 4}" y2="{upper + _BAR + 4}"/>')
    return drawn
