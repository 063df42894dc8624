"""A worker killed at any moment of a load leaves, after a redelivery, the table of one clean load."""

from __future__ import annotations

import multiprocessing
import random
import time

from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared import settings
from shared.ingesting import Ingesting
from shared.ledger.state import State
from shared.resources import Resources
from tests.fixtures.samples import orders
from tests.integration.looking import entry

ROWS = 60_000
MOMENTS = 20
DELIVERIES = 3

CHECKSUM = """
    select count(*), count(distinct _load), sum(_line), sum(hashtextextended(row(sales_order_number,
        sales_order_line_number, order_date, customer_name, unit_price, _line)::text, 0)::numeric) from sales
"""


def load(database_url: str, storage: str, container: str) -> None:
    """What a worker does, in a process that can be killed."""
    own = Resources(settings.load({"DATABASE_URL": database_url, "UPLOADS": storage}))
    with ContainerClient.from_connection_string(storage, container) as uploads:
        Ingesting(own.engine, uploads, "sales").ingest("sales/a.csv")


def test_a_load_killed_at_twenty_moments_is_loaded_once_in_the_end(
    ingesting: Ingesting, container: ContainerClient, engine: Engine, database_url: str, storage: str
) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["shared.ingesting", "shared.resources"])
    dice = random.Random(7)  # noqa: S311 - moments, not secrets
    container.upload_blob("sales/a.csv", orders(1, ROWS))
    begun = time.monotonic()
    assert ingesting.ingest("sales/a.csv").state is State.LOADED
    seconds = time.monotonic() - begun
    clean = look(engine)
    killed = 0

    for _ in range(MOMENTS):
        with engine.begin() as connection:
            connection.execute(text("truncate sales, ingest.ingestions cascade"))
        for _ in range(dice.randint(1, DELIVERIES)):
            worker = processes.Process(target=load, args=(database_url, storage, container.container_name))
            worker.start()
            worker.join(dice.uniform(0.05, 1.2) * seconds)
            killed += worker.is_alive()
            worker.kill()
            worker.join()
        assert ingesting.ingest("sales/a.csv").state is State.LOADED
        assert look(engine) == clean
        assert entry(engine, "sales/a.csv")["rows_inserted"] == ROWS

    assert killed >= MOMENTS // 2


def look(engine: Engine) -> tuple[object, ...]:
    """Numbers that any lost, doubled or changed row would change."""
    with engine.connect() as connection:
        return tuple(connection.execute(text(CHECKSUM)).one())
