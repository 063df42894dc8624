"""Concurrent loads of files with the same keys have the result of loading them one after the other."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, event, text

from dev.process import wait_until
from shared.ledger.tables import Counts, State
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.barriers import Gate
from tests.fixtures.samples import csv, row
from tests.fixtures.workers import worker, workers
from tests.integration.assertions import entry, table

FILES = 8
KEYS = 3000
ROWS = 2000


class Line(NamedTuple):
    """A row of these files; all other values are derived from the key."""

    key: int
    price: int


class TableRow(NamedTuple):
    """A row of the table: its price, and the path and line of the file that it is from."""

    price: int
    path: str
    line: int


def lines_of_file(number: int) -> list[Line]:
    """A file with keys that other files have too, in random order, some of them twice.

    A tenth of the keys has the same price in all files, so that later files leave their rows unchanged.
    """
    dice = random.Random(number)  # noqa: S311 - a sample
    keys = [*dice.sample(range(KEYS), ROWS), *dice.choices(range(KEYS), k=ROWS // 20)]
    return [Line(key, 1000 if key % 10 == 0 else number) for key in keys]


BEFORE = "sales/before.csv"
EXISTING = [Line(key, 1 + key % FILES) for key in range(0, KEYS, 2)]
"""Rows that each of the files changes, except an eighth that it leaves unchanged."""


def serial_result(
    files: dict[str, list[Line]], order: Iterable[str]
) -> tuple[dict[int, TableRow], dict[str, Counts]]:
    """The table and the counts after loading the files one by one in this order."""
    existing: dict[int, TableRow] = {}
    counts: dict[str, Counts] = {}
    for path in order:
        latest = {one.key: TableRow(one.price, path, line) for line, one in enumerate(files[path], 2)}
        common = latest.keys() & existing.keys()
        same = {key for key in common if latest[key].price == existing[key].price}
        counts[path] = Counts(
            read=len(files[path]),
            inserted=len(latest) - len(common),
            updated=len(common) - len(same),
            unchanged=len(same),
            duplicate=len(files[path]) - len(latest),
        )
        existing |= {key: row for key, row in latest.items() if key not in same}
    return existing, counts


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([], id="into an empty table"),
        pytest.param(EXISTING, id="over existing rows"),
    ],
)
def test_eight_concurrent_files_with_the_same_keys_have_a_serial_result(
    before: list[Line],
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    database_url: str,
    storage: str,
) -> None:
    files = {f"sales/{number}.csv": lines_of_file(number) for number in range(1, FILES + 1)}
    for path, lines in {BEFORE: before, **files}.items():
        container.upload_blob(path, csv(*(row(one.key, price=str(one.price)) for one in lines)))
    loader.load(BEFORE)
    barrier = threading.Barrier(FILES)

    def load(path: str, loader: BlobLoader) -> State | None:
        barrier.wait(30)
        return loader.load(path).state

    name = str(container.container_name)
    impatient = f"{database_url}?options=-cdeadlock_timeout%3D50ms"
    with workers(FILES, impatient, storage, name) as eight, ThreadPoolExecutor(FILES) as pool:
        outcomes = list(pool.map(load, files, eight))

    assert outcomes == [State.LOADED] * FILES
    entries = {path: entry(engine, path) for path in [BEFORE, *files]}
    # Any two of these files share keys, so the later of two waited for the commit of the earlier.
    order = sorted(entries, key=lambda path: entries[path]["finished_at"])
    expected, counts = serial_result({BEFORE: before, **files}, order)
    assert rows_of_table(engine, entries) == expected
    assert {path: counts_of(found) for path, found in entries.items()} == counts


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([Line(1, 9), Line(2, 9)], [Line(0, 5), Line(1, 0), Line(2, 5)]),
        ([Line(3, 9)], [Line(0, 5), Line(3, 9)]),
    ],
    ids=["one leaves a row unchanged that the other changes", "both have the same new row"],
)
def test_a_load_that_finds_another_one_before_its_commit_comes_after_it(
    first: list[Line],
    second: list[Line],
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    database_url: str,
    storage: str,
) -> None:
    files = {BEFORE: [Line(key, 0) for key in range(3)], "sales/1.csv": first, "sales/2.csv": second}
    for path, lines in files.items():
        container.upload_blob(path, csv(*(row(one.key, price=str(one.price)) for one in lines)))
    loader.load(BEFORE)

    def hold(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "UPDATE ingest.ingestions" in statement and "sha256" in statement:  # only the commit is left
            gate.go_through()

    name = str(container.container_name)
    with ThreadPoolExecutor(2) as pool, Gate() as gate, worker(database_url, storage, name) as other:
        event.listen(engine, "before_cursor_execute", hold)
        loads = [pool.submit(loader.load, "sales/1.csv")]
        gate.wait()
        loads.append(pool.submit(other.load, "sales/2.csv"))
        assert wait_until(lambda: count_waiting(engine), 30)
        gate.open()
        assert [load.result().state for load in loads] == [State.LOADED] * 2

    entries = {path: entry(engine, path) for path in files}
    expected, counts = serial_result(files, files)
    assert rows_of_table(engine, entries) == expected
    assert {path: counts_of(found) for path, found in entries.items()} == counts


def count_waiting(engine: Engine) -> int:
    """The number of transactions in this database that wait for another one."""
    query = (
        "select count(*) from pg_stat_activity "
        "where wait_event_type = 'Lock' and datname = current_database()"
    )
    with engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


def rows_of_table(engine: Engine, entries: dict[str, dict[str, Any]]) -> dict[int, TableRow]:
    path_of = {found["serial"]: path for path, found in entries.items()}
    return {
        int(one["sales_order_number"].removeprefix("SO")): TableRow(
            int(one["unit_price"]), path_of[one["_load"]], one["_line"]
        )
        for one in table(engine)
    }


def counts_of(found: dict[str, Any]) -> Counts:
    return Counts(
        **{
            name: found[f"rows_{name}"]
            for name in ("read", "inserted", "updated", "unchanged", "duplicate", "rejected")
        }
    )
