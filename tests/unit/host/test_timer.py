"""A timer's moments, by a clock that the test sets."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from dev.host import timer
from dev.host.errors import LoadError
from dev.host.invocation import Call, Invoker, Outcome
from dev.host.lifecycle import Lifecycle
from dev.host.running import Invocations
from dev.host.timer import Timer
from tests.unit.host.making import http_function

START = dt.datetime(2026, 3, 4, 10, 20, 30, 400_000, tzinfo=dt.UTC)


class Clock:
    """The time that the timer sees, and what it ran when."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **trigger: object) -> None:
        self.now = START
        self.runs: list[dict[str, Any]] = []
        monkeypatch.setattr(timer, "_now", lambda: self.now)
        monkeypatch.setattr(Invoker, "run", lambda _invoker, call: self.note(call))
        function = replace(http_function("tick"), trigger={"type": "timerTrigger", **trigger})
        self.timer = Timer(function, Invoker(Invocations()), Lifecycle())

    def note(self, call: Call) -> Outcome:
        self.runs.append(json.loads(call.data.value))
        return Outcome(succeeded=True)

    def step_after(self, seconds: float) -> tuple[int, float]:
        """How often the timer has run and how long it rests, so many seconds after the start."""
        self.now = START + dt.timedelta(seconds=seconds)
        rest = self.timer.step()
        return len(self.runs), round(rest, 3)


def test_a_timer_runs_at_whole_seconds_and_rests_until_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, schedule="* * * * * *")
    assert clock.step_after(0) == (0, 0.6)
    assert clock.step_after(0.5) == (0, 0.1)
    assert clock.step_after(0.6) == (1, 1)
    assert clock.step_after(0.7) == (1, 0.9)


def test_times_missed_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, schedule="* * * * * *")
    assert clock.step_after(3.7) == (1, 0.9)


def test_a_run_that_is_a_minute_late_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, schedule="* * * * * *")
    clock.step_after(1)
    clock.step_after(90)
    assert [run["IsPastDue"] for run in clock.runs] == [False, True]


def test_a_timer_may_run_at_the_start_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, schedule="0 0 0 29 2 *", runOnStartup=True)
    assert clock.step_after(0) == (1, 30)
    assert clock.step_after(30) == (1, 30)


def test_a_malformed_schedule_names_its_function(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LoadError, match="cannot load the tick function"):
        Clock(monkeypatch, schedule="often")
