"""Upload options are stored with the blob; equal bytes with other options are another blob."""

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
            options: dict[str, object] = {name: value}
            yield Overrides(**options)  # type: ignore[arg-type]


def stored(container: ContainerClient, options: UploadOptions, file: UploadedFile = FILE) -> blobs.Upload:
    (upload,) = upload_files.store_files(container, Destination("made", options, creates=True), [file])
    return upload


def test_every_value_of_every_override_is_read_back_from_the_blob(container: ContainerClient) -> None:
    values = list(every_value())

    paths = [stored(container, UploadOptions(overrides)).version.path for overrides in values]

    assert len(set(paths)) == len(values)
    uploads = {upload.version.path: upload for upload in blobs.list_blobs(container)}
    for path, overrides in zip(paths, values, strict=True):
        assert Overrides.parse(uploads[path].metadata, "csv_") == overrides, overrides.given()


def test_a_key_and_characters_beyond_ascii_are_read_back(container: ContainerClient) -> None:
    upload = stored(container, UploadOptions(Overrides(delimiter="\t"), ("größe", "order id")))

    assert upload.metadata["key"] == "größe,order id"
    assert upload == blobs.describe(container, upload.version.path)
    raw = container.get_blob_client(upload.version.path).get_blob_properties().metadata
    assert raw["csv_delimiter"] == "%09"
    assert Overrides.parse(upload.metadata, "csv_") == Overrides(delimiter="\t")


def test_metadata_that_people_set_need_no_encoding(container: ContainerClient) -> None:
    container.upload_blob(
        "made/a.csv", b"a", metadata={"CSV_Delimiter": ";", "csv_quote": "single", "a": "%"}
    )

    upload = blobs.describe(container, "made/a.csv")

    assert Overrides.parse(upload.metadata, "csv_") == Overrides(delimiter=";", quote="'")
    assert upload.metadata["a"] == "%"


def test_the_same_bytes_with_other_options_are_another_blob(container: ContainerClient) -> None:
    plain, semicolon, keyed = (
        UploadOptions(),
        UploadOptions(Overrides(delimiter=";")),
        UploadOptions(key=("a",)),
    )

    paths = [
        stored(container, options).version.path for options in (plain, semicolon, keyed, semicolon, plain)
    ]

    assert paths[0] == f"made/{FILE.sha256[:12]}/a.csv"  # as it always was
    assert len(set(paths)) == 3
    assert paths[3:] == [paths[1], paths[0]]


def test_a_blob_with_edited_options_is_not_taken_for_the_file_uploaded_again(
    container: ContainerClient,
) -> None:
    first = stored(container, UploadOptions())
    container.get_blob_client(first.version.path).set_blob_metadata({"csv_delimiter": ";"})

    assert stored(container, UploadOptions()).version.path != first.version.path


def test_an_inferred_dataset_needs_a_name_that_a_table_can_have(container: ContainerClient) -> None:
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


def test_the_key_of_a_contract_cannot_be_changed_by_an_upload(container: ContainerClient) -> None:
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
    assert [upload_options.corrected_ingestion(upload.metadata) for upload in (plain, correction)] == [
        None,
        corrected,
    ]
    assert stored(container, UploadOptions(corrects=corrected)).version == correction.version
