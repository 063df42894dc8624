"""Big files are uploaded directly to storage, in blocks, and survive a lost connection."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from playwright.sync_api import Request, expect

from tests.e2e.conftest import Client
from tests.e2e.console.conftest import Console

pytestmark = pytest.mark.browser


def is_block(request: Request) -> bool:
    """Whether the request uploads a block; the CORS preflight before it does not."""
    return "comp=block&" in request.url and request.method == "PUT"


def test_preview_of_a_big_file_ends_with_a_complete_row(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "notes.csv"
    value = "a line of a note\n" * 3000  # the first 8 MB end inside one of them
    with file.open("w") as lines:
        lines.write("PK,Note\n")  # zip archives begin with PK too
        lines.writelines(f'{number},"{value}"\n' for number in range(170))
    console.open("upload")
    console.page.get_by_label("Dataset").fill("notes")
    console.page.get_by_label("Choose files").set_input_files(file)

    expect(console.card("notes.csv")).to_contain_text("All 156 rows of the first 8 MB would be loaded.")


def test_big_compressed_file_has_no_preview(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "noise.csv.gz"
    file.write_bytes(gzip.compress(os.urandom(8_100_000), 1))
    console.open("upload")
    console.page.get_by_label("Dataset").fill("noise")
    console.page.get_by_label("Choose files").set_input_files(file)

    expect(console.card("noise.csv.gz")).to_contain_text("No preview: the file is compressed")
    expect(console.page.get_by_role("button", name="Upload 1 file")).to_be_enabled()


def test_lost_connection_repeats_only_the_blocks_that_were_not_stored(
    console: Console, client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "long.csv"
    with file.open("w") as lines:
        lines.write("Id,Text\n")
        lines.writelines(f"{number},{'x' * 10_000}\n" for number in range(5200))
    requested: list[str] = []
    stored: list[str] = []
    page = console.page
    page.on("request", lambda request: requested.append(request.url) if is_block(request) else None)
    page.on(
        "response",
        lambda response: stored.append(response.request.url) if is_block(response.request) else None,
    )
    console.open("upload")
    page.get_by_label("Dataset").fill("long_texts")
    page.get_by_label("Choose files").set_input_files(file)
    card = console.card("long.csv")
    expect(card).to_contain_text("of the first 8 MB would be loaded")

    with page.expect_response(lambda response: is_block(response.request)):
        page.get_by_role("button", name="Upload 1 file").click()
    page.context.set_offline(True)
    expect(card).to_contain_text("Cannot reach storage")
    stored_before = list(stored)
    page.context.set_offline(False)

    expect(card).to_contain_text("5,200 inserted", timeout=40_000)
    assert len(set(requested)) == 7 == len(set(stored)) > len(stored_before) > 0
    assert [requested.count(block) for block in stored_before] == [1] * len(stored_before)
    assert client.query("select count(*), min(length(text)) from long_texts") == [(5200, 10_000)]
    assert console.errors
    assert all("ERR_INTERNET_DISCONNECTED" in error for error in console.errors)
    console.errors.clear()
