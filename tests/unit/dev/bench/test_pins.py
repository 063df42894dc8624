"""What the benchmark needs besides the app is pinned as the app's own requirements are."""

import re

from dev.bench import extras
from dev.paths import ROOT


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w-]+)(?:\[\w+\])?(~=\d.*)$", text, re.MULTILINE))


def test_every_loader_has_a_compatible_release_range() -> None:
    lines = [line for line in extras.REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    assert len(pins("\n".join(lines))) == len(lines) > 0


def test_what_the_app_uses_too_has_the_same_range_here() -> None:
    ours, theirs = pins((ROOT / "requirements.txt").read_text()), pins(extras.REQUIREMENTS.read_text())
    shared = ours.keys() & theirs.keys()
    assert shared
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}
