"""The lines of the table: what is measured, in which unit, and the goal."""

import operator
import statistics
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What a figure counts; those of `TIMES_COPY` can be compared with each other."""

    TIMES_COPY = r"× \copy"  # noqa: RUF001 - the sign is meant
    TIMES = "×"  # noqa: RUF001
    MB = "MB"
    SECONDS = "s"
    FILES_A_SECOND = "files/s"
    REQUESTS_A_SECOND = "requests/s"
    MODULES = "modules"


@dataclass(frozen=True)
class Figure:
    """One line; `case` chooses it on the command line, and `title` may name row counts in braces."""

    case: str
    title: str
    unit: Unit
    goal: float | None = None
    at_least: bool = False


@dataclass(frozen=True)
class Measured:
    """A figure with the value of each run; of timed ones their `seconds` and those of the yardstick."""

    figure: Figure
    values: tuple[float, ...]
    seconds: tuple[float, ...] = ()
    beside: tuple[float, ...] = ()

    @property
    def value(self) -> float:
        """The median of the runs."""
        return statistics.median(self.values)

    @property
    def median_seconds(self) -> float | None:
        """The median of the seconds, if it was timed."""
        return statistics.median(self.seconds) if self.seconds else None

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; `None` without one."""
        if self.figure.goal is None:
            return None
        holds = operator.ge if self.figure.at_least else operator.le
        return bool(holds(self.value, self.figure.goal))


def ratios(figure: Figure, seconds: list[float], beside: list[float]) -> Measured:
    """Seconds over the yardstick's of the same run: what slows a machine down for a while slows down both."""
    values = [ours / theirs for ours, theirs in zip(seconds, beside, strict=True)]
    return Measured(figure, tuple(values), tuple(seconds), tuple(beside))


YARDSTICK = Figure("yardstick", r"psql \copy into a plain table", Unit.TIMES_COPY)
FRESH = Figure("fresh", "fresh load, all rows new", Unit.TIMES_COPY, 1.0)
SAME_BYTES = Figure("same-bytes", "the same bytes under another name", Unit.TIMES_COPY, 0.15)
UNCHANGED = Figure("unchanged", "the same rows, last one first; nothing changed", Unit.TIMES_COPY, 1.0)
CHANGED = Figure("changed", "every row changed", Unit.TIMES_COPY, 2.0)
COLLIDING = Figure("colliding", "1 % of the keys there with other values", Unit.TIMES_COPY, 1.3)
REJECTED = Figure("rejected", "5 % of the rows rejected", Unit.TIMES_COPY, 1.3)
INFERRED = Figure(
    "inferred", "inferred: two passes, over the declared load of the same file", Unit.TIMES, 1.5
)
CPU = Figure("cpu", "CPU of the fresh load, for 1,000,000 rows, Postgres' not counted", Unit.SECONDS, 1.5)
MEMORY = Figure("memory", "peak memory above idle, {rows:,} rows", Unit.MB, 150)
MEMORY_OF_MORE = Figure("memory", "peak memory above idle, {more:,} rows", Unit.MB, 150)
MEMORY_EQUAL = Figure("memory", "the larger one over the smaller one", Unit.TIMES, 1.1)
FILES = Figure("files", "500 files of 250 rows dropped at once", Unit.FILES_A_SECOND, 40, at_least=True)
IMPORT = Figure("import", "cold import of the app over that of a one-function app", Unit.TIMES, 1.3)
HEAVY = Figure("import", "how many of pandas, pyarrow, numpy it imports", Unit.MODULES, 0)
FIRST_CHUNK = Figure("reading", "first chunk, handler with {more:,} rows over {few:,}", Unit.TIMES, 1.2)
FIRST_PAGE = Figure("reading", "first page of rows, {more:,} over {few:,}", Unit.TIMES, 1.2)
DEEP_PAGE = Figure("reading", "page 10,000 of rows, {more:,} over {few:,}", Unit.TIMES, 1.2)
RECENT_PAGE = Figure("reading", "most recent rows, {more:,} over {few:,}", Unit.TIMES, 1.2)
CHUNKS = Figure("reading", "first chunk over HTTP", Unit.REQUESTS_A_SECOND, 300, at_least=True)
PAGES = Figure("reading", "first page of 50 rows over HTTP", Unit.REQUESTS_A_SECOND, 300, at_least=True)
ADBC = Figure("adbc", "adbc_ingest of pyarrow's batches, unchecked", Unit.TIMES_COPY)
DLT = Figure("dlt", "dlt, merge by key; {tenth:,} rows, once", Unit.TIMES_COPY)
TO_SQL = Figure("to-sql", "pandas.read_csv and to_sql, multi; {tenth:,} rows, once", Unit.TIMES_COPY)

LOADS = (FRESH, SAME_BYTES, UNCHANGED, CHANGED, COLLIDING, REJECTED)
READING = (FIRST_CHUNK, FIRST_PAGE, DEEP_PAGE, RECENT_PAGE, CHUNKS, PAGES)
OURS = (
    *LOADS,
    INFERRED,
    CPU,
    MEMORY,
    MEMORY_OF_MORE,
    MEMORY_EQUAL,
    FILES,
    *READING,
    IMPORT,
    HEAVY,
)
OTHERS = (ADBC, DLT, TO_SQL)
CASES = tuple(dict.fromkeys(figure.case for figure in (*OURS, *OTHERS)))
NEEDING_EXTRAS = frozenset({ADBC.case, DLT.case})
