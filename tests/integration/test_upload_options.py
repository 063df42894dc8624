"""What is told about a file goes with its blob, and makes the same bytes another blob."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from azure.storage.blob import ContainerClient

from shared.errors import InvalidRequest
from shared.formats import format as formats
from shared.formats.overrides import Overrides
from shared.storage import blobs, upload_options
from shared.storage.upload_options import UploadOptions
from shared.use_cases import upload_files
from shared.use_cases.upload_files import Destination, UploadedFile
from tests.fixtures.samples import orders

FILE = UploadedFile("a.csv", b"a\n1\n")

_CHOICES = {
    "compression": formats.COMPRESSIONS,
    "delimiter": formats.DELIMITERS,
    "quote": formats.QUOTES,
    "escape": formats.ESCAPES,
    "line_end": formats.LINE_ENDS,
    "decimal": formats.DECIMALS,
    "thousands": formats.THOUSANDS,
    "encoding": ("utf-8", "cp1252", "utf-16-le", "koi8-r"),
    "header_line": (0, 3),
    "header_lines": (2,),
    "spaces_around_quotes": (True, False),
    "sep_line": (True, False),
    "has_trailing_delimiter": (True, False),
}


def every_value() -> Iterator[Overrides]:
    for name, values in _CHOICES.items():
        for value in values:
            told: dict[str, object] = {name: value}
            yield Overrides(**told)  # type: ignore[arg-type]


def stored(container: ContainerClient, told: UploadOptions, file: UploadedFile = FILE) -> blobs.Upload:
    (upload,) = upload_files.store_files(container, Destination("made", told, creates=True), [file])
    return upload


def test_every_value_of_every_override_is_read_back_from_the_blob(container: ContainerClient) -> None:
    told = list(every_value())

    paths = [stored(container, UploadOptions(one)).version.path for one in told]

    assert len(set(paths)) == len(told)
    found = {upload.version.path: upload for upload in blobs.list_blobs(container)}
    for path, one in zip(paths, told, strict=True):
        assert Overrides.parse(found[path].metadata, "csv_") == one, one.given()


def test_a_key_and_signs_beyond_ascii_are_read_back(container: ContainerClient) -> None:
    upload = stored(container, UploadOptions(Overrides(delimiter="\t"), ("größe", "order id")))

    assert upload.metadata["key"] == "größe,order id"
    assert upload == blobs.describe(container, upload.version.path)
    raw = container.get_blob_client(upload.version.path).get_blob_properties().metadata
    assert raw["csv_delimiter"] == "%09"
    assert Overrides.parse(upload.metadata, "csv_") == Overrides(delimiter="\t")


def test_metadata_that_people_write_are_read_as_they_are_written(container: ContainerClient) -> None:
    container.upload_blob(
        "made/a.csv", b"a", metadata={"CSV_Delimiter": ";", "csv_quote": "single", "a": "%"}
    )

    upload = blobs.describe(container, "made/a.csv")

    assert Overrides.parse(upload.metadata, "csv_") == Overrides(delimiter=";", quote="'")
    assert upload.metadata["a"] == "%"


def test_the_same_bytes_told_otherwise_are_another_blob(container: ContainerClient) -> None:
    plain, semicolon, keyed = (
        UploadOptions(),
        UploadOptions(Overrides(delimiter=";")),
        UploadOptions(key=("a",)),
    )

    paths = [stored(container, told).version.path for told in (plain, semicolon, keyed, semicolon, plain)]

    assert paths[0] == f"made/{FILE.sha256[:12]}/a.csv"  # as it always was
    assert len(set(paths)) == 3
    assert paths[3:] == [paths[1], paths[0]]


def test_a_blob_that_was_told_otherwise_by_hand_is_not_taken_for_the_file_sent_again(
    container: ContainerClient,
) -> None:
    first = stored(container, UploadOptions())
    container.get_blob_client(first.version.path).set_blob_metadata({"csv_delimiter": ";"})

    assert stored(container, UploadOptions()).version.path != first.version.path


def test_an_undeclared_dataset_needs_a_name_that_a_table_can_have(container: ContainerClient) -> None:
    for name in ("Visits", "1st", "a" * 49, "a-b", ""):
        with pytest.raises(InvalidRequest) as caught:
            upload_files.store_files(container, Destination(name, creates=True), [FILE])
        (fault,) = caught.value.faults
        assert fault["parameter"] == "dataset"
        assert "a to z" in fault["detail"]
    with pytest.raises(InvalidRequest) as caught:
        upload_files.store_files(container, Destination("visits"), [FILE])
    assert caught.value.faults[0]["detail"].startswith(
        "No contract declares the dataset 'visits', and UNDECLARED_DATASETS=refuse"
    )
    assert list(container.list_blob_names()) == []


def test_a_contract_keeps_its_key(container: ContainerClient) -> None:
    file = UploadedFile("a.csv", orders(1, 1))
    with pytest.raises(InvalidRequest) as caught:
        upload_files.store_files(container, Destination("sales", UploadOptions(key=("item",))), [file])

    assert caught.value.faults[0]["parameter"] == "key"
    key = ("sales_order_number", "sales_order_line_number")
    assert upload_files.store_files(container, Destination("sales", UploadOptions(key=key)), [file])


def test_the_same_bytes_as_a_correction_are_another_blob(container: ContainerClient) -> None:
    corrected = uuid.uuid4()
    plain, correction = (
        stored(container, UploadOptions()),
        stored(container, UploadOptions(corrects=corrected)),
    )
    assert plain.version.path != correction.version.path
    assert [upload_options.corrected_ingestion(one.metadata) for one in (plain, correction)] == [
        None,
        corrected,
    ]
    assert stored(container, UploadOptions(corrects=corrected)).version == correction.version
