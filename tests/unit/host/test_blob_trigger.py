"""URLs of Event Grid events."""

import pytest

from dev.host.blob_trigger import container_and_blob


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
    with pytest.raises(ValueError, match="has no blob name"):
        container_and_blob("https://account.blob.core.windows.net/c")
