"""Loading an app from its folder."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dev.host.app import load
from dev.host.errors import HostError
from dev.host.function import Function

PRELUDE = "import azure.functions as func\n\napp = func.FunctionApp()\n"
TIMER = "@app.timer_trigger('t', '%EVERY%')\ndef tick(t: func.TimerRequest){}: ...\n"

Load = Callable[[str], list[Function]]


@pytest.fixture
def load_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads an app's code as the host does; afterwards nothing of it is left."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "function_app", raising=False)

    def loaded(code: str) -> list[Function]:
        (tmp_path / "function_app.py").write_text(PRELUDE + code)
        try:
            return load(tmp_path, {"EVERY": "0 * * * * *"})
        finally:
            sys.modules.pop("function_app", None)

    return loaded


def test_a_function_is_described_with_its_settings_resolved(load_code: Load, tmp_path: Path) -> None:
    (function,) = load_code(TIMER.format(""))
    assert (function.id, function.kind, function.directory) == (
        "Host.Functions.tick",
        "timerTrigger",
        str(tmp_path),
    )
    assert function.trigger["schedule"] == "0 * * * * *"


def test_a_value_that_nobody_takes_is_a_warning(load_code: Load, caplog: pytest.LogCaptureFixture) -> None:
    load_code(TIMER.format(" -> str"))
    assert "tick is annotated to return a value" in caplog.text


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("other = func.FunctionApp()", "holds 2"),
        ("del app", "holds 0"),
        (TIMER.format("").replace("EVERY", "NEVER"), "cannot load the tick function: '%NEVER%'"),
        (TIMER.format("").replace("(t:", "(other:"), "cannot load the tick function"),
    ],
)
def test_an_app_that_cannot_run_is_refused(load_code: Load, code: str, complaint: str) -> None:
    with pytest.raises(HostError, match=complaint):
        load_code(code)


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"there is no function_app\.py"):
        load(tmp_path, {})
