"""A function with a timer trigger: waiting for its times and running it, never twice at once."""

import datetime as dt
import logging
import threading

from dev.host import bindings
from dev.host.errors import LoadError
from dev.host.function import Function
from dev.host.invocation import Call, Invoker
from dev.host.lifecycle import Lifecycle
from dev.host.schedule import parse_schedule

log = logging.getLogger("host")
_LONGEST_REST = 30.0  # the wall clock may be set, and a laptop may sleep
_PAST_DUE = dt.timedelta(minutes=1)


class Timer:
    """Fires one function at the times of its schedule; times missed while the host was down are lost."""

    def __init__(self, function: Function, invoker: Invoker, lifecycle: Lifecycle) -> None:
        try:
            self._schedule = parse_schedule(str(function.trigger.get("schedule", "")))
        except ValueError as exc:
            raise LoadError(function.name, str(exc)) from exc
        self._function = function
        self._invoker = invoker
        self._lifecycle = lifecycle
        self._alone = threading.Lock()
        self._last: dt.datetime | None = None
        self._next = self._schedule.next_after(_now())
        self._at_start = bool(function.trigger.get("runOnStartup"))

    def step(self) -> float:
        """Run the function if it is time; answer the seconds to rest."""
        now = _now()
        due = self._next is not None and now >= self._next
        if self._at_start or due:
            late = self._next is not None and now - self._next > _PAST_DUE
            self._at_start = False
            self.fire(past_due=late)
        if due:
            self._next = self._schedule.next_after(_now())
        if self._next is None:
            return _LONGEST_REST
        return min(max((self._next - _now()).total_seconds(), 0), _LONGEST_REST)

    def fire(self, *, past_due: bool = False) -> None:
        """Run the function now, after the run that may be under way."""
        with self._alone, self._lifecycle.work():
            if self._lifecycle.stopping.is_set():
                return
            now = _now()
            following = self._schedule.next_after(now)
            data = {
                "Schedule": {"AdjustForDST": True},
                "ScheduleStatus": {
                    "Last": (self._last or dt.datetime(1, 1, 1, tzinfo=dt.UTC)).isoformat(),
                    "Next": following.isoformat() if following else None,
                    "LastUpdated": (self._last or now).isoformat(),
                },
                "IsPastDue": past_due,
            }
            reason = f"Timer fired at {now.isoformat()}"
            self._invoker.run(Call(self._function, bindings.as_json(data), reason))
            self._last = now

    def run_by_hand(self, _text: str) -> None:
        """Run the function by hand."""
        self.fire()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
