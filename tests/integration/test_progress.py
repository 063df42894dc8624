"""The ledger shows the progress of a running load, and no reader of the ledger delays the load."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from dev.process import wait_until
from shared.ledger.tables import State
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.load_context import LoadOutcome
from tests.fixtures.barriers import Gate
from tests.fixtures.blocks import container_read_in_blocks
from tests.fixtures.samples import orders
from tests.integration.assertions import entry

EVERY_SECONDS = 2
MAX_DELAY_SECONDS = 0.5
"""Seconds of delay on a busy machine."""


@pytest.mark.parametrize(
    ("rows", "seconds_a_block"),
    [
        pytest.param(130_000, 0.1, id="normal storage"),
        pytest.param(33_000, 0.4, id="slow storage"),
    ],
)
def test_progress_is_written_at_least_every_two_seconds(
    rows: int, seconds_a_block: float, container: ContainerClient, engine: Engine, storage: str
) -> None:
    container.upload_blob("sales/a.csv", orders(1, rows))
    slow = container_read_in_blocks(
        storage, str(container.container_name), lambda _offset: time.sleep(seconds_a_block)
    )

    with slow, ThreadPoolExecutor(1) as pool:
        load = pool.submit(BlobLoader(engine, slow, "sales").load, "sales/a.csv")
        assert wait_until(lambda: load.done() or is_loading(engine), 30)
        begun = time.monotonic()
        steps = list(growth(engine, load))
        ended = time.monotonic()
        assert load.result().state is State.LOADED

    times = [begun, *(at for at, _, _ in steps), ended]
    assert max(after - before for before, after in pairwise(times)) < EVERY_SECONDS + MAX_DELAY_SECONDS
    rows_read, bytes_read = [step[1] for step in steps], [step[2] for step in steps]
    assert rows_read == sorted(rows_read)
    assert bytes_read == sorted(set(bytes_read))


def growth(engine: Engine, load: Future[LoadOutcome]) -> Iterator[tuple[float, int, int]]:
    """Time, rows and bytes of each change of the entry until the `load` is done."""
    seen = (0, 0)
    while not load.done():
        found = entry(engine, "sales/a.csv")
        now = (found["rows_read"] or 0, found["bytes_read"] or 0)
        if found["state"] == "loading" and now > seen:
            seen = now
            yield time.monotonic(), *now
        time.sleep(0.05)


def is_loading(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(text("select count(*) from ingest.ingestions where state = 'loading'")))


def test_a_load_continues_while_its_entry_is_locked(
    container: ContainerClient, engine: Engine, storage: str
) -> None:
    container.upload_blob("sales/a.csv", orders(1, 120_000))
    query = "select 1 from ingest.ingestions for update"

    with Gate() as gate, ThreadPoolExecutor(1) as pool, engine.connect() as locker:
        held = container_read_in_blocks(
            storage, str(container.container_name), lambda offset: gate.go_through() if offset else None
        )
        load = pool.submit(BlobLoader(engine, held, "sales").load, "sales/a.csv")
        gate.wait()
        locker.execute(text(query))
        time.sleep(1.1)  # from now on each batch writes its progress
        gate.open()
        is_at_end = wait_until(lambda: waits_to_finish(engine) or load.done(), 20)
        locker.rollback()
        outcome = load.result()
        held.close()

    assert is_at_end
    assert outcome.state is State.LOADED


def waits_to_finish(engine: Engine) -> bool:
    """Whether a load has written all rows and waits to finish its entry."""
    query = (
        "select count(*) from pg_stat_activity where datname = current_database() "
        "and wait_event_type = 'Lock' and query like 'UPDATE ingest.ingestions%sha256%'"
    )
    with engine.connect() as connection:
        return bool(connection.scalar(text(query)))
