"""A file too big for the app goes straight to storage, in blocks, over a connection that may break."""

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
    """Whether it brings a block to storage; not the question before it whether it may."""
    return "comp=block&" in request.url and request.method == "PUT"


def test_a_big_file_is_looked_at_up_to_the_end_of_a_row(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "notes.csv"
    value = "a line of a note\n" * 3000  # the 8 MB end in one of them
    with file.open("w") as lines:
        lines.write("PK,Note\n")  # PK begins zip archives too
        lines.writelines(f'{number},"{value}"\n' for number in range(170))
    console.open("upload")
    console.page.get_by_label("Dataset").fill("notes")
    console.page.get_by_label("Choose files").set_input_files(file)

    expect(console.card("notes.csv")).to_contain_text("All 156 rows of the first 8 MB would be loaded.")


def test_a_big_compressed_file_is_said_to_have_no_preview(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "noise.csv.gz"
    file.write_bytes(gzip.compress(os.urandom(8_100_000), 1))
    console.open("upload")
    console.page.get_by_label("Dataset").fill("noise")
    console.page.get_by_label("Choose files").set_input_files(file)

    expect(console.card("noise.csv.gz")).to_contain_text("No preview: the file is compressed")
    expect(console.page.get_by_role("button", name="Send 1 file")).to_be_enabled()


def test_a_big_file_goes_to_storage_in_blocks_of_which_only_lost_ones_are_sent_again(
    console: Console, client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "long.csv"
    with file.open("w") as lines:
        lines.write("Id,Text\n")
        lines.writelines(f"{number},{'x' * 10_000}\n" for number in range(5200))
    asked: list[str] = []
    stored: list[str] = []
    page = console.page
    page.on("request", lambda request: asked.append(request.url) if is_block(request) else None)
    page.on(
        "response", lambda answer: stored.append(answer.request.url) if is_block(answer.request) else None
    )
    console.open("upload")
    page.get_by_label("Dataset").fill("long_texts")
    page.get_by_label("Choose files").set_input_files(file)
    card = console.card("long.csv")
    expect(card).to_contain_text("of the first 8 MB would be loaded")

    with page.expect_response(lambda answer: is_block(answer.request)):
        page.get_by_role("button", name="Send 1 file").click()
    page.context.set_offline(True)
    expect(card).to_contain_text("The connection to storage was lost")
    arrived = list(stored)
    page.context.set_offline(False)

    expect(card).to_contain_text("5,200 inserted", timeout=40_000)
    assert len(set(asked)) == 7 == len(set(stored)) > len(arrived) > 0
    assert [asked.count(block) for block in arrived] == [1] * len(arrived)
    assert client.query("select count(*), min(length(text)) from long_texts") == [(5200, 10_000)]
    assert console.faults
    assert all("ERR_INTERNET_DISCONNECTED" in fault for fault in console.faults)
    console.faults.clear()
