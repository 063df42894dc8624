"""Rejected rows are downloaded, corrected and uploaded again; a load is undone and replayed."""

from __future__ import annotations

import csv as csv_files
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Client
from tests.e2e.console.conftest import Console
from tests.fixtures.samples import csv, row

pytestmark = pytest.mark.browser


def open_ingestion(console: Console, name: str) -> None:
    """Open the ingestion of a file that was uploaded on the current page."""
    console.card(name).get_by_role("link", name="View details").click()
    expect(console.page.get_by_role("heading", name=name, level=1)).to_be_visible()


def count_orders(client: Client, prefix: str) -> int:
    """The number of rows of `sales` whose order number starts with `prefix`."""
    numbers = client.query("select sales_order_number from sales")
    return sum(number.startswith(prefix) for (number,) in numbers)


def test_rejected_rows_are_downloaded_corrected_and_loaded(console: Console, client: Client) -> None:
    page = console.page
    good = [row(number) for number in range(7000, 7030)]
    file = csv(*good, row(7030, quantity="many"), row(7031, price="=cmd|' /C calc'!A0"))
    console.upload("sales", ("faulty.csv", file.decode()))
    open_ingestion(console, "faulty.csv")
    expect(page.get_by_role("heading", name="32 rows read")).to_be_visible()
    expect(page.get_by_role("img", name="30 inserted, 2 rejected")).to_be_visible()
    rejects = page.get_by_role("group", name="Rejected rows").get_by_role("row")
    expect(rejects).to_have_count(3)
    expect(rejects.nth(1)).to_contain_text(re.compile("32quantitymany.*not a whole number"))

    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    assert download.value.suggested_filename == "faulty.rejects.csv"
    rows = list(csv_files.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    assert [one["_line"] for one in rows] == ["32", "33"]
    rows[0]["Quantity"], rows[1]["UnitPrice"] = "1", "3.50"
    corrected = io.StringIO()
    writer = csv_files.DictWriter(corrected, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)

    page.get_by_role("link", name="Upload the corrected file").click()
    expect(page.get_by_role("main")).to_contain_text(
        "These files correct rejected rows of an earlier ingestion"
    )
    expect(page.get_by_label("Dataset")).to_have_value("sales")
    console.drop(("faulty.rejects.csv", corrected.getvalue()))
    expect(console.card("faulty.rejects.csv")).to_contain_text("All 2 rows would be loaded.")
    page.get_by_role("button", name="Upload 1 file").click()
    expect(console.card("faulty.rejects.csv")).to_contain_text("2 inserted")

    assert count_orders(client, "SO70") == 32
    open_ingestion(console, "faulty.rejects.csv")
    page.get_by_text("Corrects rejected rows of").get_by_role("link").click()
    expect(page.get_by_role("heading", name="faulty.csv", level=1)).to_be_visible()
    expect(page.get_by_text("Rejected rows were corrected by")).to_be_visible()


def test_load_is_undone_after_confirmation_and_replayed(console: Console, client: Client) -> None:
    page = console.page
    console.upload("sales", ("mistake.csv", csv(*map(row, range(8000, 8010))).decode()))
    open_ingestion(console, "mistake.csv")

    page.get_by_role("button", name="Undo…").click()
    dialog = page.get_by_role("dialog", name="Undo this load?")
    expect(dialog).to_contain_text(
        "The rows that mistake.csv inserted or last updated are removed from the dataset sales."
    )
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.go_back()
    expect(dialog).to_have_count(0)
    page.go_forward()
    page.get_by_role("button", name="Undo…").click()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert count_orders(client, "SO800") == 10

    page.get_by_role("button", name="Undo…").click()
    dialog.get_by_role("button", name="Undo the load").click()
    expect(page.locator(".summary .state")).to_have_text("undone")
    expect(page.get_by_role("main")).to_contain_text("10 rows removed.")
    expect(page.get_by_role("heading", name="mistake.csv", level=1)).to_be_focused()
    assert count_orders(client, "SO800") == 0

    page.get_by_role("button", name="Replay").click()
    expect(page.locator(".summary .state")).to_have_text("loaded")
    assert count_orders(client, "SO800") == 10
