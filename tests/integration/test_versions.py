"""Without a key, the table has the rows of the newest version of each blob, whichever load wrote them."""

from __future__ import annotations

import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from shared.ledger import versions
from shared.ledger.tables import State
from shared.loading.file_loader import FileLoader
from shared.use_cases.load_context import LoadOutcome
from tests.integration.assertions import entry
from tests.integration.keyless_dataset import Uploads, history, names

LOADED, DUPLICATE = State.LOADED, State.DUPLICATE


def test_rows_that_another_blob_still_has_remain(uploads: Uploads, engine: Engine) -> None:
    assert uploads.put("a", "x y toolong") is LOADED
    assert uploads.put("b", "x y toolong") is DUPLICATE

    assert uploads.put("a", "z") is LOADED

    assert names(engine) == "x y z"
    before, newest = history(engine, "a")
    new_owner = entry(engine, "keyless/b.csv")
    assert (before["state"], before["replaced_by"]) == ("loaded", newest["id"])
    assert (new_owner["state"], new_owner["duplicate_of"], new_owner["replaced_by"]) == ("loaded", None, None)
    same = ("size", "sha256", "head_sha256", "rows_read", "rows_inserted", "rows_rejected")
    assert [new_owner[name] for name in same] == [before[name] for name in same]
    with engine.connect() as connection:
        query = text("select line, raw from ingest.rejects where ingestion_id = :id")
        assert [tuple(one) for one in connection.execute(query, {"id": new_owner["id"]})] == [(4, "toolong")]


def test_a_new_version_that_is_a_duplicate_removes_the_rows_of_the_earlier_version(
    uploads: Uploads, engine: Engine
) -> None:
    uploads.put("a", "x")
    uploads.put("b", "y")

    assert uploads.put("a", "y") is DUPLICATE

    assert names(engine) == "y"
    before, newest = history(engine, "a")
    assert (before["replaced_by"], newest["duplicate_of"]) == (newest["id"], history(engine, "b")[0]["id"])
    assert uploads.put("c", "x") is LOADED  # its bytes may be loaded again
    assert names(engine) == "x y"


def test_a_version_with_the_same_bytes_is_a_duplicate_that_the_next_version_replaces(
    uploads: Uploads, engine: Engine
) -> None:
    assert [uploads.put("a", "x") for _ in range(3)] == [LOADED, DUPLICATE, DUPLICATE]
    first, second, third = history(engine, "a")
    assert names(engine) == "x"
    assert [one["replaced_by"] for one in (first, second, third)] == [None, third["id"], None]
    assert third["duplicate_of"] == first["id"]

    assert uploads.put("a", "y") is LOADED

    assert names(engine) == "y"
    first, second, third, newest = history(engine, "a")
    assert [one["replaced_by"] for one in (first, second, third)] == [newest["id"], third["id"], newest["id"]]


def test_rows_are_reassigned_to_duplicates_until_no_blob_has_them(uploads: Uploads, engine: Engine) -> None:
    assert [uploads.put(blob, "x y") for blob in "abc"] == [LOADED, DUPLICATE, DUPLICATE]

    assert uploads.put("a", "1") is LOADED
    b, c = entry(engine, "keyless/b.csv"), entry(engine, "keyless/c.csv")
    assert (b["state"], c["state"], c["duplicate_of"]) == ("loaded", "duplicate", b["id"])

    assert uploads.put("b", "1") is DUPLICATE
    c = entry(engine, "keyless/c.csv")
    assert (names(engine), c["state"], c["duplicate_of"]) == ("1 x y", "loaded", None)
    assert uploads.put("d", "x y") is DUPLICATE
    assert uploads.put("d", "2") is LOADED  # replacing a duplicate removes no rows
    assert names(engine) == "1 2 x y"

    assert uploads.put("c", "3") is LOADED
    assert names(engine) == "1 2 3"


def test_two_blobs_that_swap_their_contents_keep_the_rows_of_both(uploads: Uploads, engine: Engine) -> None:
    uploads.put("a", "x")
    uploads.put("b", "y")

    assert [uploads.put("a", "y"), uploads.put("b", "x")] == [DUPLICATE, LOADED]

    assert names(engine) == "x y"
    assert entry(engine, "keyless/a.csv")["state"] == "loaded"  # it took over the rows of the first b


def test_bytes_that_are_loaded_while_their_rows_are_removed_are_no_duplicate(
    uploads: Uploads, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads.put("a", "x")
    uploads.upload("a", "y")
    uploads.upload("b", "x")
    replace_earlier = versions.replace_earlier
    meanwhile: list[Future[LoadOutcome]] = []

    with ThreadPoolExecutor(1) as pool:

        def replace_while_another_load_waits(connection: Connection, *rest: Any) -> dict[int, int | None]:
            replaced = replace_earlier(connection, *rest)
            if not meanwhile:
                meanwhile.append(pool.submit(uploads.load, "b"))
                _wait_until_a_lock_is_awaited(engine)
            return replaced

        monkeypatch.setattr(versions, "replace_earlier", replace_while_another_load_waits)
        uploads.load("a")

    assert meanwhile[0].result().state is LOADED
    assert names(engine) == "x y"


def _wait_until_a_lock_is_awaited(engine: Engine) -> None:
    deadline = time.monotonic() + 20
    waiting = text("""
        select count(*) from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())""")
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            if connection.scalar(waiting):
                return
        time.sleep(0.02)
    raise AssertionError("no transaction waits for a lock")


def test_a_version_that_replaces_nothing_needs_one_statement_to_find_out(
    uploads: Uploads, engine: Engine
) -> None:
    statements: list[str] = []

    def record(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        found = re.search(
            r"set replaced_by|(update|delete from) (public\.)?keyless", statement, re.IGNORECASE
        )
        statements.extend([statement] if found else [])

    event.listen(engine, "before_cursor_execute", record)
    uploads.put("a", "x")
    assert len(statements) == 1
    uploads.put("a", "y")
    assert len(statements) == 3  # and the deletion of the rows


def test_a_late_duplicate_keeps_its_rows_if_the_other_load_is_replaced_before_its_commit(
    uploads: Uploads, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads.upload("a", "x")
    uploads.upload("b", "x")
    run, replace = FileLoader.run, versions.replace_earlier
    begun: dict[str, Future[LoadOutcome]] = {}

    def run_and_load_the_other(load: FileLoader, *arguments: Any) -> None:
        run(load, *arguments)
        if "other" not in begun:
            begun["other"] = pool.submit(uploads.load, "a")
            begun["other"].result(20)

    def replace_after_the_other(*arguments: Any) -> dict[int, int | None]:
        if arguments[-1] and "new" not in begun:
            uploads.upload("a", "z")
            begun["new"] = pool.submit(uploads.load, "a")
            with suppress(TimeoutError):
                begun["new"].result(1)
        return replace(*arguments)

    with ThreadPoolExecutor(2) as pool, monkeypatch.context() as patched:
        patched.setattr(FileLoader, "run", run_and_load_the_other)
        patched.setattr(versions, "replace_earlier", replace_after_the_other)
        uploads.load("b")
        begun["new"].result(20)

    assert names(engine) == "x z"
