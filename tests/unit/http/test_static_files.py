"""Static files of a folder: content, media types, entity tags and security headers."""

from __future__ import annotations

import gzip
from pathlib import Path

import azure.functions as func
import pytest

from read_http import console_page, static_files
from shared.errors import NotFound


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.js").write_text("export const answer = 42;\n")
    (tmp_path / "secret.py").write_text("KEY = 1\n")
    return tmp_path


def request(path: str = "console/page.js", **headers: str) -> func.HttpRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return func.HttpRequest("GET", f"http://127.0.0.1/api/{path}", headers=named, body=b"")


def test_a_file_has_its_media_type_and_is_never_cached_without_asking(folder: Path) -> None:
    found = static_files.serve_file(request(), folder, "page.js")

    assert found.get_body() == b"export const answer = 42;\n"
    assert (found.status_code, found.mimetype, found.charset) == (200, "text/javascript", "utf-8")
    assert (found.headers["Cache-Control"], found.headers["X-Content-Type-Options"]) == (
        "no-cache",
        "nosniff",
    )


def test_a_file_that_the_caller_has_is_not_sent_again(folder: Path) -> None:
    tag = static_files.serve_file(request(), folder, "page.js").headers["ETag"]

    again = static_files.serve_file(request(if_none_match=f'"other", {tag}'), folder, "page.js")
    other = static_files.serve_file(request(if_none_match='"other"'), folder, "page.js")

    assert (again.status_code, again.get_body(), again.headers["ETag"]) == (304, b"", tag)
    assert other.status_code == 200


def test_a_caller_that_accepts_gzip_gets_gzip(folder: Path) -> None:
    found = static_files.serve_file(request(accept_encoding="br, gzip"), folder, "page.js")

    assert (found.headers["Content-Encoding"], found.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(found.get_body()) == b"export const answer = 42;\n"


@pytest.mark.parametrize("name", ["none.js", "secret.py", "../secret.py", "..", ""])
def test_other_files_of_a_folder_are_not_served(folder: Path, name: str) -> None:
    with pytest.raises(NotFound):
        static_files.serve_file(request(), folder, name)


def test_the_page_allows_only_its_own_scripts_and_styles() -> None:
    policy = static_files.policy(["https://account.blob.core.windows.net"])

    assert "unsafe" not in policy
    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert "connect-src 'self' https://account.blob.core.windows.net;" in policy


def test_the_page_is_served_without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "UPLOADS", "UPLOADS__blobServiceUri"):
        monkeypatch.delenv(name, raising=False)

    found = console_page.serve_page(request("console"))

    assert (found.status_code, found.mimetype) == (200, "text/html")
    assert "connect-src 'self';" in found.headers["Content-Security-Policy"]


def test_the_address_with_a_trailing_slash_redirects() -> None:
    found = console_page.serve_page(request("console/"))

    assert (found.status_code, found.headers["Location"]) == (302, "../console")


def test_every_file_of_the_console_is_served() -> None:
    folder = Path(console_page.__file__).parent / "console"

    assert {path.name for path in folder.iterdir()} == set(static_files.files(folder))
