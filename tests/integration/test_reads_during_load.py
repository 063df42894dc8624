"""The table and its first chunk can be read during all stages of a load."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from azure.storage.blob import ContainerClient
from sqlalchemy import Connection, Engine, text

from shared.contracts.sales import Sales
from shared.ledger.tables import State
from shared.queries import first_rows
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import csv, orders, row

STAGES = """
    select distinct case when query ilike 'copy%' then 'copy' when query like '%string_agg%' then 'lookup' end
    from pg_stat_activity
    where datname = current_database() and state = 'active' and pid <> pg_backend_pid()
"""


class Observation(NamedTuple):
    """The result of reading during the load, and the seconds it took.

    `stages` are those of the load at that time; `table` is the count, lowest and highest price, `prices` are
    those of the first chunk.
    """

    stages: set[str | None]
    table: tuple[int, int, int]
    prices: set[int]
    seconds: float


def test_a_reader_is_not_blocked_by_a_load_and_sees_all_of_it_or_nothing(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    existing, added = 140_000, 60_000
    container.upload_blob("sales/old.csv", orders(1, existing))
    new = [row(number, price="1") for number in [*range(-added, 0), *range(1, existing + 1)]]
    container.upload_blob("sales/new.csv", csv(*new))
    loader.load("sales/old.csv")
    before, after = (existing, 3399, 3399), (existing + added, 1, 1)

    observations: list[Observation] = []
    with ThreadPoolExecutor(1) as pool, engine.connect() as reader:
        reader.execute(text("set lock_timeout = '50ms'"))  # a reader that waits for a lock fails
        reader.commit()
        load = pool.submit(loader.load, "sales/new.csv")
        while not load.done():
            observations.append(observe(engine, reader))
        assert load.result().state is State.LOADED

    assert [one.table for one in observations] == sorted(one.table for one in observations)
    assert {one.table for one in observations} <= {before, after}
    assert {"copy", "lookup"} <= set().union(*(one.stages for one in observations if one.table == before))
    assert all(len(one.prices) == 1 for one in observations)
    assert max(one.seconds for one in observations) < 1


def observe(engine: Engine, reader: Connection) -> Observation:
    begun = time.monotonic()
    totals = "select count(*), trunc(min(unit_price)), trunc(max(unit_price)) from sales"
    count, lowest, highest = reader.execute(text(totals)).one()
    chunk = json.loads(first_rows.first_chunk(engine, Sales, 10))
    seconds = time.monotonic() - begun
    stages = set(reader.scalars(text(STAGES)))
    reader.rollback()
    prices = {int(one["unit_price"]) for one in chunk}
    return Observation(stages, (count, int(lowest), int(highest)), prices, seconds)
