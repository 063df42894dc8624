"""A file too big for the app goes straight to storage, in blocks, over a connection that may break."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Request, expect

from tests.e2e.conftest import Client
from tests.e2e.console.conftest import Console

pytestmark = pytest.mark.browser


def test_a_big_file_goes_to_storage_in_blocks_of_which_only_lost_ones_are_sent_again(
    console: Console, client: Client, tmp_path: Path
) -> None:
    file = tmp_path / "long.csv"
    with file.open("w") as lines:
        lines.write("Id,Text\n")
        lines.writelines(f"{number},{'x' * 10_000}\n" for number in range(5200))
    sent: list[str] = []

    def note(request: Request) -> None:
        if "comp=block&" in request.url and request.method == "PUT":
            sent.append(request.url)

    console.page.on("request", note)
    console.page.route("**/*comp=block&*", lambda route: route.abort("connectionreset"), times=1)
    console.open("upload")
    console.page.get_by_label("Dataset").fill("long_texts")
    console.page.get_by_label("Choose files").set_input_files(file)
    card = console.card("long.csv")
    expect(card).to_contain_text("of the first 8 MB would be loaded")

    console.page.get_by_role("button", name="Send 1 file").click()

    expect(card).to_contain_text("5,200 inserted", timeout=40_000)
    assert (len(set(sent)), len(sent)) == (7, 8)
    assert client.query("select count(*), min(length(text)) from long_texts") == [(5200, 10_000)]
    assert all("ERR_CONNECTION_RESET" in fault for fault in console.faults)
    console.faults.clear()
