"""Measures the time of each stage of a load, and logs one line per stage."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from loguru import logger

T = TypeVar("T")


class StageTimer:
    """Adds up the seconds and rows of stages that run many times, once per batch."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._rows: dict[str, int] = {}

    @contextmanager
    def stage(self, name: str, rows: int = 0) -> Iterator[None]:
        """Add the time of the `with` block, and `rows`, to stage `name`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - start
            self._rows[name] = self._rows.get(name, 0) + rows

    def iterate(self, name: str, items: Iterable[T], rows: Callable[[T], int]) -> Iterator[T]:
        """Yield `items`, and add the time to get each of them, and its `rows`, to stage `name`."""
        iterator = iter(items)
        while True:
            with self.stage(name):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            self._rows[name] += rows(item)
            yield item
            del item  # not kept while the next one is computed

    def log(self, ingestion_id: uuid.UUID, dataset: str) -> None:
        """Log one line per stage, in the order of their first runs."""
        for name, seconds in self._seconds.items():
            facts = {"ingestion": ingestion_id, "dataset": dataset, "rows": self._rows[name]}
            logger.bind(**facts, ms=round(seconds * 1000)).info("stage {}", name)
