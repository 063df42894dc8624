"""Storing uploads: all or nothing, the same bytes once, whatever the names are."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

import pytest
from azure.core.exceptions import ResourceModifiedError, ServiceRequestError
from azure.storage.blob import BlobServiceClient, ContainerClient

from shared import faults
from shared.errors import InvalidRequest, Superseded, Unavailable
from shared.storage import uploads
from shared.storage.told import Told
from shared.use_cases import uploading
from shared.use_cases.uploading import Destination, File
from tests.fixtures.samples import orders


@pytest.fixture
def missing(storage: str) -> Iterator[ContainerClient]:
    """A container that nobody has made."""
    with BlobServiceClient.from_connection_string(storage) as account:
        yield account.get_container_client(f"missing-{uuid.uuid4().hex}")


def test_the_same_file_again_is_the_same_version(container: ContainerClient) -> None:
    file = File("a.csv", orders(1, 3))

    first, second, third = uploading.store(
        container, Destination("sales"), [file, file, File("b.csv", file.content)]
    )

    assert first == second
    assert third.version.ingestion_id != first.version.ingestion_id
    assert len(list(container.list_blob_names())) == 2


def test_nothing_is_stored_if_one_file_has_a_fault(container: ContainerClient) -> None:
    with pytest.raises(InvalidRequest) as caught:
        uploading.store(
            container, Destination("sales"), [File("a.csv", b"a"), File("", b"a"), File("b.xls", b"")]
        )

    assert [fault["file"] for fault in caught.value.faults] == ["", "b.xls", "b.xls"]
    assert list(container.list_blob_names()) == []


def test_the_first_upload_makes_the_container(missing: ContainerClient) -> None:
    (upload,) = uploading.store(missing, Destination("sales"), [File("a.csv", b"a")])

    assert upload.size == 1
    missing.delete_container()


def test_reading_from_a_container_that_is_missing_may_pass(missing: ContainerClient) -> None:
    with pytest.raises(Unavailable, match="container"), faults.translated():
        uploads.find(missing, "sales/a.csv")


def test_a_listing_and_a_look_agree_on_a_blob(container: ContainerClient) -> None:
    (stored,) = uploading.store(
        container, Destination("sales"), [File("\u00e9t\u00e9 \U0001f600.csv", orders(1, 3))]
    )

    (listed,) = uploads.every(container)

    assert listed.version.ingestion_id == stored.version.ingestion_id
    assert (listed.filename, listed.size) == (stored.filename, stored.size)
    assert b"".join(uploads.chunks(container, listed.version)) == orders(1, 3)


def test_a_blob_that_was_edited_in_place_is_not_taken_for_the_file_sent_again(
    container: ContainerClient,
) -> None:
    file = File("a.csv", orders(1, 3))
    (first,) = uploading.store(container, Destination("sales"), [file])
    blob = container.get_blob_client(first.version.path)
    metadata = blob.get_blob_properties().metadata
    blob.upload_blob(file.content.replace(b"Zhu", b"Hzu"), overwrite=True, metadata=metadata)

    (second,) = uploading.store(container, Destination("sales"), [file])

    assert second.version.path != first.version.path
    assert b"".join(uploads.chunks(container, second.version)) == file.content
    assert uploading.store(container, Destination("sales"), [file]) == [second]


def test_a_file_name_with_a_nul_can_be_kept_in_a_database(container: ContainerClient) -> None:
    (stored,) = uploading.store(container, Destination("sales"), [File("a\0b.csv", b"a")])

    assert stored.filename == r"a\x00b.csv"


def test_a_storage_failure_in_the_middle_says_of_each_file_what_is_known(
    container: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = uploads.put

    def fail_at_b(
        to: ContainerClient, paths: Sequence[str], content: bytes, filename: str, told: Told
    ) -> uploads.Upload:
        if filename == "b.csv":
            raise ServiceRequestError("just now")
        return put(to, paths, content, filename, told)

    files = [File(f"{name}.csv", name.encode()) for name in "abcd"]
    with monkeypatch.context() as broken:
        broken.setattr(uploads, "put", fail_at_b)
        with pytest.raises(Unavailable, match="again") as caught:
            uploading.store(container, Destination("sales"), files)

    assert [(fault["file"], fault["detail"]) for fault in caught.value.faults] == [
        ("a.csv", "It is stored."),
        ("b.csv", "It may be stored."),
        ("c.csv", "It is not stored."),
        ("d.csv", "It is not stored."),
    ]
    assert len(list(container.list_blob_names())) == 1
    assert len(uploading.store(container, Destination("sales"), files)) == 4
    assert len(list(container.list_blob_names())) == 4


def test_only_the_version_asked_for_is_read(container: ContainerClient) -> None:
    container.upload_blob("a.csv", b"old")
    old = uploads.describe(container, "a.csv").version
    container.upload_blob("a.csv", b"new", overwrite=True)

    with pytest.raises(ResourceModifiedError):
        list(uploads.chunks(container, old))
    with pytest.raises(Superseded), faults.translated():
        list(uploads.chunks(container, old))
    container.delete_blob("a.csv")
    with pytest.raises(Superseded), faults.translated():
        list(uploads.chunks(container, old))
    assert uploads.find(container, "a.csv") is None
