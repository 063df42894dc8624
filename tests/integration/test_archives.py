"""Zip archives: each file is an ingestion of its own, loaded once; that of the archive adds them up."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.decoding.zip_archive import Archive
from shared.errors import Unavailable, Unexpected
from shared.http.ingestion_models import Ingestion
from shared.ledger.tables import State
from shared.loading.file_loader import FileLoader
from shared.queries.ingestions import find_ingestion
from shared.storage import blobs
from shared.storage.blob_version import BlobVersion
from shared.use_cases import give_up_load
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import csv, orders, row
from tests.integration.assertions import table
from tests.integration.test_sweep import run_sweep

PATH = "sales/a.zip"


def zipped(**contents: bytes) -> bytes:
    """Return an archive with a file `name.csv` for each `name`."""
    return archive(*((f"{name}.csv", content) for name, content in contents.items()))


def archive(*contents: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in contents:
            # with a fixed date, so that equal contents are equal bytes
            target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def entries(engine: Engine, path: str = PATH) -> dict[str, dict[str, Any]]:
    """Return the newest entry of each member, by its name; the name of the archive is ''."""
    query = text("select * from ingest.ingestions where path = :path order by serial")
    with engine.connect() as connection:
        return {
            found["member"]: dict(found) for found in connection.execute(query, {"path": path}).mappings()
        }


def states(engine: Engine, path: str = PATH) -> dict[str, str]:
    return {member: entry["state"] for member, entry in entries(engine, path).items()}


def error(engine: Engine, member: str) -> Any:
    return entries(engine)[member]["error"]


def encrypted(content: bytes) -> bytes:
    """Return the archive `content` with its first file marked as encrypted."""
    flags = bytearray(content)
    flags[6] |= 1
    flags[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(flags)


def test_each_file_in_an_archive_is_an_ingestion_and_the_archive_adds_them_up(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    contents = {f"part {number}.csv": orders(1 + 10 * number, 10) for number in range(12)}
    more = [("notes.txt", b"?"), ("__MACOSX/._a.csv", b"?"), ("folder/", b"")]
    container.upload_blob(PATH, archive(*contents.items(), *more))

    outcome = loader.load(PATH)

    found = entries(engine)
    whole = found.pop("")
    assert (outcome.state, outcome.counts and outcome.counts.inserted) == (State.LOADED, 120)
    assert {entry["state"] for entry in found.values()} == {"loaded"}
    assert list(found) == list(contents)
    assert all(entry["filename"] == member for member, entry in found.items())
    assert all(entry["size"] == len(contents[member]) for member, entry in found.items())
    assert (whole["rows_read"], whole["rows_inserted"], whole["attempts"]) == (120, 120, 1)
    assert whole["format"] == {
        "compression": "zip",
        "members": 12,
        "skipped": [
            {"member": "notes.txt", "why": "not_csv"},
            {"member": "__MACOSX/._a.csv", "why": "hidden"},
            {"member": "folder", "why": "directory"},
        ],
        "skipped_in_all": 3,
    }
    assert len(table(engine)) == 120


def test_the_id_of_a_member_follows_from_the_archive_and_each_status_links_the_other(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob(PATH, zipped(a=orders(1, 2), b=orders(3, 1)))
    version = blobs.describe(container, PATH).version

    loader.load(PATH)

    whole, member = (
        Ingestion.from_view(find_ingestion(engine, blob.ingestion_id)).as_json()
        for blob in (version, version.of_member("b.csv"))
    )
    assert [(entry["member"], entry["state"], entry["counts"]["inserted"]) for entry in whole["members"]] == [
        ("a.csv", "loaded", 2),
        ("b.csv", "loaded", 1),
    ]
    assert whole["members"][1]["id"] == member["id"]
    assert (member["archive"], member["member"]) == (whole["id"], "b.csv")
    assert "archive" not in whole
    assert "members" not in member


def test_the_content_decides_whether_a_file_is_an_archive(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/zipped.csv", zipped(a=orders(1, 2)))
    container.upload_blob("sales/plain.zip", orders(3, 2))
    container.upload_blob("sales/zipped.doc", zipped(a=orders(5, 2)))

    outcomes = [loader.load(f"sales/{name}").state for name in ("zipped.csv", "plain.zip", "zipped.doc")]

    assert outcomes == [State.LOADED, State.LOADED, State.REFUSED]
    assert states(engine, "sales/zipped.csv") == {"": "loaded", "a.csv": "loaded"}
    assert states(engine, "sales/plain.zip") == {"": "loaded"}
    assert entries(engine, "sales/zipped.doc")[""]["error"]["code"] == "unsupported_extension"


def test_a_refused_file_does_not_stop_the_others(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob(PATH, zipped(a=b"Name\nx\n", b=orders(1, 3)))

    assert loader.load(PATH).state is State.LOADED

    assert states(engine) == {"": "loaded", "a.csv": "refused", "b.csv": "loaded"}
    assert entries(engine)[""]["rows_read"] == 3
    assert error(engine, "a.csv")["code"] == "header_mismatch"


def test_an_archive_is_refused_if_all_its_files_are(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob(PATH, zipped(a=b"Name\nx\n", b=b""))

    assert loader.load(PATH).state is State.REFUSED

    refusal = error(engine, "")
    assert refusal["code"] == "members_refused"
    assert [(member["member"], member["code"]) for member in refusal["members"]] == [
        ("a.csv", "header_mismatch"),
        ("b.csv", "empty"),
    ]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda _: encrypted(zipped(a=orders(1, 9), b=orders(20, 3))), "member_encrypted"),
        (lambda _: zipped(a=zipped(c=orders(1, 9)), b=orders(20, 3)), "zip_archive"),
        (lambda good: good.replace(good[60:70], b"\0" * 10, 1), "compression_corrupt"),
        (lambda _: zipped(a=b"a\n" * 25_000_000, b=orders(20, 3) + b"x" * 400_000), "expands_too_far"),
    ],
    ids=["encrypted", "an archive", "corrupt", "a bomb"],
)
def test_a_file_that_cannot_be_extracted_is_refused_and_the_others_are_loaded(
    spoil: Callable[[bytes], bytes],
    code: str,
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if code == "expands_too_far":  # skip the check of the whole archive, to get to that of the file
        monkeypatch.setattr(Archive, "_check", lambda _: None)
    container.upload_blob(PATH, spoil(zipped(a=orders(1, 9), b=orders(20, 3))))

    loader.load(PATH)

    assert (states(engine)["a.csv"], error(engine, "a.csv")["code"]) == ("refused", code)
    if code != "expands_too_far":
        assert states(engine) == {"": "loaded", "a.csv": "refused", "b.csv": "loaded"}
        assert len(table(engine)) == 3


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (archive(("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook/>")), "not_csv"),
        (archive(("a.png", b"?"), ("inner.zip", zipped(a=orders(1, 1)))), "no_member"),
        (zipped(a=orders(1, 9))[:-10], "compression_corrupt"),
        (zipped(a=b"a\n" * 25_000_000), "expands_too_far"),
    ],
    ids=["a workbook", "nothing to load", "truncated", "a bomb"],
)
def test_an_archive_that_cannot_be_loaded_is_refused(
    content: bytes, code: str, loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob(PATH, content)

    assert loader.load(PATH).state is State.REFUSED

    assert (states(engine), error(engine, "")["code"]) == ({"": "refused"}, code)


def test_two_files_with_the_same_bytes_are_loaded_once(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob(PATH, zipped(a=orders(1, 3), b=orders(1, 3)))

    loader.load(PATH)

    found = entries(engine)
    assert states(engine) == {"": "loaded", "a.csv": "loaded", "b.csv": "duplicate"}
    assert found["b.csv"]["duplicate_of"] == found["a.csv"]["id"]
    assert (found[""]["rows_read"], len(table(engine))) == (3, 3)


def test_the_same_archive_under_another_name_is_a_duplicate(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    for path in (PATH, "sales/b.zip"):
        container.upload_blob(path, zipped(a=orders(1, 3), b=b"Name\nx\n"))
        loader.load(path)

    assert states(engine, "sales/b.zip") == {"": "duplicate", "a.csv": "duplicate", "b.csv": "refused"}
    assert entries(engine, "sales/b.zip")[""]["duplicate_of"] == entries(engine)[""]["id"]


def test_a_redelivery_after_a_crash_continues_with_the_next_file(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.upload_blob(PATH, zipped(a=orders(1, 3), b=orders(11, 3), c=orders(21, 3)))
    run = FileLoader.run
    started: list[FileLoader] = []

    def fail_at_the_second(load: FileLoader, *arguments: Any) -> None:
        started.append(load)
        if len(started) == 2:
            raise KeyboardInterrupt  # nothing is recorded, as after a kill of the process
        run(load, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(FileLoader, "run", fail_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            loader.load(PATH)
    assert states(engine) == {"": "loading", "a.csv": "loaded", "b.csv": "loading"}

    assert loader.load(PATH).state is State.LOADED

    found = entries(engine)
    assert {member: entry["attempts"] for member, entry in found.items()} == {
        "": 2, "a.csv": 1, "b.csv": 2, "c.csv": 1,
    }  # fmt: skip
    assert (found[""]["rows_read"], len(table(engine))) == (9, 9)
    assert loader.load(PATH).state is State.LOADED
    assert entries(engine)[""]["attempts"] == 2


def fail_for(number: int, exc: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the load of the file that begins with order `number` fail."""
    write = FileLoader.finish

    def finish_or_fail(load: FileLoader, reading: Any) -> Any:
        if reading.size == len(orders(number, number)):
            raise exc
        return write(load, reading)

    monkeypatch.setattr(FileLoader, "finish", finish_or_fail)


def test_an_unexpected_error_in_one_file_does_not_stop_the_others(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.upload_blob(PATH, zipped(a=orders(2, 2), b=orders(10, 3)))

    with monkeypatch.context() as patch:
        fail_for(2, ZeroDivisionError(), patch)
        with pytest.raises(Unexpected):
            loader.load(PATH)
        assert states(engine) == {"": "received", "a.csv": "received", "b.csv": "loaded"}
        for _ in range(4):
            with pytest.raises(Unexpected):
                loader.load(PATH)
        assert loader.load(PATH).state is State.FAILED  # after the last attempt

    assert states(engine) == {"": "failed", "a.csv": "failed", "b.csv": "loaded"}
    assert "ZeroDivisionError" in error(engine, "a.csv")["detail"]


def test_an_outage_stops_the_archive_and_the_next_attempt_continues(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    container.upload_blob(PATH, zipped(a=orders(2, 2), b=orders(10, 3)))

    with monkeypatch.context() as patch:
        fail_for(2, Unavailable("postgres", "just now"), patch)
        with pytest.raises(Unavailable):
            loader.load(PATH)

    assert states(engine) == {"": "received", "a.csv": "received"}
    assert error(engine, "")["transient"] is True
    assert loader.load(PATH).state is State.LOADED
    assert len(table(engine)) == 5


def test_a_check_constraint_of_the_table_fails_only_its_file(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("alter table sales add constraint few check (quantity < 5)"))
    container.upload_blob(PATH, zipped(a=csv(row(1, quantity="9")), b=orders(10, 3)))

    assert loader.load(PATH).state is State.FAILED

    assert states(engine) == {"": "failed", "a.csv": "failed", "b.csv": "loaded"}
    assert [member["member"] for member in error(engine, "")["members"]] == ["a.csv"]
    with engine.begin() as connection:
        connection.execute(text("alter table sales drop constraint few"))
    assert loader.load(PATH).state is State.LOADED
    assert states(engine) == {"": "loaded", "a.csv": "loaded", "b.csv": "loaded"}


def test_an_archive_that_is_replaced_during_its_load_is_superseded_with_its_files(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = "".join(row(number, price=str(number * 7919 % 100_003)) for number in range(1, 40_000)).encode()
    container.upload_blob(PATH, archive(("a.csv", orders(1, 3)), ("x.txt", noise), ("b.csv", orders(9, 3))))
    old = blobs.describe(container, PATH).version
    read = blobs.read_range

    def replace_then_read(at: ContainerClient, version: BlobVersion, *rest: int) -> bytes:
        found = read(at, version, *rest)
        if blobs.describe(container, PATH).version == old:
            container.upload_blob(PATH, zipped(z=orders(50, 1)), overwrite=True)
        return found

    with monkeypatch.context() as patch:
        patch.setattr("shared.decoding.zip_archive._BLOCK", 1000)
        patch.setattr(blobs, "read_range", replace_then_read)
        assert loader.load(PATH).state is State.SUPERSEDED
    assert set(states(engine).values()) == {"superseded"}

    assert loader.load(PATH).state is State.LOADED
    assert [loaded["sales_order_number"] for loaded in table(engine)] == ["SO50"]


def load_half(loader: BlobLoader, container: ContainerClient, engine: Engine) -> None:
    """Leave an archive as if the process had died while it loaded the second file."""
    container.upload_blob(PATH, zipped(a=orders(1, 3), b=orders(11, 3)))
    loader.load(PATH)
    with engine.begin() as connection:
        connection.execute(text("delete from sales where sales_order_number >= 'SO11'"))
        connection.execute(
            text("update ingest.ingestions set state = 'loading' where member in ('', 'b.csv')")
        )


def test_the_sweep_finishes_an_archive_once(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    load_half(loader, container, engine)

    assert run_sweep(engine, container, loader) == 1
    assert states(engine) == {"": "loaded", "a.csv": "loaded", "b.csv": "loaded"}
    assert run_sweep(engine, container, loader) == 0


def test_the_sweep_supersedes_pending_files_of_an_archive_that_was_deleted_or_replaced(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    load_half(loader, container, engine)
    container.upload_blob(PATH, zipped(c=orders(21, 1)), overwrite=True)
    assert run_sweep(engine, container, loader) == 1
    assert entries(engine)["b.csv"]["state"] == "superseded"
    assert entries(engine)["c.csv"]["state"] == "loaded"

    with engine.begin() as connection:
        connection.execute(text("update ingest.ingestions set state = 'received' where member = 'c.csv'"))
    container.delete_blob(PATH)
    assert run_sweep(engine, container, loader) == 0
    assert entries(engine)["c.csv"]["state"] == "superseded"


def test_giving_up_an_archive_fails_its_pending_files(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    load_half(loader, container, engine)
    with engine.begin() as connection:
        connection.execute(text("update ingest.ingestions set attempts = 5"))

    version = blobs.describe(container, PATH).version
    assert give_up_load.give_up(engine, version) is State.FAILED

    assert states(engine) == {"": "failed", "a.csv": "loaded", "b.csv": "failed"}
    assert error(engine, "b.csv")["code"] == "worker_died"


def test_a_second_delivery_does_not_load_an_archive_that_is_being_loaded(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.use_cases.load_blob._WAIT_FOR_LOCK_SECONDS", 0.2)
    container.upload_blob(PATH, zipped(a=orders(1, 3)))
    run = FileLoader.run
    others: list[State | None] = []

    def run_with_second_delivery(load: FileLoader, *arguments: Any) -> None:
        others.append(loader.load(PATH).state)
        run(load, *arguments)

    monkeypatch.setattr(FileLoader, "run", run_with_second_delivery)

    assert loader.load(PATH).state is State.LOADED
    assert others == [None]
    assert entries(engine)[""]["attempts"] == 1
