"""Prefetch: compute the next item of an iterable in a background thread."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar, overload

T = TypeVar("T")

_END: Any = object()


@overload
def prefetch(items: Iterable[T]) -> Generator[T, None, None]: ...
@overload
def prefetch(items: Iterable[T], heartbeat: float) -> Generator[T | None, None, None]: ...
def prefetch(items: Iterable[T], heartbeat: float | None = None) -> Generator[T | None, None, None]:
    """Yield `items` in their order, while a background thread computes the next one.

    Only one item is computed ahead: each more would need memory and save no time. With `heartbeat`, `None`
    is yielded whenever no item has come for that many seconds. An exception of `items` is raised after the
    items before it. Closing the generator waits for the item under way, then closes `items` in the thread
    that ran them.
    """
    iterator = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="prefetch") as pool:
        pending = pool.submit(next, iterator, _END)
        try:
            while True:
                # Not `result(heartbeat)`: `items` may raise a TimeoutError of their own.
                if not wait([pending], heartbeat).done:
                    yield None
                    continue
                item = pending.result()
                if item is _END:
                    return
                pending = pool.submit(next, iterator, _END)
                yield item
                del item  # not kept while the next one is awaited
        finally:
            if isinstance(iterator, Generator):
                pool.submit(iterator.close).result()
