"""The benchmark's chart: bars, goals, colours."""

from xml.etree import ElementTree

from dev.bench import figures
from dev.bench.figures import Measurement
from dev.bench.report import draw_chart
from tests.unit.dev.bench.sample_reports import CHANGED, FILES, FRESH, MEMORY, TO_SQL, report

SVG = "{http://www.w3.org/2000/svg}"
BASELINE = Measurement(figures.BASELINE, (1.0,), (2.0,))


def drawn(*measurements: Measurement) -> ElementTree.Element:
    return ElementTree.fromstring(draw_chart(report(*measurements)))  # noqa: S314 - generated here


def bars(root: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == kind]


def goals(root: ElementTree.Element) -> list[str | None]:
    """The marks on the bars; the last mark belongs to the legend."""
    return [line.get("x1") for line in root.iter(f"{SVG}line") if line.get("class") == "goal"][:-1]


def test_only_figures_relative_to_the_baseline_are_drawn() -> None:
    root = drawn(BASELINE, FRESH, CHANGED, MEMORY, FILES, TO_SQL)
    assert len(bars(root, "app")) == 2
    assert len(bars(root, "other")) == 1


def test_the_length_of_a_bar_is_proportional_to_its_ratio() -> None:
    one, three = (float(str(bar.get("width"))) for bar in bars(drawn(FRESH, CHANGED), "app"))
    assert three == 3 * one


def test_a_goal_is_marked_at_the_end_of_a_bar_with_that_ratio() -> None:
    root = drawn(FRESH, TO_SQL)
    (bar,) = bars(root, "app")
    assert goals(root) == [str(float(str(bar.get("x"))) + float(str(bar.get("width"))))]


def test_a_bar_beyond_the_scale_is_cut_and_labelled_with_its_ratio() -> None:
    root = drawn(TO_SQL)
    (bar,) = bars(root, "other")
    assert float(str(bar.get("x"))) + float(str(bar.get("width"))) <= 800
    assert [path.get("class") for path in root.iter(f"{SVG}path")] == ["cut"]
    assert "49.00" in [text.text for text in root.iter(f"{SVG}text")]


def test_the_chart_has_dark_colours_and_a_description_for_screen_readers() -> None:
    text = draw_chart(report(FRESH))
    assert "prefers-color-scheme: dark" in text
    assert "<desc>fresh load, all rows new: 1.00</desc>" in text
