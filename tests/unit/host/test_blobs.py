"""Blob paths, messages and event URLs."""

import pytest

from dev.host.blob_function import parse_path
from dev.host.blob_message import BlobMessage, quoted
from dev.host.webhook import container_and_blob


@pytest.mark.parametrize(
    ("path", "blob", "fits"),
    [
        ("c/{name}", "a.csv", True),
        ("c/{name}", "folder/a.csv", True),
        ("c", "anything/at/all", True),
        ("c/folder/{name}.csv", "folder/a.csv", True),
        ("c/folder/{name}.csv", "folder/a.txt", False),
        ("c/folder/{name}.csv", "other/a.csv", False),
        ("c/{a}-{b}.csv", "x-y.csv", True),
        ("c/{name}.csv", "axcsv", False),
        ("c/fixed.csv", "fixed.csv", True),
        ("c/fixed.csv", "FIXED.csv", False),
    ],
)
def test_a_path_fits_a_blob(path: str, blob: str, fits: bool) -> None:
    parsed = parse_path(path)
    assert (parsed.container, parsed.matches(blob)) == ("c", fits)
    assert not fits or blob.startswith(parsed.prefix)


@pytest.mark.parametrize("path", ["", "{container}/{name}", "c/{name", "c/name}"])
def test_a_malformed_path_is_an_error(path: str) -> None:
    with pytest.raises(ValueError, match="the blob path"):
        parse_path(path)


def test_a_message_survives_its_json() -> None:
    message = BlobMessage("Host.Functions.load", "c", 'a "b" é.csv', '"0x1"')
    assert BlobMessage.from_json(message.to_json()) == message


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "{}", '{"FunctionId": "f"}'])
def test_what_is_no_message_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a blob trigger message"):
        BlobMessage.from_json(text)


def test_etags_have_one_form() -> None:
    assert quoted("0x1") == quoted('"0x1"') == '"0x1"'


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://account.blob.core.windows.net/c/folder/a%20b.csv", ("c", "folder/a b.csv")),
        ("http://127.0.0.1:10000/devstoreaccount1/c/a.csv", ("c", "a.csv")),
        ("http://localhost:10000/devstoreaccount1/c/a.csv", ("c", "a.csv")),
        ("http://azurite:10000/devstoreaccount1/c/a.csv", ("c", "a.csv")),
    ],
)
def test_an_events_url_names_container_and_blob(url: str, place: tuple[str, str]) -> None:
    assert container_and_blob(url) == place


def test_a_url_without_a_blob_is_an_error() -> None:
    with pytest.raises(ValueError, match="names no blob"):
        container_and_blob("https://account.blob.core.windows.net/c")
