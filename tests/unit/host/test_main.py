"""Options of `python -m dev.host`."""

import sys

import pytest

from dev.host import __main__ as command_line


def test_messages_of_a_killed_host_stay_invisible_for_ten_minutes_by_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "argv", ["dev.host"])
    assert command_line._options().visibility_seconds == 600


@pytest.mark.parametrize("option", ["--visibility-seconds=0", "--scan-seconds=0"])
def test_a_time_of_zero_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["dev.host", option])
    with pytest.raises(SystemExit):
        command_line._options()
    assert "--visibility-seconds must be at least 1" in capsys.readouterr().err
