"""Files with the same keys loaded at the same time end as if they had been loaded one after the other."""

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
    """What stands for a row in these files; all other values follow from the key."""

    key: int
    price: int


class Kept(NamedTuple):
    """A row of the table: its price, the path of the file that it is of, and its line there."""

    price: int
    path: str
    line: int


def made(number: int) -> list[Line]:
    """A file whose keys are those of the others in an order of its own, some of them twice.

    A tenth of the keys has the same price in all files, so that their rows are unchanged by the later ones.
    """
    dice = random.Random(number)  # noqa: S311 - a sample
    keys = [*dice.sample(range(KEYS), ROWS), *dice.choices(range(KEYS), k=ROWS // 20)]
    return [Line(key, 1000 if key % 10 == 0 else number) for key in keys]


BEFORE = "sales/before.csv"
PRESENT = [Line(key, 1 + key % FILES) for key in range(0, KEYS, 2)]
"""Rows that each of the files would change, but for an eighth that it leaves as they are."""


def one_after_the_other(
    files: dict[str, list[Line]], order: Iterable[str]
) -> tuple[dict[int, Kept], dict[str, Counts]]:
    """What table and counts would be, had the files been loaded in this order."""
    present: dict[int, Kept] = {}
    counts: dict[str, Counts] = {}
    for path in order:
        latest = {one.key: Kept(one.price, path, line) for line, one in enumerate(files[path], 2)}
        common = latest.keys() & present.keys()
        same = {key for key in common if latest[key].price == present[key].price}
        counts[path] = Counts(
            read=len(files[path]),
            inserted=len(latest) - len(common),
            updated=len(common) - len(same),
            unchanged=len(same),
            duplicate=len(files[path]) - len(latest),
        )
        present |= {key: kept for key, kept in latest.items() if key not in same}
    return present, counts


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([], id="into an empty table"),
        pytest.param(PRESENT, id="over rows present"),
    ],
)
def test_eight_overlapping_files_at_once_end_as_one_of_the_serial_outcomes(
    before: list[Line],
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    database_url: str,
    storage: str,
) -> None:
    files = {f"sales/{number}.csv": made(number) for number in range(1, FILES + 1)}
    for path, lines in {BEFORE: before, **files}.items():
        container.upload_blob(path, csv(*(row(one.key, price=str(one.price)) for one in lines)))
    loader.load(BEFORE)
    all_there = threading.Barrier(FILES)

    def load(path: str, loader: BlobLoader) -> State | None:
        all_there.wait(30)
        return loader.load(path).state

    name = str(container.container_name)
    impatient = f"{database_url}?options=-cdeadlock_timeout%3D50ms"
    with workers(FILES, impatient, storage, name) as eight, ThreadPoolExecutor(FILES) as pool:
        outcomes = list(pool.map(load, files, eight))

    assert outcomes == [State.LOADED] * FILES
    entries = {path: entry(engine, path) for path in [BEFORE, *files]}
    # Any two of these files share keys, so the later of two waited for the commit of the earlier.
    order = sorted(entries, key=lambda path: entries[path]["finished_at"])
    expected, counts = one_after_the_other({BEFORE: before, **files}, order)
    assert loaded(engine, entries) == expected
    assert {path: counted(found) for path, found in entries.items()} == counts


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([Line(1, 9), Line(2, 9)], [Line(0, 5), Line(1, 0), Line(2, 5)]),
        ([Line(3, 9)], [Line(0, 5), Line(3, 9)]),
    ],
    ids=["one leaves a row alone that the other changes", "both bring the same new row"],
)
def test_a_load_that_meets_another_before_its_commit_comes_after_it(
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
        if "UPDATE ingest.ingestions" in statement and "sha256" in statement:  # all but the commit is done
            gate.go_through()

    name = str(container.container_name)
    with ThreadPoolExecutor(2) as pool, Gate() as gate, worker(database_url, storage, name) as other:
        event.listen(engine, "before_cursor_execute", hold)
        loads = [pool.submit(loader.load, "sales/1.csv")]
        gate.wait()
        loads.append(pool.submit(other.load, "sales/2.csv"))
        assert wait_until(lambda: waiting(engine), 30)
        gate.open()
        assert [load.result().state for load in loads] == [State.LOADED] * 2

    entries = {path: entry(engine, path) for path in files}
    expected, counts = one_after_the_other(files, files)
    assert loaded(engine, entries) == expected
    assert {path: counted(found) for path, found in entries.items()} == counts


def waiting(engine: Engine) -> int:
    """How many transactions of this database wait for another."""
    query = (
        "select count(*) from pg_stat_activity "
        "where wait_event_type = 'Lock' and datname = current_database()"
    )
    with engine.connect() as connection:
        return int(connection.scalar(text(query)) or 0)


def loaded(engine: Engine, entries: dict[str, dict[str, Any]]) -> dict[int, Kept]:
    path_of = {found["serial"]: path for path, found in entries.items()}
    return {
        int(one["sales_order_number"].removeprefix("SO")): Kept(
            int(one["unit_price"]), path_of[one["_load"]], one["_line"]
        )
        for one in table(engine)
    }


def counted(found: dict[str, Any]) -> Counts:
    return Counts(
        **{
            name: found[f"rows_{name}"]
            for name in ("read", "inserted", "updated", "unchanged", "duplicate", "rejected")
        }
    )
