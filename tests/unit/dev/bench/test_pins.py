"""The version ranges in the benchmark's requirements."""

import re

from dev.bench.other_loaders import REQUIREMENTS
from dev.paths import ROOT


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w-]+)(?:\[\w+\])?(~=\d.*)$", text, re.MULTILINE))


def test_every_loader_has_a_compatible_release_range() -> None:
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    assert len(pins("\n".join(lines))) == len(lines) > 0


def test_packages_that_the_app_uses_too_have_the_same_range() -> None:
    app, bench = pins((ROOT / "requirements.txt").read_text()), pins(REQUIREMENTS.read_text())
    common = app.keys() & bench.keys()
    assert common
    assert {name: app[name] for name in common} == {name: bench[name] for name in common}
