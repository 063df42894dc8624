"""Prefetch: computes the next item of an iterable in a background thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar, overload

T = TypeVar("T")

_DEPTH = 1
"""Items that wait; each more would cost its memory and win nothing. So the next one is not begun until there
is room for it."""


class _End:
    """The items ended, with `error` if they broke off."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


@overload
def prefetch(items: Iterable[T]) -> Generator[T, None, None]: ...
@overload
def prefetch(items: Iterable[T], patience: float) -> Generator[T | None, None, None]: ...
def prefetch(items: Iterable[T], patience: float | None = None) -> Generator[T | None, None, None]:
    """The same items in the same order, made in another thread; `None` after `patience` seconds without.

    An exception of `items` is raised here, after what came before it. Closing the iterator ends the thread.
    """
    waiting: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
    room = threading.Semaphore(_DEPTH - 1)  # one is begun at once
    stopped = threading.Event()
    worker = threading.Thread(target=_work, args=(items, waiting, room, stopped), name="ahead", daemon=True)
    worker.start()
    try:
        while not isinstance(item := _next(waiting, room, patience), _End):
            yield item
            del item  # not to be kept while the next one is awaited
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        room.release()
        worker.join()


def _next(
    waiting: queue.SimpleQueue[T | _End], room: threading.Semaphore, patience: float | None
) -> T | _End | None:
    try:
        item = waiting.get(timeout=patience)
    except queue.Empty:
        return None
    room.release()
    return item


def _work(
    items: Iterable[T],
    waiting: queue.SimpleQueue[T | _End],
    room: threading.Semaphore,
    stopped: threading.Event,
) -> None:
    end = _End(None)
    try:
        for item in items:
            waiting.put(item)
            del item
            room.acquire()
            if stopped.is_set():
                break
    except BaseException as exc:  # noqa: BLE001 - raised again in the thread that waits
        end = _End(exc)
    finally:
        if isinstance(items, Generator):
            items.close()  # here, since what it holds belongs to this thread
    waiting.put(end)
