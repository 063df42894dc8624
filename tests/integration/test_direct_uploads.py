"""Signed URLs for direct uploads: they allow writes to one blob only, and the blob is loaded as any other."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient
from sqlalchemy import Engine

from shared.errors import InvalidRequest, SettingsError
from shared.formats.overrides import Overrides
from shared.storage import blobs, sas_url
from shared.storage.sas_url import SignedUrl
from shared.storage.upload_options import UploadOptions
from shared.use_cases import upload_files
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.upload_files import Destination
from tests.fixtures.samples import orders
from tests.integration.assertions import entry

PATH = "sales/direct-1/june.csv"
HEADERS = {"x-ms-blob-type": "BlockBlob"}


@pytest.fixture
def signed(container: ContainerClient) -> SignedUrl:
    return sas_url.sign_upload(container, PATH, by_identity=False)


def status(method: str, url: str, **rest: str) -> int:
    return httpx.request(method, url, headers=HEADERS, **rest).status_code  # type: ignore[arg-type]


def test_a_file_uploaded_to_the_url_is_loaded_with_its_name_and_options(
    signed: SignedUrl, container: ContainerClient, loader: BlobLoader, engine: Engine
) -> None:
    options = UploadOptions(Overrides(delimiter=","))
    metadata = {f"x-ms-meta-{name}": text for name, text in blobs.blob_metadata("Jüni.csv", options).items()}

    answer = httpx.put(signed.url, content=orders(1, 3), headers={**HEADERS, **metadata})

    assert answer.status_code == 201
    assert blobs.describe(container, PATH).metadata["csv_delimiter"] == ","
    loader.load(PATH)
    ingestion = entry(engine, PATH)
    assert (ingestion["state"], ingestion["filename"], ingestion["rows_inserted"]) == (
        "loaded",
        "Jüni.csv",
        3,
    )


def test_the_url_allows_blocks_and_repeated_writes(signed: SignedUrl, container: ContainerClient) -> None:
    for content in ("a", "b"):
        assert httpx.put(f"{signed.url}&comp=block&blockid=MQ==", content=content).status_code == 201
        blocks = "<BlockList><Latest>MQ==</Latest></BlockList>"
        assert httpx.put(f"{signed.url}&comp=blocklist", content=blocks).status_code == 201
    assert container.download_blob(PATH).readall() == b"b"


def test_the_url_allows_nothing_else(signed: SignedUrl, container: ContainerClient) -> None:
    container.upload_blob(PATH, b"x")
    container.upload_blob("sales/other.csv", b"x")
    other = signed.url.replace("june.csv", "july.csv")
    container_url = signed.url.replace(f"/{PATH}", "")

    assert status("GET", signed.url) == 403
    assert status("HEAD", signed.url) == 403
    assert status("DELETE", signed.url) == 403
    assert status("PUT", other, content="x") == 403
    assert status("PUT", signed.url.replace(PATH, "sales/other.csv"), content="x") == 403
    assert status("GET", f"{container_url}&restype=container&comp=list") == 403
    assert [blob.name for blob in container.list_blobs()] == [PATH, "sales/other.csv"]


def test_the_url_expires_after_an_hour(signed: SignedUrl) -> None:
    (permissions,) = parse_qs(urlsplit(signed.url).query)["sp"]
    (expiry,) = parse_qs(urlsplit(signed.url).query)["se"]
    assert permissions == "cw"
    assert signed.expires_at.isoformat().startswith(expiry.removesuffix("Z"))
    expired = signed.url.replace(f"se={expiry.replace(':', '%3A')}", "se=2020-01-01T00%3A00%3A00Z")
    assert expired != signed.url
    assert status("PUT", expired, content="x") == 403


def test_a_missing_container_is_created(storage: str) -> None:
    with BlobServiceClient.from_connection_string(storage) as account:
        container = account.get_container_client("not-there-yet")
        signed = sas_url.sign_upload(container, PATH, by_identity=False)
        assert status("PUT", signed.url, content="x") == 201
        container.delete_container()


def test_without_an_account_key_no_url_can_be_signed(container: ContainerClient) -> None:
    with (
        ContainerClient(container.url.partition("/uploads")[0], str(container.container_name)) as keyless,
        pytest.raises(SettingsError, match="AccountKey"),
    ):
        sas_url._account_key(keyless)


def test_the_name_of_an_account_may_begin_with_that_of_the_container() -> None:
    account = "https://uploads5.blob.core.windows.net"
    with ContainerClient(account, "uploads") as container:
        assert sas_url._account_url(container) == account


@pytest.mark.parametrize("letter", ["a", "é", "漢", "😀"])
def test_a_name_that_is_too_long_for_its_header_is_cut_between_letters(letter: str) -> None:
    name = blobs.blob_metadata(letter * 5000, UploadOptions())["filename"]
    assert 4080 < len(name) <= 4096
    assert set(unquote(name)) == {letter}


def test_each_reserved_path_is_a_new_one_in_the_datasets_folder() -> None:
    to = Destination("sales")
    paths = {upload_files.reserve_path(to, "../Jüni 1.csv") for _ in range(3)}
    assert len(paths) == 3
    assert all(path.startswith("sales/direct-") and path.endswith("/Jüni_1.csv") for path in paths)
    assert all(path.count("/") == 2 for path in paths)


@pytest.mark.parametrize(
    ("to", "filename", "faults"),
    [
        (Destination("sales"), "a.xlsx", ["filename"]),
        (Destination("Nowhere"), "a.csv", ["dataset"]),
        (Destination("sales", UploadOptions(key=("item",))), "a.pdf", ["key", "filename"]),
    ],
)
def test_a_file_that_could_not_be_loaded_gets_no_url(
    to: Destination, filename: str, faults: list[str]
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        upload_files.reserve_path(to, filename)
    assert [fault.get("parameter", fault.get("member")) for fault in refused.value.faults] == faults
