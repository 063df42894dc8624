"""Interruptions during a load: the blob is replaced, or Postgres stops."""

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
"""Bytes of a file with that many rows; its first rows are being written by then."""


class PausedLoad(NamedTuple):
    """A load of `sales/a.csv` that has written rows and waits for the rest of its file."""

    gate: Gate
    load: Future[LoadOutcome]


@contextmanager
def paused(
    engine: Engine, container: ContainerClient, storage: str, retry_seconds: float
) -> Iterator[PausedLoad]:
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
        yield PausedLoad(gate, load)
        gate.open()
    client.close()


def has_rows(engine: Engine) -> bool:
    """Whether the table has rows, committed or not."""
    with engine.connect() as connection:
        return bool(connection.scalar(text("select pg_relation_size('sales') > 0")))


def test_a_blob_replaced_during_its_load_has_only_rows_of_the_new_version(
    container: ContainerClient, engine: Engine, database_url: str, storage: str
) -> None:
    container.upload_blob("sales/a.csv", orders(1, ROWS))
    new = csv(*(row(number, price="1") for number in range(ROWS - 5, ROWS + 5)), row(1, price="1"))

    name = str(container.container_name)
    with paused(engine, container, storage, 0) as old, worker(database_url, storage, name) as other:
        container.upload_blob("sales/a.csv", new, overwrite=True)
        with ThreadPoolExecutor(1) as pool:
            new_delivery = pool.submit(other.load, "sales/a.csv")
            assert not wait_until(new_delivery.done, 1)  # only one version of a blob is loaded at a time
            old.gate.open()
            assert old.load.result().state is State.SUPERSEDED
            assert new_delivery.result().state is State.LOADED
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
    """A Postgres server for this module, which stops it; durable, so that commits survive."""
    postgres = Postgres(tmp_path_factory.mktemp("stopped"))
    postgres.start()
    migrate(postgres.url)
    yield postgres
    postgres.stop()


@pytest.fixture
def own_engine(server: Postgres) -> Iterator[Engine]:
    """An engine for that server, whose tables are empty."""
    engine = create_engine(postgres_url(server.url), pool_pre_ping=True)
    with engine.begin() as connection:
        connection.execute(text("truncate sales, ingest.ingestions cascade"))
    yield engine
    engine.dispose()


def stop(server: Postgres, how: signal.Signals) -> None:
    """Stop the server; `SIGQUIT` is Postgres' immediate shutdown, like a crash, `SIGINT` its fast one."""
    assert server.child is not None
    os.kill(server.child.popen.pid, how)
    server.child.popen.wait(30)
    server.stop()


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT])
def test_a_load_that_lost_postgres_succeeds_by_its_own_retries(
    how: signal.Signals, server: Postgres, own_engine: Engine, container: ContainerClient, storage: str
) -> None:
    container.upload_blob("sales/a.csv", orders(1, ROWS))

    with paused(own_engine, container, storage, retry_seconds=60) as cut:
        stop(server, how)
        cut.gate.open()
        server.start()
        assert cut.load.result().state is State.LOADED

    assert_loaded_once(own_engine)


def test_a_load_that_lost_postgres_succeeds_when_its_event_is_redelivered(
    server: Postgres, own_engine: Engine, container: ContainerClient, storage: str
) -> None:
    container.upload_blob("sales/a.csv", orders(1, ROWS))

    with paused(own_engine, container, storage, retry_seconds=0) as cut:
        stop(server, signal.SIGQUIT)
        cut.gate.open()
        with pytest.raises(Unavailable, match="postgres"):
            cut.load.result()
    server.start()

    assert states(own_engine) == {"loading": 1}
    assert BlobLoader(own_engine, container, "sales").load("sales/a.csv").state is State.LOADED
    assert_loaded_once(own_engine)


def assert_loaded_once(engine: Engine) -> None:
    found = entry(engine, "sales/a.csv")
    assert (found["state"], found["rows_inserted"], found["attempts"]) == ("loaded", ROWS, 2)
    query = "select count(*), count(distinct sales_order_number), min(_load), max(_load) from sales"
    with engine.connect() as connection:
        serial = found["serial"]
        assert connection.execute(text(query)).one() == (ROWS, ROWS, serial, serial)
    assert states(engine) == {"loaded": 1}
