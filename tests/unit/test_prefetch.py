"""`prefetch`: the same items in the same order, computed one ahead in a background thread."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from shared.prefetch import prefetch

SECONDS = 10.0
"""Longer than anything here takes, unless it hangs."""


class Item:
    """An item that can be referred to weakly."""


def test_items_keep_their_order() -> None:
    assert list(prefetch(range(100))) == list(range(100))


def test_nothing_comes_from_no_items() -> None:
    assert list(prefetch(())) == []


def test_items_may_be_none() -> None:
    assert list(prefetch([None, 1, None])) == [None, 1, None]


def test_error_is_raised_after_the_items_before_it() -> None:
    def source() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("broken")

    received: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        received.extend(prefetch(source()))  # extend keeps what came before the error
    assert received == [1, 2]


def test_items_are_computed_in_one_other_thread() -> None:
    def source() -> Iterator[int]:
        for _ in range(5):
            yield threading.get_ident()

    threads = set(prefetch(source()))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_at_most_one_item_is_computed_ahead() -> None:
    begun = []
    two_begun = threading.Event()

    def source() -> Iterator[int]:
        for number in range(10):
            begun.append(number)
            if len(begun) == 2:
                two_begun.set()
            yield number

    items = prefetch(source())
    assert next(items) == 0
    assert two_begun.wait(SECONDS)  # it does work ahead
    time.sleep(0.1)
    assert begun == [0, 1]
    assert next(items) == 1
    assert list(items) == list(range(2, 10))


def test_item_is_not_kept_while_the_next_one_is_awaited() -> None:
    def source() -> Iterator[Item | bool]:
        first = Item()
        reference = weakref.ref(first)
        yield first
        del first
        deadline = time.monotonic() + SECONDS
        while reference() is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        yield reference() is None

    items = prefetch(source())
    assert isinstance(next(items), Item)
    assert next(items) is True


def test_heartbeat_yields_none_until_an_item_is_there() -> None:
    release = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        release.wait(SECONDS)
        yield 2

    items = prefetch(source(), heartbeat=0.05)
    assert next(items) == 1
    assert [next(items), next(items)] == [None, None]
    release.set()
    assert [item for item in items if item is not None] == [2]


@pytest.mark.parametrize("heartbeat", [None, 5.0])
def test_timeout_error_of_the_items_is_raised(heartbeat: float | None) -> None:
    def source() -> Iterator[int]:
        yield 1
        raise TimeoutError("of the source")

    items = prefetch(source(), heartbeat=heartbeat) if heartbeat else prefetch(source())
    assert next(items) == 1
    with pytest.raises(TimeoutError, match="of the source"):
        next(items)


def test_close_closes_the_source_in_its_own_thread() -> None:
    threads = []

    def source() -> Iterator[int]:
        threads.append(threading.get_ident())
        try:
            yield from range(100)
        finally:
            threads.append(threading.get_ident())

    items = prefetch(source())
    assert next(items) == 0
    items.close()
    assert len(threads) == 2
    assert threads[0] == threads[1] != threading.get_ident()


def test_close_waits_for_the_item_under_way_and_drops_it() -> None:
    begun, release, closed = threading.Event(), threading.Event(), threading.Event()

    def source() -> Iterator[int]:
        try:
            yield 1
            begun.set()
            release.wait(SECONDS)
            yield 2
        finally:
            closed.set()

    items = prefetch(source())
    assert next(items) == 1
    assert begun.wait(SECONDS)
    threading.Timer(0.1, release.set).start()
    items.close()
    assert closed.is_set()
    assert list(items) == []


def test_close_drops_an_error_of_the_item_under_way() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ValueError("nobody asked for this item")

    items = prefetch(source())
    assert next(items) == 1
    items.close()
    assert list(items) == []


def test_no_thread_is_left_after_the_last_item() -> None:
    before = threading.active_count()
    assert list(prefetch(range(3))) == [0, 1, 2]
    assert threading.active_count() == before


EXIT_DURING_AN_ITEM = """
import time
from shared.prefetch import prefetch

def source():
    for number in range(1000):
        yield number
        time.sleep(1)

items = prefetch(source())
assert next(items) == 0
print(time.time())
"""


def test_process_exit_waits_for_no_more_than_the_item_under_way() -> None:
    """An item under way is a read from storage, which has a timeout."""
    done = subprocess.run(
        [sys.executable, "-c", EXIT_DURING_AN_ITEM],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    assert time.time() - float(done.stdout) < 4
