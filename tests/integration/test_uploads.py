"""Storing uploads: all files or none, equal files once, and any file name."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

import pytest
from azure.core.exceptions import ResourceModifiedError, ServiceRequestError
from azure.storage.blob import BlobServiceClient, ContainerClient

from shared import driver_errors
from shared.errors import InvalidRequest, Superseded, Unavailable
from shared.storage import blobs
from shared.storage.upload_options import UploadOptions
from shared.use_cases import upload_files
from shared.use_cases.upload_files import Destination, UploadedFile
from tests.fixtures.samples import orders


@pytest.fixture
def missing(storage: str) -> Iterator[ContainerClient]:
    """A container that does not exist."""
    with BlobServiceClient.from_connection_string(storage) as account:
        yield account.get_container_client(f"missing-{uuid.uuid4().hex}")


def test_the_same_file_again_is_the_same_version(container: ContainerClient) -> None:
    file = UploadedFile("a.csv", orders(1, 3))

    first, second, third = upload_files.store_files(
        container, Destination("sales"), [file, file, UploadedFile("b.csv", file.content)]
    )

    assert first == second
    assert third.version.ingestion_id != first.version.ingestion_id
    assert len(list(container.list_blob_names())) == 2


def test_nothing_is_stored_if_one_file_has_a_fault(container: ContainerClient) -> None:
    with pytest.raises(InvalidRequest) as caught:
        upload_files.store_files(
            container,
            Destination("sales"),
            [UploadedFile("a.csv", b"a"), UploadedFile("", b"a"), UploadedFile("b.xls", b"")],
        )

    assert [fault["file"] for fault in caught.value.faults] == ["", "b.xls", "b.xls"]
    assert list(container.list_blob_names()) == []


def test_the_first_upload_creates_the_container(missing: ContainerClient) -> None:
    (upload,) = upload_files.store_files(missing, Destination("sales"), [UploadedFile("a.csv", b"a")])

    assert upload.size == 1
    missing.delete_container()


def test_a_missing_container_is_reported_as_unavailable(missing: ContainerClient) -> None:
    with pytest.raises(Unavailable, match="container"), driver_errors.translate_errors():
        blobs.find(missing, "sales/a.csv")


def test_a_listing_and_the_properties_of_a_blob_agree(container: ContainerClient) -> None:
    (stored,) = upload_files.store_files(
        container, Destination("sales"), [UploadedFile("\u00e9t\u00e9 \U0001f600.csv", orders(1, 3))]
    )

    (listed,) = blobs.list_blobs(container)

    assert listed.version.ingestion_id == stored.version.ingestion_id
    assert (listed.filename, listed.size) == (stored.filename, stored.size)
    assert b"".join(blobs.stream(container, listed.version)) == orders(1, 3)


def test_an_edited_blob_is_not_taken_for_the_file_uploaded_again(
    container: ContainerClient,
) -> None:
    file = UploadedFile("a.csv", orders(1, 3))
    (first,) = upload_files.store_files(container, Destination("sales"), [file])
    blob = container.get_blob_client(first.version.path)
    metadata = blob.get_blob_properties().metadata
    blob.upload_blob(file.content.replace(b"Zhu", b"Hzu"), overwrite=True, metadata=metadata)

    (second,) = upload_files.store_files(container, Destination("sales"), [file])

    assert second.version.path != first.version.path
    assert b"".join(blobs.stream(container, second.version)) == file.content
    assert upload_files.store_files(container, Destination("sales"), [file]) == [second]


def test_a_file_name_with_a_nul_can_be_stored_in_the_database(container: ContainerClient) -> None:
    (stored,) = upload_files.store_files(container, Destination("sales"), [UploadedFile("a\0b.csv", b"a")])

    assert stored.filename == r"a\x00b.csv"


def test_a_storage_failure_reports_for_each_file_whether_it_is_stored(
    container: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_once = blobs.write_once

    def fail_at_b(
        to: ContainerClient, paths: Sequence[str], content: bytes, filename: str, options: UploadOptions
    ) -> blobs.Upload:
        if filename == "b.csv":
            raise ServiceRequestError("just now")
        return write_once(to, paths, content, filename, options)

    files = [UploadedFile(f"{name}.csv", name.encode()) for name in "abcd"]
    with monkeypatch.context() as patch:
        patch.setattr(blobs, "write_once", fail_at_b)
        with pytest.raises(Unavailable, match="again") as caught:
            upload_files.store_files(container, Destination("sales"), files)

    assert [(fault["file"], fault["detail"]) for fault in caught.value.faults] == [
        ("a.csv", "It is stored."),
        ("b.csv", "It may be stored."),
        ("c.csv", "It is not stored."),
        ("d.csv", "It is not stored."),
    ]
    assert len(list(container.list_blob_names())) == 1
    assert len(upload_files.store_files(container, Destination("sales"), files)) == 4
    assert len(list(container.list_blob_names())) == 4


def test_only_the_requested_version_is_read(container: ContainerClient) -> None:
    container.upload_blob("a.csv", b"old")
    old = blobs.describe(container, "a.csv").version
    container.upload_blob("a.csv", b"new", overwrite=True)

    with pytest.raises(ResourceModifiedError):
        list(blobs.stream(container, old))
    with pytest.raises(Superseded), driver_errors.translate_errors():
        list(blobs.stream(container, old))
    container.delete_blob("a.csv")
    with pytest.raises(Superseded), driver_errors.translate_errors():
        list(blobs.stream(container, old))
    assert blobs.find(container, "a.csv") is None
