"""NCRONTAB schedules: `{second} {minute} {hour} {day} {month} {weekday}` (seconds may be left out), UTC."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Schedule:
    """The seconds, minutes, … at which a timer fires. Day and day of week must both fit, as in NCRONTAB."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def next_after(self, moment: dt.datetime) -> dt.datetime | None:
        """Answer the first time after `moment` (aware, UTC), or None if there is none in years."""
        start = moment.replace(microsecond=0) + dt.timedelta(seconds=1)
        day = start.date()
        for _ in range(366 * _YEARS_AHEAD):
            if self._fits(day):
                earliest = start.time() if day == start.date() else dt.time()
                found = self._first_from(earliest)
                if found is not None:
                    return dt.datetime.combine(day, found, tzinfo=dt.UTC)
            day += dt.timedelta(days=1)
        return None

    def _fits(self, day: dt.date) -> bool:
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
    """Read a schedule; ValueError says which field is wrong."""
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
            raise ValueError(f"'{item}' is no {name}")
        first, last, step = match["first"], match["last"], match["step"]
        start = low if first is None else _value(first, name, low, names)
        # `5/15` is "from 5 on, every 15"; a lone `5` is just that.
        end = high if first is None or (step and not last) else start
        end = _value(last, name, low, names) if last else end
        if not (low <= start <= end <= high) or step == "0":
            raise ValueError(f"'{item}' is no {name} from {low} to {high}")
        found.update(range(start, end + 1, int(step or 1)))
    return found


def _value(text: str, name: str, low: int, names: Sequence[str]) -> int:
    if text.isdecimal():
        return int(text)
    short = text.lower()[:3]
    full = text.lower()
    if short not in names or len(full) < len(short):
        raise ValueError(f"'{text}' is no {name}")
    return names.index(short) + low
