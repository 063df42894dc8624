"""Ids, datasets and names of blobs."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.storage import blob_version
from shared.storage.blob_version import BlobVersion, dataset_of


def test_an_id_never_changes() -> None:
    # A changed id would make every blob that was ever loaded a new one.
    version = BlobVersion("uploads", "sales/a.csv", '"0x1"')
    assert version.ingestion_id == uuid.UUID("5fb54225-d0de-5ee9-80b6-40e381f1ae3f")


def test_an_etag_with_quotes_equals_one_without() -> None:
    ids = {BlobVersion("uploads", "a.csv", etag).ingestion_id for etag in ('"0x1"', "0x1")}
    assert len(ids) == 1


@given(st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), min_size=2, max_size=2, unique=True))
def test_two_versions_have_two_ids(versions: list[tuple[str, str]]) -> None:
    clean = [(path, etag.replace("\n", "").replace('"', "")) for path, etag in versions]
    ids = {BlobVersion("uploads", *version).ingestion_id for version in clean}
    assert len(ids) == len(set(clean))


@pytest.mark.parametrize(
    ("path", "dataset"), [("a.csv", "sales"), ("sales/a.csv", "sales"), ("x/y/z.csv", "x"), ("/a.csv", "")]
)
def test_the_first_folder_names_the_dataset(path: str, dataset: str) -> None:
    assert dataset_of(path, "sales") == dataset


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("sales.csv", "sales.csv"),
        ("../../etc/passwd.csv", "passwd.csv"),
        (r"..\..\boot.csv", "boot.csv"),
        ("my sales (1).csv", "my_sales_1_.csv"),
        ("über été.csv", "über_été.csv"),
        ("😀.csv", "_.csv"),
        ("a\x00b\r\n.csv", "a_b_.csv"),
        ("..csv", "_.csv"),
        (".csv", "_.csv"),
        ("SALES.CSV", "SALES.CSV"),
        ("a b.TSV.gz", "a_b.TSV.gz"),
        (".csv.bz2", "_.csv.bz2"),
        ("n" * 200 + ".tab.zst", "n" * 100 + "n" * 12 + ".tab.zst"),
        ("😀.zip", "_.zip"),
    ],
)
def test_a_stored_name_is_safe(sent: str, stored: str) -> None:
    assert blob_version.safe_name(sent) == stored


@pytest.mark.parametrize("name", ["a.csv", "a.TSV", "a.tab.gz", "a.psv.bz2", "a.txt.zst", "a.zip"])
def test_csv_files_archives_and_compressed_files_are_supported(name: str) -> None:
    assert blob_version.is_supported(name)


@pytest.mark.parametrize("name", ["a.xlsx", "a.gz", "a.zip.gz", "a.csv.zip.zst", "a.csv.xz", "csv", "a"])
def test_other_files_are_not_supported(name: str) -> None:
    assert not blob_version.is_supported(name)


@given(st.text(max_size=400), st.sampled_from(blob_version.EXTENSIONS))
def test_a_stored_name_cannot_leave_its_folder(name: str, extension: str) -> None:
    sent = name + extension
    stored = blob_version.safe_name(sent)
    assert stored.endswith(extension)
    assert 0 < len(stored) <= 120
    assert not {"/", "\\", "\0", " "} & set(stored)
    assert not stored.startswith(".")
    assert blob_version.is_supported(stored)
