"""Timer triggers: NCRONTAB schedules, and running a function at its times, never twice at the same time."""

import datetime as dt
import json
import logging
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from azure.core.exceptions import AzureError, ResourceNotFoundError

from dev.host import bindings
from dev.host.errors import LoadError
from dev.host.function import Function
from dev.host.invocation import Call, Invoker
from dev.host.lifecycle import Lifecycle
from dev.host.storage import Account

log = logging.getLogger("host")
_CONTAINER = "azure-webjobs-hosts"
_LONGEST_PAUSE = 30.0  # the system clock may be changed, and a laptop may sleep
_MONITORED_INTERVAL = dt.timedelta(minutes=1)
_NEVER = dt.datetime(1, 1, 1, tzinfo=dt.UTC)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[str, int, int, Sequence[str]], ...] = (
    ("second", 0, 59, ()),
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 6, _DAYS),
)
_ITEM = re.compile(r"(\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?")
_YEARS_AHEAD = 9  # one more than the longest wait for a 29 February


class TimerStatus:
    """The stored times of a timer, in the blob `timers/<host id>/<function id>.Listener/status`."""

    def __init__(self, account: Account, host_id: str, function: Function) -> None:
        self._account = account
        self._blob = f"timers/{host_id}/{function.id}.Listener/status"

    def read(self) -> dt.datetime | None:
        """Return when the timer last ran or was first started, or None if that is not stored."""
        try:
            found = json.loads(self._account.store.read(_CONTAINER, self._blob))
            return dt.datetime.fromisoformat(found["LastUpdated"]).astimezone(dt.UTC)
        except ResourceNotFoundError:
            return None
        except AzureError as exc:
            self._account.failed("reading the status of a timer", exc)
            return None

    def write(self, last: dt.datetime, following: dt.datetime | None, updated: dt.datetime) -> None:
        """Store the last and the next time, and the time of this change."""
        times = {"Last": last.isoformat(), "Next": _iso(following), "LastUpdated": updated.isoformat()}
        try:
            self._account.store.put(_CONTAINER, self._blob, json.dumps(times).encode())
        except AzureError as exc:
            self._account.failed("storing the status of a timer", exc)


class Timer:
    """Runs one function at the times of its schedule.

    With a `status`, a time that passed while the host was stopped is past due: the function runs at the next
    start. As in the real host, schedules below a minute have no status.
    """

    def __init__(
        self, function: Function, invoker: Invoker, lifecycle: Lifecycle, status: TimerStatus | None = None
    ) -> None:
        try:
            self._schedule = parse_schedule(str(function.trigger.get("schedule", "")))
        except ValueError as exc:
            raise LoadError(function.name, str(exc)) from exc
        self._function = function
        self._invoker = invoker
        self._lifecycle = lifecycle
        self._status = status if self._schedule.interval_after(_now()) >= _MONITORED_INTERVAL else None
        self._running = threading.Lock()
        self._last: dt.datetime | None = None
        self._next = self._schedule.next_after(_now())
        self._started = False

    def step(self) -> float:
        """Run the function if it is time; return the seconds to wait."""
        if not self._started:
            self._started = True
            self._run_at_start()
        if self._next is not None and _now() >= self._next:
            self.fire()
            self._next = self._schedule.next_after(_now())
        if self._next is None:
            return _LONGEST_PAUSE
        return min(max((self._next - _now()).total_seconds(), 0), _LONGEST_PAUSE)

    def _run_at_start(self) -> None:
        updated = self._status.read() if self._status else None
        due = self._schedule.next_after(updated) if updated else None
        if due is not None and due < _now():
            self.fire(past_due=True)
        elif self._function.trigger.get("runOnStartup"):
            self.fire()
        elif self._status and updated is None:
            self._status.write(_NEVER, self._next, _now())

    def fire(self, *, past_due: bool = False) -> None:
        """Run the function now, or after a run that is in progress."""
        with self._running, self._lifecycle.work():
            if self._lifecycle.stopping.is_set():
                return
            now = _now()
            following = self._schedule.next_after(now)
            data = {
                "Schedule": {"AdjustForDST": True},
                "ScheduleStatus": {
                    "Last": (self._last or _NEVER).isoformat(),
                    "Next": _iso(following),
                    "LastUpdated": (self._last or now).isoformat(),
                },
                "IsPastDue": past_due,
            }
            reason = f"Timer fired at {now.isoformat()}"
            self._invoker.run(Call(self._function, bindings.as_json(data), reason))
            self._last = now
            if self._status:
                self._status.write(now, following, now)

    def run_manually(self, _text: str) -> None:
        """Run the function outside its schedule."""
        self.fire()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _iso(time: dt.datetime | None) -> str | None:
    return time.isoformat() if time else None


@dataclass(frozen=True)
class Schedule:
    """An NCRONTAB schedule, in UTC. Day and day of week must both match."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def next_after(self, moment: dt.datetime) -> dt.datetime | None:
        """Return the first time after `moment` (aware, UTC), or None if there is none within nine years."""
        start = moment.replace(microsecond=0) + dt.timedelta(seconds=1)
        day = start.date()
        for _ in range(366 * _YEARS_AHEAD):
            if self._matches(day):
                earliest = start.time() if day == start.date() else dt.time()
                found = self._first_from(earliest)
                if found is not None:
                    return dt.datetime.combine(day, found, tzinfo=dt.UTC)
            day += dt.timedelta(days=1)
        return None

    def interval_after(self, moment: dt.datetime) -> dt.timedelta:
        """Return the time between the next two times after `moment`, or the largest timedelta."""
        first = self.next_after(moment)
        second = self.next_after(first) if first else None
        return second - first if first and second else dt.timedelta.max

    def _matches(self, day: dt.date) -> bool:
        weekday = (day.weekday() + 1) % 7
        return day.month in self.months and day.day in self.days and weekday in self.weekdays

    def _first_from(self, earliest: dt.time) -> dt.time | None:
        wanted = (earliest.hour, earliest.minute, earliest.second)
        for hour in self.hours:
            if hour < wanted[0]:
                continue
            for minute in self.minutes:
                if (hour, minute) < wanted[:2]:
                    continue
                for second in self.seconds:
                    if (hour, minute, second) >= wanted:
                        return dt.time(hour, minute, second)
        return None


def parse_schedule(text: str) -> Schedule:
    """Parse `{second} {minute} {hour} {day} {month} {weekday}`; seconds are optional.

    The message of a ValueError names the wrong field.
    """
    fields = text.split()
    if len(fields) == len(_FIELDS) - 1:
        fields = ["0", *fields]
    if len(fields) != len(_FIELDS):
        raise ValueError(f"the schedule '{text}' must have six fields (or five, without seconds)")
    values = [_field(field, *spec) for field, spec in zip(fields, _FIELDS, strict=True)]
    seconds, minutes, hours = (tuple(sorted(found)) for found in values[:3])
    return Schedule(seconds, minutes, hours, *(frozenset(found) for found in values[3:]))


def _field(text: str, name: str, low: int, high: int, names: Sequence[str]) -> set[int]:
    found: set[int] = set()
    for item in text.split(","):
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(f"'{item}' is not a {name}")
        first, last, step = match["first"], match["last"], match["step"]
        start = low if first is None else _value(first, name, low, names)
        # `5/15` is "from 5 on, every 15"; `5` is only that.
        end = high if first is None or (step and not last) else start
        end = _value(last, name, low, names) if last else end
        if not (low <= start <= end <= high) or step == "0":
            raise ValueError(f"'{item}' is not a {name} from {low} to {high}")
        found.update(range(start, end + 1, int(step or 1)))
    return found


def _value(text: str, name: str, low: int, names: Sequence[str]) -> int:
    if text.isdecimal():
        return int(text)
    short = text.lower()[:3]
    full = text.lower()
    if short not in names or len(full) < len(short):
        raise ValueError(f"'{text}' is not a {name}")
    return names.index(short) + low
