"""Paths of blob triggers."""

import pytest

from dev.host.blob_queue import parse_path


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
        ("c/{name}", "a\nb.csv", False),
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
