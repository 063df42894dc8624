r"""The loads as a bar chart: how many times `\copy` each takes, drawn as SVG for light and dark pages."""

from html import escape

from dev.bench.figures import YARDSTICK, Measured, Unit
from dev.bench.report import Report

_WIDTH, _LABELS, _RIGHT = 860, 400, 60
_TOP, _LINE, _BAR, _BOTTOM = 64, 30, 16, 46
_LONGEST = 5.0
"""Where the scale ends: longer bars are cut, and say how long they are."""

_STYLE = """
  .page { fill: #ffffff } text { fill: #1f2328; font: 13px system-ui, sans-serif } .faint { fill: #59636e }
  .title { font-size: 15px; font-weight: 600 } .grid { stroke: #d1d9e0 } .one { stroke: #59636e }
  .ours { fill: #0969da } .others { fill: #8c959f } .goal { stroke: #bc4c00; stroke-width: 3 }
  .cut { stroke: #ffffff; stroke-width: 3 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } text { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
    .one { stroke: #9198a1 } .ours { fill: #4493f8 } .others { fill: #6e7681 } .goal { stroke: #f0883e }
    .cut { stroke: #0d1117 }
  }
"""


def draw(report: Report) -> str:
    r"""The figures in multiples of `\copy`, ours with their goals, as the text of an SVG file."""
    bars = [
        one
        for one in report.measured
        if one.figure.unit is Unit.TIMES_COPY and one.figure.case != YARDSTICK.case
    ]
    bottom = _TOP + _LINE * len(bars)
    title = f"Time to load {report.rows:,} rows, in multiples of psql \\copy"
    machine = report.machine
    below = (
        f"medians, runs of each: {report.runs}; Postgres {machine.postgres}, Python {machine.python}, "
        f"{machine.cores} cores, {machine.date[:10]}"
    )
    said = "; ".join(f"{report.title(one.figure)}: {one.value:.2f}" for one in bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + _BOTTOM}" role="img">',
        f"<title>{escape(title)}</title>\n<desc>{escape(said)}</desc>\n<style>{_STYLE}</style>",
        f'<rect class="page" width="{_WIDTH}" height="{bottom + _BOTTOM}" rx="6"/>',
        f'<text class="title" x="16" y="26">{escape(title)}</text>',
        f'<text class="faint" x="16" y="46">{escape(below)}</text>',
        *_scale(bottom),
        *(part for place, one in enumerate(bars) for part in _bar(report, one, _TOP + _LINE * place)),
        f'<line class="goal" x1="16" x2="16" y1="{bottom + 24}" y2="{bottom + 38}"/>',
        f'<text class="faint" x="24" y="{bottom + 36}">goal</text>',
        "</svg>\n",
    ]
    return "\n".join(parts)


def _x(value: float) -> float:
    return round(_LABELS + (_WIDTH - _LABELS - _RIGHT) * min(value, _LONGEST) / _LONGEST, 1)


def _scale(bottom: int) -> list[str]:
    lines = []
    for tick in range(int(_LONGEST) + 1):
        kind, label = ("one", r"1 = \copy") if tick == 1 else ("grid", str(tick))
        lines += [
            f'<line class="{kind}" x1="{_x(tick)}" x2="{_x(tick)}" y1="{_TOP - 6}" y2="{bottom}"/>',
            f'<text class="faint" x="{_x(tick)}" y="{bottom + 18}" text-anchor="middle">{label}</text>',
        ]
    return lines


def _bar(report: Report, measured: Measured, top: int) -> list[str]:
    figure, end, middle = measured.figure, _x(measured.value), top + _LINE // 2
    kind = "others" if figure.goal is None else "ours"
    length = round(end - _LABELS, 1)
    upper, base = middle - _BAR // 2, middle + 5
    label = escape(report.title(figure))
    drawn = [
        f'<text x="{_LABELS - 10}" y="{base}" text-anchor="end">{label}</text>',
        f'<rect class="{kind}" x="{_LABELS}" y="{upper}" width="{length}" height="{_BAR}" rx="2"/>',
        f'<text x="{max(end, _x(figure.goal or 0)) + 8}" y="{base}">{measured.value:.2f}</text>',
    ]
    if measured.value > _LONGEST:
        drawn.append(f'<path class="cut" d="M{end - 26} {upper + _BAR + 3}l8 -{_BAR + 6}"/>')
    if figure.goal is not None:
        at = _x(figure.goal)
        drawn.append(f'<line class="goal" x1="{at}" x2="{at}" y1="{upper - 4}" y2="{upper + _BAR + 4}"/>')
    return drawn
