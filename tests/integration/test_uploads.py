"""Storing uploads: all or nothing, the same bytes once, whatever the names are."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from azure.core.exceptions import ResourceModifiedError
from azure.storage.blob import BlobServiceClient, ContainerClient

from shared import faults, uploading
from shared.errors import InvalidRequest, Superseded, Unavailable
from shared.storage import uploads
from shared.uploading import File
from tests.fixtures.samples import orders


@pytest.fixture
def missing(storage: str) -> Iterator[ContainerClient]:
    """A container that nobody has made."""
    with BlobServiceClient.from_connection_string(storage) as account:
        yield account.get_container_client(f"missing-{uuid.uuid4().hex}")


def test_the_same_file_again_is_the_same_version(container: ContainerClient) -> None:
    file = File("a.csv", orders(1, 3))

    first, second, third = uploading.store(container, "sales", [file, file, File("b.csv", file.content)])

    assert first == second
    assert third.version.ingestion_id != first.version.ingestion_id
    assert len(list(container.list_blob_names())) == 2


def test_nothing_is_stored_if_one_file_has_a_fault(container: ContainerClient) -> None:
    with pytest.raises(InvalidRequest) as caught:
        uploading.store(container, "sales", [File("a.csv", b"a"), File("", b"a"), File("b.txt", b"")])

    assert [fault["file"] for fault in caught.value.faults] == ["", "b.txt", "b.txt"]
    assert list(container.list_blob_names()) == []


def test_the_first_upload_makes_the_container(missing: ContainerClient) -> None:
    (upload,) = uploading.store(missing, "sales", [File("a.csv", b"a")])

    assert upload.size == 1
    missing.delete_container()


def test_reading_from_a_container_that_is_missing_may_pass(missing: ContainerClient) -> None:
    with pytest.raises(Unavailable, match="container"), faults.translated():
        uploads.find(missing, "sales/a.csv")


def test_a_listing_and_a_look_agree_on_a_blob(container: ContainerClient) -> None:
    (stored,) = uploading.store(container, "sales", [File("\u00e9t\u00e9 \U0001f600.csv", orders(1, 3))])

    (listed,) = uploads.every(container)

    assert listed.version.ingestion_id == stored.version.ingestion_id
    assert (listed.filename, listed.sha256, listed.size) == (stored.filename, stored.sha256, stored.size)
    assert b"".join(uploads.chunks(container, listed.version)) == orders(1, 3)


def test_a_hash_in_foreign_metadata_is_not_believed(container: ContainerClient) -> None:
    container.upload_blob("sales/a.csv", b"a", metadata={"sha256": "0" * 64})

    assert uploads.describe(container, "sales/a.csv").sha256 is None


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
