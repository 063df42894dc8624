"""How many files to try: a few by default, `--files 20000 --first-seed 1` for a thorough run."""

import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test its seeds."""
    if "seeds" in metafunc.fixturenames:
        first, files = metafunc.config.getoption("--first-seed"), metafunc.config.getoption("--files")
        metafunc.parametrize("seeds", [range(first, first + files)], ids=[f"{files} from {first}"])
