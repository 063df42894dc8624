"""After a worker was killed at any time during a load, a redelivery has the result of one complete load."""

from __future__ import annotations

import multiprocessing
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from azure.storage.blob import ContainerClient
from sqlalchemy import NullPool, create_engine, text

from dev.postgres import Postgres
from shared.settings import postgres_url
from tests.fixtures.databases import cloned
from tests.fixtures.samples import orders
from tests.fixtures.workers import worker
from tests.integration.assertions import entry, states

ROWS = 200_000
KILLS = 20
REDELIVERIES = 3
LANES = 2

# Every value except `_load`, which differs between loads; all rows must have the same one.
SUMMARY = """
    select count(*) as rows, sum(_line) as lines, min(_load) as first, max(_load) as last,
        sum(hash_record_extended(row(sales_order_number, sales_order_line_number, order_date, customer_name,
            email_address, item, quantity, unit_price, tax_amount, _line), 0)) as hashes from sales
"""

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["shared.use_cases.load_blob", __name__])


def deliver(begun: Connection, database_url: str, storage: str, container: str) -> None:
    """Deliver an event in a process that can be killed; it reports when it begins."""
    with worker(database_url, storage, container) as loader:
        begun.send(True)
        loader.load("sales/a.csv")


class Deliveries:
    """Consecutive deliveries of one event, each by a new process, into one database."""

    def __init__(self, database_url: str, storage: str, container: str) -> None:
        self.engine = create_engine(postgres_url(database_url), poolclass=NullPool)
        self._arguments = (database_url, storage, container)
        self._seconds = 0.0
        self.cut_short = 0

    def kill_after(self, share: float) -> None:
        """Kill a delivery after a `share` of the time that the last complete one took."""
        delivery = self._start()
        delivery.join(share * self._seconds)
        delivery.kill()
        delivery.join()
        self.cut_short += states(self.engine) in ({}, {"loading": 1})

    def complete(self) -> tuple[object, ...]:
        """Complete a delivery; returns numbers that a lost, doubled or changed row would change."""
        begun = time.monotonic()
        delivery = self._start()
        delivery.join()
        self._seconds = time.monotonic() - begun
        assert delivery.exitcode == 0
        assert states(self.engine) == {"loaded": 1}
        loaded = entry(self.engine, "sales/a.csv")
        assert (loaded["rows_read"], loaded["rows_inserted"]) == (ROWS, ROWS)
        with self.engine.connect() as connection:
            found = connection.execute(text(SUMMARY)).one()
        assert (found.first, found.last) == (loaded["serial"], loaded["serial"])
        return found.rows, found.lines, found.hashes

    def reset(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("truncate sales, ingest.ingestions cascade"))

    def _start(self) -> BaseProcess:
        receiver, begun = PROCESSES.Pipe(duplex=False)
        delivery = PROCESSES.Process(target=deliver, args=(begun, *self._arguments))
        delivery.start()
        begun.close()
        with closing(receiver):
            assert receiver.recv()
        return delivery


def test_a_load_killed_at_twenty_times_is_loaded_once_after_redelivery(
    container: ContainerClient, postgres: Postgres, template_database: str, storage: str
) -> None:
    container.upload_blob("sales/a.csv", orders(1, ROWS))

    def lane(number: int) -> int:
        """Kill at every second of the twenty times, in parallel with the other lane."""
        dice = random.Random(number)  # noqa: S311 - not for secrets
        with cloned(postgres, template_database) as database_url:
            deliveries = Deliveries(database_url, storage, str(container.container_name))
            clean = deliveries.complete()
            for kill in range(number, KILLS, LANES):
                deliveries.reset()
                deliveries.kill_after((kill + dice.random()) / KILLS)
                for _ in range(kill % REDELIVERIES):
                    deliveries.kill_after(dice.random())
                assert deliveries.complete() == clean
        return deliveries.cut_short

    with ThreadPoolExecutor(LANES) as lanes:
        assert sum(lanes.map(lane, range(LANES))) >= KILLS
