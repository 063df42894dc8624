"""Packages are installed when they are incomplete or outdated, and never otherwise."""

import sys
from pathlib import Path

import pytest

from dev import install
from dev.errors import UsageError
from dev.install import Installer, run_installers
from dev.paths import AZURITE_VERSION

Installed = list[tuple[bool, bool]]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Installed:
    """A complete environment, and the calls that would install (Python packages, Azurite)."""
    calls: Installed = []
    python = tmp_path / "python"
    python.touch()
    for name, path in {"VENV_PYTHON": python, "VENV": tmp_path}.items():
        monkeypatch.setattr(install, name, path)
    for name in ("PYTHON_STAMP", "AZURITE_STAMP"):
        monkeypatch.setattr(install, name, tmp_path / name)
    monkeypatch.setattr(install, "INSTALL_LOCK", tmp_path)
    (tmp_path / "using").mkdir()
    monkeypatch.setattr(install, "USE_LOCK", tmp_path / "using")

    def record_call(*, python_is_due: bool, azurite_is_due: bool) -> None:
        calls.append((python_is_due, azurite_is_due))

    monkeypatch.setattr(install, "_install", record_call)
    (tmp_path / "PYTHON_STAMP").write_text(install.python_stamp())
    (tmp_path / "AZURITE_STAMP").write_text(AZURITE_VERSION)
    return calls


def test_a_complete_environment_is_not_changed(installed: Installed) -> None:
    install.ensure_installed(azurite=True)
    assert installed == []


@pytest.mark.parametrize("content", [install.UNFINISHED, "Python 3.11.0 of /elsewhere\n", None])
def test_an_unfinished_or_outdated_environment_is_installed_again(
    installed: Installed, tmp_path: Path, content: str | None
) -> None:
    stamp = tmp_path / "PYTHON_STAMP"
    stamp.unlink() if content is None else stamp.write_text(content)
    install.ensure_installed(azurite=True)
    assert installed == [(True, True)]


def test_only_azurite_is_installed_if_only_its_version_differs(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "AZURITE_STAMP").write_text("3.0.0")
    install.ensure_installed(azurite=True)
    assert installed == [(False, True)]


def test_azurite_is_not_installed_if_it_is_not_needed(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "AZURITE_STAMP").unlink()
    install.ensure_installed(azurite=False)
    assert installed == []


def test_packages_that_another_run_uses_are_not_changed(installed: Installed, tmp_path: Path) -> None:
    install._hold_use_lock()
    (tmp_path / "PYTHON_STAMP").unlink()
    with pytest.raises(UsageError, match="stop that one first"):
        install.ensure_installed(azurite=True)
    assert installed == []


def test_a_python_without_the_venv_module_is_refused(
    installed: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "PYTHON_STAMP").unlink()
    monkeypatch.setattr(install, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="apt install python3-venv"):
        install.ensure_installed(azurite=False)


def test_the_stamp_changes_with_the_requirements(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = install.python_stamp()
    monkeypatch.setattr(install, "REQUIREMENTS", (tmp_path / "requirements.txt",))
    (tmp_path / "requirements.txt").write_text("pandas\n")
    assert install.python_stamp() != before


@pytest.mark.parametrize(
    ("output", "reason"),
    [("npm error code ENOTFOUND", "registry cannot be reached"), ("no matching version", "see above")],
)
def test_a_failed_installer_stops_the_others_and_prints_its_output(
    output: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = Installer("things", [sys.executable, "-c", f"import sys; sys.exit({output!r})"])
    waiting = Installer("others", ["sleep", "600"])
    with pytest.raises(UsageError, match=f"installing things failed.*{reason}"):
        run_installers([waiting, failing], lambda: None)
    assert output in capsys.readouterr().out
    assert waiting.popen is not None
    assert waiting.popen.returncode is not None
