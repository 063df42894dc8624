"""What happens in the middle of a load: the blob is replaced, or Postgres goes down."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, create_engine, text

from dev.postgres import Postgres
from dev.process import wait_until
from shared import retry
from shared.errors import Unavailable
from shared.ledger.tables import State
from shared.settings import postgres_url
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.load_context import LoadOutcome
from shared.use_cases.migrate import migrate
from tests.fixtures.barriers import Gate
from tests.fixtures.blocks import container_read_in_blocks
from tests.fixtures.samples import csv, orders, row
from tests.fixtures.workers import worker
from tests.integration.assertions import entry, states, table

ROWS = 120_000
TWO_THIRDS = 8_000_000
"""Bytes of a file of that many rows, by which its first rows are on their way."""


class Held(NamedTuple):
    """A load of `sales/a.csv` that has brought rows to the table and waits for the rest of its file."""

    gate: Gate
    load: Future[LoadOutcome]


@contextmanager
def held(engine: Engine, container: ContainerClient, storage: str, retry_seconds: float) -> Iterator[Held]:
    with Gate() as gate, ThreadPoolExecutor(1) as pool:
        client = container_read_in_blocks(
            storage,
            str(container.container_name),
            lambda offset: gate.go_through() if offset > TWO_THIRDS else None,
        )
        loader = BlobLoader(engine, client, "sales")
        load = pool.submit(retry.retry_unavailable, lambda: loader.load("sales/a.csv"), retry_seconds)
        gate.wait()
        assert wait_until(lambda: has_rows(engine), 30)
        yield Held(gate, load)
        gate.open()
    client.close()


def has_rows(engine: Engine) -> bool:
    """Whether there are rows in the table, be it ones that nobody sees before the commit."""
    with engine.connect() as connection:
        return bool(connection.scalar(text("select pg_relation_size('sales') > 0")))


def test_of_a_blob_replaced_in_the_middle_only_the_new_version_has_rows(
    container: ContainerClient, engine: Engine, database_url: str, storage: str
) -> None:
    container.upload_blob("sales/a.csv", orders(1, ROWS))
    new = csv(*(row(number, price="1") for number in range(ROWS - 5, ROWS + 5)), row(1, price="1"))

    name = str(container.container_name)
    with held(engine, container, storage, 0) as old, worker(database_url, storage, name) as other:
        container.upload_blob("sales/a.csv", new, overwrite=True)
        with ThreadPoolExecutor(1) as pool:
            event_of_the_new = pool.submit(other.load, "sales/a.csv")
            assert not wait_until(event_of_the_new.done, 1)  # of one blob, one version loads at a time
            old.gate.open()
            assert old.load.result().state is State.SUPERSEDED
            assert event_of_the_new.result().state is State.LOADED
        assert other.load("sales/a.csv").state is State.LOADED

    assert states_by_order(engine) == ["superseded", "loaded"]
    found = entry(engine, "sales/a.csv")
    assert (found["rows_read"], found["rows_inserted"], found["attempts"]) == (11, 11, 1)
    assert [(one["_load"], int(one["unit_price"])) for one in table(engine)] == [(found["serial"], 1)] * 11


def states_by_order(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(text("select state from ingest.ingestions order by serial")))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A Postgres of this module's own, for it to take down; durable, so that commits outlive that."""
    made = Postgres(tmp_path_factory.mktemp("taken_down"))
    made.start()
    migrate(made.url)
    yield made
    made.stop()


@pytest.fixture
def its_engine(server: Postgres) -> Iterator[Engine]:
    """The engine of a worker on that server, whose tables are empty."""
    engine = create_engine(postgres_url(server.url), pool_pre_ping=True)
    with engine.begin() as connection:
        connection.execute(text("truncate sales, ingest.ingestions cascade"))
    yield engine
    engine.dispose()


def take_down(server: Postgres, how: signal.Signals) -> None:
    """Stop it: `SIGQUIT` is Postgres' immediate shutdown, as good as a crash, and `SIGINT` its fast one."""
    assert server.child is not None
    os.kill(server.child.popen.pid, how)
    server.child.popen.wait(30)
    server.stop()


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT])
def test_a_load_that_lost_postgres_in_the_middle_loads_by_its_own_retries(
    how: signal.Signals, server: Postgres, its_engine: Engine, container: ContainerClient, storage: str
) -> None:
    container.upload_blob("sales/a.csv", orders(1, ROWS))

    with held(its_engine, container, storage, retry_seconds=60) as cut:
        take_down(server, how)
        cut.gate.open()
        server.start()
        assert cut.load.result().state is State.LOADED

    require_loaded_once(its_engine)


def test_a_load_that_lost_postgres_in_the_middle_loads_when_its_event_comes_again(
    server: Postgres, its_engine: Engine, container: ContainerClient, storage: str
) -> None:
    container.upload_blob("sales/a.csv", orders(1, ROWS))

    with held(its_engine, container, storage, retry_seconds=0) as cut:
        take_down(server, signal.SIGQUIT)
        cut.gate.open()
        with pytest.raises(Unavailable, match="postgres"):
            cut.load.result()
    server.start()

    assert states(its_engine) == {"loading": 1}
    assert BlobLoader(its_engine, container, "sales").load("sales/a.csv").state is State.LOADED
    require_loaded_once(its_engine)


def require_loaded_once(engine: Engine) -> None:
    found = entry(engine, "sales/a.csv")
    assert (found["state"], found["rows_inserted"], found["attempts"]) == ("loaded", ROWS, 2)
    query = "select count(*), count(distinct sales_order_number), min(_load), max(_load) from sales"
    with engine.connect() as connection:
        serial = found["serial"]
        assert connection.execute(text(query)).one() == (ROWS, ROWS, serial, serial)
    assert states(engine) == {"loaded": 1}
