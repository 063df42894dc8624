"""The benchmark's chart can be read, and shows the ratios with their goals."""

from xml.etree import ElementTree

from dev.bench import figures
from dev.bench.chart import draw
from dev.bench.figures import Measured
from tests.unit.dev.bench.sample_reports import CHANGED, FILES, FRESH, MEMORY, TO_SQL, report

SVG = "{http://www.w3.org/2000/svg}"
YARDSTICK = Measured(figures.YARDSTICK, (1.0,), (2.0,))


def drawn(*measured: Measured) -> ElementTree.Element:
    return ElementTree.fromstring(draw(report(*measured)))  # noqa: S314 - our own


def bars(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == kind]


def goals(root: ElementTree.Element) -> list[str | None]:
    """The marks at bars; the last one is the legend's."""
    return [line.get("x1") for line in root.iter(f"{SVG}line") if line.get("class") == "goal"][:-1]


def test_only_what_compares_with_the_yardstick_is_drawn() -> None:
    root = drawn(YARDSTICK, FRESH, CHANGED, MEMORY, FILES, TO_SQL)
    assert len(bars(root, "ours")) == 2
    assert len(bars(root, "others")) == 1


def test_bars_are_as_long_as_their_ratios() -> None:
    one, three = (float(str(bar.get("width"))) for bar in bars(drawn(FRESH, CHANGED), "ours"))
    assert three == 3 * one


def test_a_goal_is_marked_where_a_bar_of_its_length_would_end() -> None:
    root = drawn(FRESH, TO_SQL)
    (bar,) = bars(root, "ours")
    assert goals(root) == [str(float(str(bar.get("x"))) + float(str(bar.get("width"))))]


def test_a_bar_beyond_the_scale_is_cut_and_says_how_long_it_is() -> None:
    root = drawn(TO_SQL)
    (bar,) = bars(root, "others")
    assert float(str(bar.get("x"))) + float(str(bar.get("width"))) <= 800
    assert [path.get("class") for path in root.iter(f"{SVG}path")] == ["cut"]
    assert "49.00" in [text.text for text in root.iter(f"{SVG}text")]


def test_the_chart_adapts_to_dark_pages_and_tells_its_figures_to_screen_readers() -> None:
    text = draw(report(FRESH))
    assert "prefers-color-scheme: dark" in text
    assert "<desc>fresh load, all rows new: 1.00</desc>" in text
