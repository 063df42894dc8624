"""Schedules, and the times of a timer by a clock that the test sets."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from dev.host import timer_trigger
from dev.host.errors import LoadError
from dev.host.invocation import Call, Invocations, Invoker, Outcome
from dev.host.lifecycle import Lifecycle
from dev.host.timer_trigger import Timer, parse_schedule
from tests.unit.host.sample_functions import http_function

START = dt.datetime(2026, 3, 4, 10, 20, 30, 400_000, tzinfo=dt.UTC)


class Clock:
    """The time that the timer sees, and what it ran when."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **trigger: object) -> None:
        self.now = START
        self.runs: list[dict[str, Any]] = []
        monkeypatch.setattr(timer_trigger, "_now", lambda: self.now)
        monkeypatch.setattr(Invoker, "run", lambda _invoker, call: self.record(call))
        function = replace(http_function("tick"), trigger={"type": "timerTrigger", **trigger})
        self.timer = Timer(function, Invoker(Invocations()), Lifecycle())

    def record(self, call: Call) -> Outcome:
        self.runs.append(json.loads(call.data.value))
        return Outcome(succeeded=True)

    def step_after(self, seconds: float) -> tuple[int, float]:
        """Return how often the timer has run and how long it waits, so many seconds after the start."""
        self.now = START + dt.timedelta(seconds=seconds)
        rest = self.timer.step()
        return len(self.runs), round(rest, 3)


def test_a_timer_runs_at_whole_seconds_and_waits_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, schedule="* * * * * *")
    assert clock.step_after(0) == (0, 0.6)
    assert clock.step_after(0.5) == (0, 0.1)
    assert clock.step_after(0.6) == (1, 1)
    assert clock.step_after(0.7) == (1, 0.9)


def test_times_missed_while_running_are_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, schedule="* * * * * *")
    assert clock.step_after(3.7) == (1, 0.9)


def test_a_timer_may_run_at_the_start_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, schedule="0 0 0 29 2 *", runOnStartup=True)
    assert clock.step_after(0) == (1, 30)
    assert clock.step_after(30) == (1, 30)


def test_a_malformed_schedule_names_its_function(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LoadError, match="cannot load the tick function"):
        Clock(monkeypatch, schedule="often")


WEDNESDAY = "2026-03-04 10:20:30"


def times(schedule: str, start: str = WEDNESDAY, count: int = 1) -> list[str]:
    moment = dt.datetime.fromisoformat(start).replace(tzinfo=dt.UTC)
    found = []
    for _ in range(count):
        following = parse_schedule(schedule).next_after(moment)
        assert following is not None
        moment = following
        found.append(f"{moment:%Y-%m-%d %H:%M:%S}")
    return found


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("* * * * * *", ["2026-03-04 10:20:31", "2026-03-04 10:20:32"]),
        ("0 */5 * * * *", ["2026-03-04 10:25:00", "2026-03-04 10:30:00"]),
        ("*/5 * * * *", ["2026-03-04 10:25:00", "2026-03-04 10:30:00"]),
        ("30 20 10 * * *", ["2026-03-05 10:20:30", "2026-03-06 10:20:30"]),
        ("0 0 9-17/4 * * *", ["2026-03-04 13:00:00", "2026-03-04 17:00:00", "2026-03-05 09:00:00"]),
        ("0 5/20 * * * *", ["2026-03-04 10:25:00", "2026-03-04 10:45:00", "2026-03-04 11:05:00"]),
        ("0 0 0 * * mon-FRI", ["2026-03-05 00:00:00", "2026-03-06 00:00:00", "2026-03-09 00:00:00"]),
        ("0 0 0 * * 0,Saturday", ["2026-03-07 00:00:00", "2026-03-08 00:00:00"]),
        ("0 0 0 1 Jan,jul *", ["2026-07-01 00:00:00", "2027-01-01 00:00:00"]),
        ("0 0 0 29 2 *", ["2028-02-29 00:00:00"]),
        ("0 0 0 13 * fri", ["2026-03-13 00:00:00", "2026-11-13 00:00:00"]),
        ("59 59 23 31 12 *", ["2026-12-31 23:59:59"]),
    ],
)
def test_a_schedule_fires_at_its_times(schedule: str, expected: list[str]) -> None:
    assert times(schedule, count=len(expected)) == expected


def test_a_fraction_of_a_second_does_not_fire_twice() -> None:
    moment = dt.datetime(2026, 3, 4, 10, 20, 30, 999_999, tzinfo=dt.UTC)
    assert parse_schedule("* * * * * *").next_after(moment) == dt.datetime(
        2026, 3, 4, 10, 20, 31, tzinfo=dt.UTC
    )


def test_a_day_that_never_comes_is_never() -> None:
    assert parse_schedule("0 0 0 30 2 *").next_after(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)) is None


@pytest.mark.parametrize(
    "schedule",
    ["", "often", "* * * *", "60 * * * * *", "* * 24 * * *", "* * * 0 * *", "* * * * 13 *", "* * * * * 7",
     "*/0 * * * * *", "5-1 * * * * *", "* * * * * mo", "* * * * * nonday", "1,,2 * * * * *"],
)  # fmt: skip
def test_a_malformed_schedule_is_an_error(schedule: str) -> None:
    with pytest.raises(ValueError, match=r"schedule|is not a"):
        parse_schedule(schedule)
