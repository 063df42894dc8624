"""The registry of `on_conflict` policies is complete and documented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from shared.contracts.base import OnConflict
from shared.loading.on_conflict import POLICIES

CONTRACT_REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "contract.md"


def test_every_name_has_a_policy() -> None:
    assert set(POLICIES) == set(get_args(OnConflict))


@pytest.mark.parametrize("name", get_args(OnConflict))
def test_every_policy_is_documented(name: str) -> None:
    lines = CONTRACT_REFERENCE.read_text().splitlines()
    (description,) = (line for line in lines if line.startswith("| `on_conflict` |"))
    assert re.search(rf'`"{name}"`: \w', description)
