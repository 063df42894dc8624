"""Every page: accessibility in light and dark and on narrow screens, keyboard, paging, filters, errors."""

from __future__ import annotations

import io
import zipfile
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Client
from tests.e2e.console.conftest import Console
from tests.fixtures.samples import csv, row

pytestmark = pytest.mark.browser

SCREENS: list[tuple[Literal["light", "dark"], int]] = [("dark", 320), ("light", 1280)]


@pytest.fixture
def ingestion(client: Client) -> str:
    """The ID of an ingestion with a rejected row, the same in all tests."""
    rows = [row(number) for number in range(9000, 9020)]
    posted = client.post(("views.csv", csv(*rows, row(9020, quantity="many"))))
    found: str = posted.json()["files"][0]["ingestion_id"]
    client.wait_for_result(found)
    return found


def check_accessibility(console: Console) -> None:
    """axe-core finds no violation and nothing is wider than the screen: narrow in dark, wide in light."""
    for scheme, width in SCREENS:
        console.page.emulate_media(color_scheme=scheme)
        console.page.set_viewport_size({"width": width, "height": 720})
        assert console.accessibility_violations() == []
        assert console.page.evaluate("document.documentElement.scrollWidth") <= width


def test_upload_page_is_accessible(console: Console) -> None:
    console.open("upload")
    console.page.get_by_text("File format", exact=True).click()
    console.page.get_by_label("Dataset").fill("sales")
    console.drop(
        ("a.csv", csv(*map(row, range(20)), row(20, quantity="x")).decode()),
        ("b.csv", "Name\nx\n"),
        ("c.csv", csv(row(30)).decode()),
    )
    expect(console.card("a.csv")).to_contain_text("20 of 21 rows would be loaded")
    expect(console.card("b.csv")).to_contain_text("This file would be refused")
    expect(console.card("c.csv")).to_contain_text("1 row would be loaded")

    check_accessibility(console)


def test_list_of_ingestions_is_accessible(console: Console, ingestion: str) -> None:
    console.open("ingestions")
    expect(console.page.get_by_role("link", name="views.csv")).to_be_visible()

    check_accessibility(console)


def test_ingestion_page_and_undo_dialog_are_accessible(console: Console, ingestion: str) -> None:
    console.open(f"ingestions/{ingestion}")
    expect(console.page.get_by_role("cell", name="many")).to_be_visible()
    check_accessibility(console)

    console.page.get_by_role("button", name="Undo…").click()
    expect(console.page.get_by_role("dialog")).to_be_visible()
    check_accessibility(console)


def test_archive_page_is_accessible_and_links_to_its_files(console: Console, client: Client) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, number in (("good.csv", 9100), ("faulty.csv", 9120)):
            rows = [row(at) for at in range(number, number + 20)]
            archive.writestr(zipfile.ZipInfo(name), csv(*rows, row(number + 20, quantity="many")))
        archive.writestr(zipfile.ZipInfo("read.me"), "no rows")
    posted = client.post(("both.zip", content.getvalue()))
    found = posted.json()["files"][0]["ingestion_id"]
    client.wait_for_result(found)
    console.open(f"ingestions/{found}")

    expect(console.page.get_by_role("img", name="40 inserted, 2 rejected")).to_be_visible()
    expect(console.page.get_by_text("read.me")).to_be_visible()
    check_accessibility(console)
    console.page.get_by_role("link", name="faulty.csv").click()
    expect(console.page.get_by_role("cell", name="many")).to_be_visible()


def test_key_dialog_is_accessible(console: Console) -> None:
    console.page.route("**/api/datasets**", lambda route: route.fulfill(status=401))
    console.open("datasets")
    expect(console.page.get_by_role("dialog")).to_be_visible()
    check_accessibility(console)
    console.page.get_by_role("textbox", name="Function key").fill("wrong")
    console.page.keyboard.press("Enter")
    expect(console.page.get_by_role("dialog", name="Wrong function key")).to_be_visible()
    check_accessibility(console)
    console.errors.clear()


def test_dataset_pages_are_accessible(console: Console, ingestion: str) -> None:
    console.open("datasets")
    expect(console.page.get_by_role("cell", name="sales", exact=True)).to_be_visible()
    check_accessibility(console)

    console.page.get_by_role("link", name="sales", exact=True).click()
    expect(console.page.get_by_role("group", name="Rows")).to_be_visible()
    expect(console.page.get_by_role("img", name="Rows loaded per day, last 30 days")).to_be_visible()
    check_accessibility(console)


def test_colours_follow_the_system_setting(console: Console) -> None:
    console.open("datasets")
    brightness = {}
    for scheme in ("light", "dark"):
        console.page.emulate_media(color_scheme=scheme)
        brightness[scheme] = console.page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)[0]"
        )

    assert brightness["light"] > 200
    assert brightness["dark"] < 50


def test_list_refreshes_itself_and_stores_its_filter_in_the_url(
    console: Console, client: Client, ingestion: str
) -> None:
    console.open("ingestions?dataset=sales")
    links = console.page.get_by_role("table").get_by_role("link")
    expect(links.first).to_be_visible()

    client.post(("appears.csv", csv(row(9500))), dataset="sales")
    expect(links.first).to_have_text("appears.csv")
    expect(console.page.get_by_role("row").nth(1)).to_contain_text("loaded")

    console.page.get_by_label("State").focus()
    console.page.keyboard.press("End")
    expect(console.page).to_have_url(f"{client.app.api}/api/console#/ingestions?dataset=sales&state=undone")
    expect(console.page.get_by_label("State")).to_be_focused()
    console.page.get_by_label("State").select_option("superseded")
    expect(console.page.get_by_text("No ingestions match the filter")).to_be_visible()
    console.page.go_back()
    console.page.go_back()
    expect(links.first).to_have_text("appears.csv")


def test_rejects_are_paged_over_a_lost_connection(console: Console, client: Client) -> None:
    rows = [row(number, quantity="many") for number in range(9200, 9350)]
    posted = client.post(("all-wrong.csv", csv(*rows)))
    found = posted.json()["files"][0]["ingestion_id"]
    client.wait_for_result(found)
    console.open(f"ingestions/{found}")
    page = console.page
    expect(page.get_by_role("main").get_by_text("Rejected rows 1 to 100")).to_be_visible()
    page.context.set_offline(True)

    page.get_by_role("button", name="Next").click()

    expect(page.get_by_role("main").get_by_text("Cannot reach the server. Retrying…")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("main").get_by_text("Rejected rows 101 to 150")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("Cannot reach the server. Retrying…")).to_have_count(0)
    expect(page.get_by_role("button", name="Previous")).to_be_focused()
    console.errors.clear()


def test_unknown_url_shows_an_error(console: Console) -> None:
    console.open("upload")
    for path, text in {
        "ingestions/00000000-0000-0000-0000-000000000000": "There is no ingestion",
        "datasets/%E0%A4%A": "There is no dataset",
        "what/is/this": "Page not found",
    }.items():
        console.open(path)
        expect(console.page.get_by_role("main")).to_contain_text(text)
    console.errors.clear()


def test_rows_are_paged(console: Console, client: Client) -> None:
    content = "Id,Name\n" + "".join(f"{number},name {number}\n" for number in range(120))
    posted = client.post(("names.csv", content.encode()), dataset="names")
    client.wait_for_result(posted.json()["files"][0]["ingestion_id"])
    console.open("datasets/names")
    page = console.page
    expect(page.get_by_role("main").get_by_text("Rows 1 to 50")).to_be_visible()

    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("main").get_by_text("Rows 51 to 100")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("main").get_by_text("Rows 101 to 120")).to_be_visible()
    expect(page.get_by_role("cell", name="name 119")).to_be_visible()
    expect(page.get_by_role("button", name="Next")).to_be_disabled()

    page.get_by_role("button", name="Previous").click()
    expect(page.get_by_role("cell", name="name 50", exact=True)).to_be_visible()


def test_keyboard_reaches_every_link(console: Console) -> None:
    console.open("datasets")
    first = console.page.get_by_role("table").get_by_role("link").first
    expect(first).to_be_visible()
    name = first.inner_text()

    console.page.keyboard.press("Tab")
    expect(console.page.get_by_role("link", name="Skip to content")).to_be_focused()
    console.page.keyboard.press("Enter")
    expect(console.page.get_by_role("main")).to_be_focused()
    console.page.keyboard.press("Tab")
    console.page.keyboard.press("Tab")
    expect(first).to_be_focused()
    console.page.keyboard.press("Enter")
    expect(console.page.get_by_role("heading", name=name, level=1)).to_be_focused()
