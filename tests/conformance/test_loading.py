"""The local host loads what the worker loads and refuses what the worker refuses."""

import json
import os
import subprocess

import pytest

from dev.paths import ROOT
from tests.conformance.cases import LOADED, PRELUDE

Complaints = dict[str, str | None]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A folder for each app."""
    found = {}
    for name, code in LOADED.items():
        folder = tmp_path_factory.mktemp("app")
        (folder / "function_app.py").write_text(PRELUDE + code)
        found[name] = str(folder)
    return found


def complaints(command: list[str], folders: dict[str, str]) -> Complaints:
    settings = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "DATA": "x"}
    done = subprocess.run(
        command,
        input=json.dumps(folders),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=settings,
    )
    assert done.returncode == 0, done.stderr
    found: Complaints = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def worker(python_3_13: str, folders: dict[str, str]) -> Complaints:
    return complaints([python_3_13, "-m", "tests.conformance.worker", "load"], folders)


@pytest.fixture(scope="module")
def ours(python_3_13: str, folders: dict[str, str]) -> Complaints:
    return complaints([python_3_13, "-m", "tests.conformance.local_host"], folders)


@pytest.mark.parametrize("name", LOADED)
def test_an_app_is_loaded_or_refused_alike(name: str, worker: Complaints, ours: Complaints) -> None:
    assert (ours[name] is None) == (worker[name] is None), (
        f"worker: {worker[name] or 'loads it'}\nlocal host: {ours[name] or 'loads it'}"
    )


def test_both_sides_load_some_and_refuse_some(worker: Complaints) -> None:
    loaded = [name for name, complaint in worker.items() if complaint is None]
    assert 10 < len(loaded) < len(worker) - 10
