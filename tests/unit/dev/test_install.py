"""What is installed is renewed when it is incomplete or outdated, and never otherwise."""

import sys
from pathlib import Path

import pytest

from dev import install as environment
from dev import lock
from dev.errors import Complaint
from dev.installer import Installer, fetch_all
from dev.paths import AZURITE_VERSION

Installed = list[tuple[bool, bool]]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Installed:
    """A complete environment elsewhere, and what `ensure` would install (Python packages, Azurite)."""
    calls: Installed = []
    python = tmp_path / "python"
    python.touch()
    for name, path in {"VENV_PYTHON": python, "VENV": tmp_path}.items():
        monkeypatch.setattr(environment, name, path)
    for name in ("PYTHON_STAMP", "AZURITE_STAMP"):
        monkeypatch.setattr(environment, name, tmp_path / name)
    monkeypatch.setattr(lock, "INSTALLING", tmp_path)
    (tmp_path / "using").mkdir()
    monkeypatch.setattr(lock, "USING", tmp_path / "using")

    def install(*, python_is_due: bool, azurite_is_due: bool) -> None:
        calls.append((python_is_due, azurite_is_due))

    monkeypatch.setattr(environment, "_install", install)
    (tmp_path / "PYTHON_STAMP").write_text(environment.python_stamp())
    (tmp_path / "AZURITE_STAMP").write_text(AZURITE_VERSION)
    return calls


def test_a_complete_environment_is_left_alone(installed: Installed) -> None:
    environment.ensure(azurite=True)
    assert installed == []


@pytest.mark.parametrize("content", [environment.UNFINISHED, "Python 3.11.0 of /elsewhere\n", None])
def test_an_unfinished_or_outdated_environment_is_installed_again(
    installed: Installed, tmp_path: Path, content: str | None
) -> None:
    stamp = tmp_path / "PYTHON_STAMP"
    stamp.unlink() if content is None else stamp.write_text(content)
    environment.ensure(azurite=True)
    assert installed == [(True, True)]


def test_another_azurite_is_installed_alone(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "AZURITE_STAMP").write_text("3.0.0")
    environment.ensure(azurite=True)
    assert installed == [(False, True)]


def test_a_storage_account_of_ones_own_needs_no_azurite(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "AZURITE_STAMP").unlink()
    environment.ensure(azurite=False)
    assert installed == []


def test_what_another_run_uses_is_not_changed_under_it(installed: Installed, tmp_path: Path) -> None:
    lock.use()
    (tmp_path / "PYTHON_STAMP").unlink()
    with pytest.raises(Complaint, match="stop that one first"):
        environment.ensure(azurite=True)
    assert installed == []


def test_a_missing_venv_module_is_named(
    installed: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "PYTHON_STAMP").unlink()
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    with pytest.raises(Complaint, match="apt install python3-venv"):
        environment.ensure(azurite=False)


def test_another_requirement_is_another_stamp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = environment.python_stamp()
    monkeypatch.setattr(environment, "REQUIREMENTS", (tmp_path / "requirements.txt",))
    (tmp_path / "requirements.txt").write_text("pandas\n")
    assert environment.python_stamp() != before


@pytest.mark.parametrize(
    ("output", "reason"),
    [("npm error code ENOTFOUND", "registry cannot be reached"), ("no matching version", "see above")],
)
def test_a_failed_installer_shows_its_output_and_one_reason(
    output: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = Installer("things", [sys.executable, "-c", f"import sys; sys.exit({output!r})"])
    waiting = Installer("others", ["sleep", "600"])
    with pytest.raises(Complaint, match=f"installing things failed.*{reason}"):
        fetch_all([waiting, failing], lambda: None)
    assert output in capsys.readouterr().out
    assert waiting.popen is not None
    assert waiting.popen.returncode is not None
