"""The table and its first chunk can be read while a load is in its transaction, at any of its stages."""

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
    select distinct case when query ilike 'copy%' then 'copy' when query like '%string_agg%' then 'look' end
    from pg_stat_activity
    where datname = current_database() and state = 'active' and pid <> pg_backend_pid()
"""


class Look(NamedTuple):
    """What somebody saw who read beside the load, and in how many seconds.

    `stages` are what the load did then; `table` are count, lowest and highest price, `prices` those of the
    first chunk.
    """

    stages: set[str | None]
    table: tuple[int, int, int]
    prices: set[int]
    seconds: float


def test_reading_goes_on_beside_a_load_and_sees_all_of_it_or_nothing(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    present, added = 140_000, 60_000
    container.upload_blob("sales/old.csv", orders(1, present))
    new = [row(number, price="1") for number in [*range(-added, 0), *range(1, present + 1)]]
    container.upload_blob("sales/new.csv", csv(*new))
    loader.load("sales/old.csv")
    before, after = (present, 3399, 3399), (present + added, 1, 1)

    seen: list[Look] = []
    with ThreadPoolExecutor(1) as pool, engine.connect() as reader:
        reader.execute(text("set lock_timeout = '50ms'"))  # a reader that waits for a lock fails
        reader.commit()
        load = pool.submit(loader.load, "sales/new.csv")
        while not load.done():
            seen.append(look(engine, reader))
        assert load.result().state is State.LOADED

    assert [one.table for one in seen] == sorted(one.table for one in seen)
    assert {one.table for one in seen} <= {before, after}
    assert {"copy", "look"} <= set().union(*(one.stages for one in seen if one.table == before))
    assert all(len(one.prices) == 1 for one in seen)
    assert max(one.seconds for one in seen) < 1


def look(engine: Engine, reader: Connection) -> Look:
    begun = time.monotonic()
    totals = "select count(*), trunc(min(unit_price)), trunc(max(unit_price)) from sales"
    count, lowest, highest = reader.execute(text(totals)).one()
    chunk = json.loads(first_rows.first_chunk(engine, Sales, 10))
    seconds = time.monotonic() - begun
    stages = set(reader.scalars(text(STAGES)))
    reader.rollback()
    prices = {int(one["unit_price"]) for one in chunk}
    return Look(stages, (count, int(lowest), int(highest)), prices, seconds)
