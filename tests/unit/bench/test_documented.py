"""The README explains every case of the benchmark."""

import re

from dev.bench.figures import CASES
from dev.programs import ROOT


def test_the_readme_explains_exactly_the_cases_there_are() -> None:
    section = (ROOT / "README.md").read_text().partition("## Measure")[2]
    first_cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    assert re.findall(r"`([\w-]+)`", " ".join(first_cells)) == list(CASES)
