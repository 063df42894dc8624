"""A worker killed at any moment of a load leaves, after a redelivery, the table of one clean load."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from multiprocessing.connection import Connection

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.ledger.tables import State
from tests.fixtures.samples import orders
from tests.fixtures.workers import PROCESSES, worker
from tests.integration.assertions import entry, states

PATH = "sales/a.csv"
ROWS = 60_000
MOMENTS = 20
MAX_FURTHER_KILLS = 2
STARTED = "started"

# Every column except `_load`, which differs from load to load.
SUMMARY = """
    select count(*) as rows, sum(_line) as lines, min(_load) as first, max(_load) as last,
        sum(hash_record_extended(row(sales_order_number, sales_order_line_number, order_date, customer_name,
            email_address, item, quantity, unit_price, tax_amount, _line), 0)) as hashes from sales
"""


def deliver(progress: Connection, database_url: str, storage: str, container: str) -> None:
    """Load the blob as a worker does; send `STARTED` before and the state after the load."""
    with worker(database_url, storage, container) as loader:
        progress.send(STARTED)
        progress.send(loader.load(PATH).state)


class Delivery:
    """One delivery of the blob's event to a new process that can be killed.

    The process reports through a pipe, which is closed when it ends. `Process.exitcode` is not used: where
    several threads start processes, multiprocessing may report 255 for a process that succeeded, because
    each start also reads the exit codes of the processes that the other threads wait for.
    """

    def __init__(self, database_url: str, storage: str, container: str) -> None:
        self._progress, progress = PROCESSES.Pipe(duplex=False)
        self._process = PROCESSES.Process(target=deliver, args=(progress, database_url, storage, container))
        self._process.start()
        progress.close()
        assert self._progress.recv() == STARTED

    def state(self) -> State | None:
        """Wait for the end of the load; return its state."""
        loaded: State | None = self._progress.recv()
        self._wait_for_end()
        return loaded

    def kill_after(self, seconds: float) -> None:
        """Kill the process after `seconds`, unless its load ends before; return when it has ended."""
        self._progress.poll(seconds)
        self._process.kill()
        self._wait_for_end()

    def _wait_for_end(self) -> None:
        with self._progress, suppress(EOFError):
            while True:
                self._progress.recv()
        self._process.join()


class Deliveries:
    """Deliveries of one event, one after the other, into one database."""

    def __init__(self, engine: Engine, database_url: str, storage: str, container: str) -> None:
        self.killed_during_load = 0
        self._engine = engine
        self._arguments = (database_url, storage, container)
        self._seconds = 0.0

    def kill_after(self, share: float) -> None:
        """Kill a delivery after a `share` of the time that the last complete one took."""
        Delivery(*self._arguments).kill_after(share * self._seconds)
        self.killed_during_load += states(self._engine) in ({}, {"loading": 1})

    def complete(self) -> tuple[object, ...]:
        """Complete a delivery; return numbers that a lost, doubled or changed row would change."""
        delivery = Delivery(*self._arguments)
        started = time.monotonic()
        assert delivery.state() is State.LOADED
        self._seconds = time.monotonic() - started
        assert states(self._engine) == {"loaded": 1}
        loaded = entry(self._engine, PATH)
        assert (loaded["rows_read"], loaded["rows_inserted"]) == (ROWS, ROWS)
        with self._engine.connect() as connection:
            found = connection.execute(text(SUMMARY)).one()
        assert (found.first, found.last) == (loaded["serial"], loaded["serial"])
        return found.rows, found.lines, found.hashes

    def delete_rows_and_ledger(self) -> None:
        with self._engine.begin() as connection:
            connection.execute(text("truncate sales, ingest.ingestions cascade"))


@pytest.fixture
def deliveries(engine: Engine, database_url: str, storage: str, container: ContainerClient) -> Deliveries:
    container.upload_blob(PATH, orders(1, ROWS))
    return Deliveries(engine, database_url, storage, str(container.container_name))


def test_a_load_killed_at_any_moment_is_loaded_once_after_redeliveries(deliveries: Deliveries) -> None:
    numbers = random.Random(1)  # noqa: S311 - moments, not secrets
    clean = deliveries.complete()
    for moment in range(MOMENTS):
        deliveries.delete_rows_and_ledger()
        deliveries.kill_after((moment + numbers.random()) / MOMENTS)
        for _ in range(moment % (MAX_FURTHER_KILLS + 1)):
            deliveries.kill_after(numbers.random())
        assert deliveries.complete() == clean
    assert deliveries.killed_during_load >= MOMENTS
