"""Time spent in each stage of a load, and one log line per stage."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from loguru import logger

T = TypeVar("T")


class StageTimer:
    """Adds up the seconds of stages that take turns, batch by batch."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._rows: dict[str, int] = {}

    @contextmanager
    def stage(self, name: str, rows: int = 0) -> Iterator[None]:
        """Count the time within, and `rows`, as part of stage `name`."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - begun
            self._rows[name] = self._rows.get(name, 0) + rows

    def iterate(self, name: str, items: Iterable[T], rows: Callable[[T], int]) -> Iterator[T]:
        """Go through `items`, counting the time that getting each one takes, and its `rows`."""
        iterator = iter(items)
        while True:
            with self.stage(name):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            self._rows[name] += rows(item)
            yield item
            del item  # not to be kept while the next one is made

    def log(self, ingestion_id: uuid.UUID, dataset: str) -> None:
        """One line per stage, in the order in which they began."""
        for name, seconds in self._seconds.items():
            facts = {"ingestion": ingestion_id, "dataset": dataset, "rows": self._rows[name]}
            logger.bind(**facts, ms=round(seconds * 1000)).info("stage {}", name)
