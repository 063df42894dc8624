"""Works ahead: while one item is used, the next is made in another thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar, overload

T = TypeVar("T")

_DEPTH = 1
"""Items that wait; each batch more would cost its memory and win nothing."""


class _End:
    """The items ended, with `error` if they broke off."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


@overload
def ahead(items: Iterable[T]) -> Generator[T, None, None]: ...
@overload
def ahead(items: Iterable[T], patience: float) -> Generator[T | None, None, None]: ...
def ahead(items: Iterable[T], patience: float | None = None) -> Generator[T | None, None, None]:
    """The same items in the same order, made in another thread; `None` after `patience` seconds without.

    An exception of `items` is raised here, after what came before it. Closing the iterator ends the thread.
    """
    waiting: queue.Queue[T | _End] = queue.Queue(_DEPTH)
    stopped = threading.Event()
    worker = threading.Thread(target=_work, args=(items, waiting, stopped), name="ahead", daemon=True)
    worker.start()
    try:
        while not isinstance(item := _next(waiting, patience), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        worker.join()


def _next(waiting: queue.Queue[T | _End], patience: float | None) -> T | _End | None:
    try:
        return waiting.get(timeout=patience)
    except queue.Empty:
        return None


def _work(items: Iterable[T], waiting: queue.Queue[T | _End], stopped: threading.Event) -> None:
    end = _End(None)
    try:
        for item in items:
            if not _put(waiting, item, stopped):
                return
    except BaseException as exc:  # noqa: BLE001 - raised again in the thread that waits
        end = _End(exc)
    finally:
        if isinstance(items, Generator):
            items.close()  # here, since what it holds belongs to this thread
    _put(waiting, end, stopped)


def _put(waiting: queue.Queue[T | _End], item: T | _End, stopped: threading.Event) -> bool:
    while not stopped.is_set():
        try:
            waiting.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
