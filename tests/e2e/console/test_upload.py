"""Files dropped onto the upload page: preview, upload, load."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg2
import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Client
from tests.e2e.console.conftest import Console
from tests.fixtures.samples import csv, orders, row

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


def test_dropped_files_are_previewed_and_not_stored(console: Console, client: Client) -> None:
    before = client.blobs()
    console.open("upload")
    console.page.get_by_label("Dataset").fill("sales")
    console.drop(
        ("good.csv", orders(100, 20).decode()),
        ("some bad.csv", csv(*map(row, range(200, 219)), row(219, quantity="many")).decode()),
    )

    good, bad = console.card("good.csv"), console.card("some bad.csv")
    expect(good).to_contain_text("All 20 rows would be loaded.")
    expect(good).to_contain_text("UTF-8 · separated by commas · header on line 1")
    expect(good.get_by_role("columnheader").nth(2)).to_have_text("order_datetimestamp“OrderDate”")
    expect(good.get_by_role("cell", name="SO100")).to_be_visible()
    expect(good.get_by_role("row")).to_have_count(11)
    expect(bad).to_contain_text("19 of 20 rows would be loaded, 1 rejected.")
    reject = bad.get_by_role("group", name="Rejected rows").get_by_role("row").nth(1)
    expect(reject).to_contain_text(re.compile("21quantitymany.*not a whole number"))
    assert client.blobs() == before


def test_warnings_about_the_format_are_shown_in_the_preview_and_in_the_result(console: Console) -> None:
    warning = "Lines end in CR CR LF, which counts as one line end."
    console.open("upload")
    console.page.get_by_label("Dataset").fill("sales")
    console.drop(("double.csv", orders(45_000, 3).replace(b"\n", b"\r\r\n").decode()))
    expect(console.card("double.csv")).to_contain_text(warning)

    console.page.get_by_role("button", name="Upload 1 file").click()
    console.card("double.csv").get_by_role("link", name="View details").click()
    expect(console.page.get_by_text(warning)).to_be_visible()


def test_files_are_uploaded_and_show_their_counts_when_loaded(console: Console, client: Client) -> None:
    console.upload("sales", ("one.csv", orders(300, 5).decode()), ("two.csv", orders(310, 7).decode()))

    expect(console.card("one.csv")).to_contain_text("5 inserted")
    expect(console.card("two.csv")).to_contain_text("7 inserted")
    expect(console.card("two.csv").get_by_role("img", name="7 inserted")).to_be_visible()
    ((rows,),) = client.query("select count(*) from sales where sales_order_number like 'SO3__'")
    assert rows == 12


def test_progress_of_upload_and_load_is_shown(console: Console, client: Client) -> None:
    slow = console.page.context.new_cdp_session(console.page)
    conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    console.open("upload")
    console.page.get_by_label("Dataset").fill("sales")
    console.drop(("slow.csv", orders(1000, 2000).decode()))
    card = console.card("slow.csv")
    expect(card).to_contain_text("All 2,000 rows would be loaded.")
    slow.send("Network.emulateNetworkConditions", conditions)
    blocker = psycopg2.connect(client.app.database_url)
    blocker.cursor().execute("lock table sales in access exclusive mode")

    console.page.get_by_role("button", name="Upload 1 file").click()

    expect(card).to_contain_text(re.compile(r"Uploading: [1-9][\d.]* KB of 2\d\d KB"))
    expect(card.get_by_role("progressbar", name="Upload of slow.csv")).to_be_visible()
    slow.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": -1})
    expect(card).to_contain_text(re.compile(r"Loading: [\d,]+ rows so far"))
    expect(card.get_by_role("progressbar", name="Load of slow.csv")).to_be_visible()
    blocker.close()
    expect(card).to_contain_text("2,000 inserted")


def test_file_that_would_be_refused_is_skipped_until_confirmed(console: Console, client: Client) -> None:
    console.open("upload")
    console.page.get_by_label("Dataset").fill("sales")
    console.drop(("other.csv", "Name,Amount\nx,1\n"), ("fine.csv", orders(400, 2).decode()))

    refused = console.card("other.csv")
    expect(refused).to_contain_text("This file would be refused: The header has no sales_order_number")
    console.page.get_by_role("button", name="Upload 1 file").click()
    expect(console.card("fine.csv")).to_contain_text("2 inserted")
    expect(console.page.get_by_role("main")).to_contain_text("1 file not uploaded")
    assert not [blob for blob in client.blobs() if "other.csv" in blob]

    refused.get_by_role("button", name="Upload it anyway").click()
    console.page.get_by_role("button", name="Upload 1 file").click()
    expect(refused.get_by_text("refused", exact=True)).to_be_visible()
    expect(refused).to_contain_text("The header has no sales_order_number")


def test_preview_of_a_new_dataset_shows_its_columns_and_key(console: Console) -> None:
    console.open("upload")
    console.page.get_by_label("Dataset").fill("measurements")
    console.drop(("m.csv", "Id,Value\n1,1.5\n2,22.5\n"))
    card = console.card("m.csv")
    expect(card).to_contain_text(
        "“measurements” does not exist yet. It will be created with these 2 columns. "
        "No key: every file adds rows."
    )

    card.get_by_role("button", name="Choose a key").click()
    expect(console.page.get_by_label("Key of a new table")).to_be_focused()
    console.page.get_by_label("Key of a new table").fill("id")
    console.page.keyboard.press("Enter")

    expect(card).to_contain_text("It will be created with these 2 columns and the key id.")
    expect(card.get_by_role("columnheader").nth(1)).to_contain_text("numeric")
    expect(card.get_by_role("cell", name="22.5")).to_be_visible()


def test_html_in_a_file_is_shown_as_text(console: Console) -> None:
    title = console.page.title()
    name = f"{HOSTILE}.csv"
    console.upload("hostile", (name, f'Name,{HOSTILE}\n"{HOSTILE.replace(chr(34), chr(34) * 2)}",1\n'))
    expect(console.card(name)).to_contain_text("1 inserted")

    console.open("datasets/hostile")
    expect(console.page.get_by_role("cell", name=HOSTILE)).to_be_visible()
    expect(console.page.get_by_role("link", name=name)).to_have_css("unicode-bidi", "isolate")
    console.page.get_by_text("Schema history (1)").click()
    expect(console.page.get_by_role("group", name="Schema history")).to_contain_text(
        "Table created with 2 columns, no key"
    )
    assert console.page.locator("main img").count() == 0
    assert console.page.title() != "owned" != title


def test_file_that_was_moved_after_selection_fails_at_once(console: Console, tmp_path: Path) -> None:
    file = tmp_path / "moving.csv"
    file.write_bytes(orders(500, 3))
    console.open("upload")
    console.page.get_by_label("Dataset").fill("sales")
    console.page.get_by_label("Choose files").set_input_files(file)
    expect(console.card("moving.csv")).to_contain_text("All 3 rows would be loaded.")

    file.unlink()
    console.page.get_by_role("button", name="Upload 1 file").click()

    expect(console.card("moving.csv").get_by_role("alert")).to_contain_text(
        "changed or moved after you chose it"
    )
    console.errors.clear()


def test_numbers_are_shown_with_all_digits(console: Console) -> None:
    console.open("upload")
    console.page.get_by_label("Dataset").fill("precise")
    console.drop(("p.csv", "Id,Amount\n9007199254740993,0.1234567890123456789\n"))

    card = console.card("p.csv")
    expect(card.get_by_role("cell", name="9007199254740993", exact=True)).to_be_visible()
    expect(card.get_by_role("cell", name="0.1234567890123456789", exact=True)).to_be_visible()


def test_error_response_shows_its_message(console: Console, client: Client) -> None:
    (error,) = client.post(("picture.png", b"no text"), dataset="sales").json()["errors"]
    console.open("upload")
    console.page.get_by_label("Dataset").fill("sales")
    console.drop(("picture.png", "no text"))

    expect(console.card("picture.png").get_by_role("alert")).to_have_text(f"picture.png: {error['detail']}")
    assert [error for error in console.errors if "status of 400" in error] == console.errors != []
    console.errors.clear()
