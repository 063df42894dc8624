"""The figures of the benchmark: what is measured, in which unit, and the goal."""

import operator
import statistics
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """The unit of a figure; figures in `TIMES_COPY` can be compared with each other."""

    TIMES_COPY = r"× \copy"  # noqa: RUF001 - the sign is meant
    TIMES = "×"  # noqa: RUF001
    MB = "MB"
    SECONDS = "s"
    FILES_PER_SECOND = "files/s"
    REQUESTS_PER_SECOND = "requests/s"
    MODULES = "modules"


@dataclass(frozen=True)
class Figure:
    """A line of the table; `case` selects it on the command line, `title` may have row counts in braces."""

    case: str
    title: str
    unit: Unit
    goal: float | None = None
    at_least: bool = False


@dataclass(frozen=True)
class Measurement:
    """A figure with the value of each run; if it is timed, with its seconds and those of the baseline."""

    figure: Figure
    values: tuple[float, ...]
    seconds: tuple[float, ...] = ()
    baseline_seconds: tuple[float, ...] = ()

    @property
    def value(self) -> float:
        """The median of the runs."""
        return statistics.median(self.values)

    @property
    def median_seconds(self) -> float | None:
        """The median of the seconds; None if the figure is not timed."""
        return statistics.median(self.seconds) if self.seconds else None

    @property
    def reached(self) -> bool | None:
        """Whether the goal is reached; None if there is no goal."""
        if self.figure.goal is None:
            return None
        holds = operator.ge if self.figure.at_least else operator.le
        return bool(holds(self.value, self.figure.goal))


def ratios(figure: Figure, seconds: list[float], baseline_seconds: list[float]) -> Measurement:
    """Divide the seconds by those of the baseline in the same run, because a busy machine slows down both."""
    values = [one / baseline for one, baseline in zip(seconds, baseline_seconds, strict=True)]
    return Measurement(figure, tuple(values), tuple(seconds), tuple(baseline_seconds))


BASELINE = Figure("baseline", r"psql \copy into a plain table", Unit.TIMES_COPY)
FRESH = Figure("fresh", "fresh load, all rows new", Unit.TIMES_COPY, 1.0)
SAME_BYTES = Figure("same-bytes", "the same bytes under another name", Unit.TIMES_COPY, 0.15)
UNCHANGED = Figure("unchanged", "the same rows in reverse order, nothing changed", Unit.TIMES_COPY, 1.0)
CHANGED = Figure("changed", "every row changed", Unit.TIMES_COPY, 2.0)
COLLIDING = Figure("colliding", "1 % of the keys exist with other values", Unit.TIMES_COPY, 1.3)
REJECTED = Figure("rejected", "5 % of the rows rejected", Unit.TIMES_COPY, 1.3)
INFERRED = Figure("inferred", "inferred load (two passes) over the load with a contract", Unit.TIMES, 1.5)
CPU = Figure("cpu", "CPU of the fresh load per 1,000,000 rows, without PostgreSQL", Unit.SECONDS, 1.5)
MEMORY = Figure("memory", "peak memory above idle, {rows:,} rows", Unit.MB, 150)
MEMORY_OF_LONG_FILE = Figure("memory", "peak memory above idle, {more:,} rows", Unit.MB, 150)
MEMORY_RATIO = Figure("memory", "peak memory, larger over smaller", Unit.TIMES, 1.1)
FILES = Figure("files", "500 files of 250 rows uploaded at once", Unit.FILES_PER_SECOND, 40, at_least=True)
IMPORT = Figure("import", "cold import of the app over that of a one-function app", Unit.TIMES, 1.3)
HEAVY_MODULES = Figure(
    "import", "number of heavy packages imported (pandas, pyarrow, numpy)", Unit.MODULES, 0
)
FIRST_CHUNK = Figure("reading", "first chunk, handler with {more:,} rows over {few:,}", Unit.TIMES, 1.2)
FIRST_PAGE = Figure("reading", "first page of rows, {more:,} over {few:,}", Unit.TIMES, 1.2)
DEEP_PAGE = Figure("reading", "page 10,000 of rows, {more:,} over {few:,}", Unit.TIMES, 1.2)
RECENT_PAGE = Figure("reading", "most recent rows, {more:,} over {few:,}", Unit.TIMES, 1.2)
CHUNKS = Figure("reading", "first chunk over HTTP", Unit.REQUESTS_PER_SECOND, 300, at_least=True)
PAGES = Figure("reading", "first page of 50 rows over HTTP", Unit.REQUESTS_PER_SECOND, 300, at_least=True)
ADBC = Figure("adbc", "adbc_ingest of pyarrow batches, without validation", Unit.TIMES_COPY)
DLT = Figure("dlt", "dlt, merge by key; {tenth:,} rows, once", Unit.TIMES_COPY)
TO_SQL = Figure("to-sql", "pandas.read_csv and to_sql, multi; {tenth:,} rows, once", Unit.TIMES_COPY)

LOADS = (FRESH, SAME_BYTES, UNCHANGED, CHANGED, COLLIDING, REJECTED)
READS = (FIRST_CHUNK, FIRST_PAGE, DEEP_PAGE, RECENT_PAGE, CHUNKS, PAGES)
APP_FIGURES = (
    *LOADS,
    INFERRED,
    CPU,
    MEMORY,
    MEMORY_OF_LONG_FILE,
    MEMORY_RATIO,
    FILES,
    *READS,
    IMPORT,
    HEAVY_MODULES,
)
OTHER_LOADERS = (ADBC, DLT, TO_SQL)
CASES = tuple(dict.fromkeys(figure.case for figure in (*APP_FIGURES, *OTHER_LOADERS)))
CASES_WITH_PACKAGES = frozenset({ADBC.case, DLT.case})
