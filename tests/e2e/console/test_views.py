"""Every view: fit for keyboard and screen reader, in light and dark, and on a narrow screen."""

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

LOOKS: list[tuple[Literal["light", "dark"], int]] = [("dark", 320), ("light", 1280)]


@pytest.fixture
def ingestion(client: Client) -> str:
    """The id of an ingestion with rejected rows, the same one for all tests."""
    rows = [row(number) for number in range(9000, 9020)]
    posted = client.post(("views.csv", csv(*rows, row(9020, quantity="many"))))
    found: str = posted.json()["files"][0]["ingestion_id"]
    client.settled(found)
    return found


def is_fit(console: Console) -> None:
    """Nothing for axe-core to find, nothing wider than the screen, in light and dark, wide and narrow."""
    for scheme, width in LOOKS:
        console.page.emulate_media(color_scheme=scheme)
        console.page.set_viewport_size({"width": width, "height": 720})
        assert console.accessibility_faults() == []
        assert console.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_upload_view_is_fit(console: Console) -> None:
    console.open("upload")
    console.page.get_by_text("Reading options", exact=True).click()
    console.page.get_by_label("Dataset").fill("sales")
    console.drop(
        ("a.csv", csv(*map(row, range(20)), row(20, quantity="x")).decode()),
        ("b.csv", "Name\nx\n"),
        ("c.csv", csv(row(30)).decode()),
    )
    expect(console.card("a.csv")).to_contain_text("20 of 21 rows would be loaded")
    expect(console.card("b.csv")).to_contain_text("Would be refused")
    expect(console.card("c.csv")).to_contain_text("1 row would be loaded")

    is_fit(console)


def test_the_list_of_ingestions_is_fit(console: Console, ingestion: str) -> None:
    console.open("ingestions")
    expect(console.page.get_by_role("link", name="views.csv")).to_be_visible()

    is_fit(console)


def test_an_ingestion_is_fit_and_so_is_its_question(console: Console, ingestion: str) -> None:
    console.open(f"ingestions/{ingestion}")
    expect(console.page.get_by_role("cell", name="many")).to_be_visible()
    is_fit(console)

    console.page.get_by_role("button", name="Undo…").click()
    expect(console.page.get_by_role("dialog")).to_be_visible()
    is_fit(console)


def test_an_archive_is_fit_and_leads_to_its_files(console: Console, client: Client) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, number in (("good.csv", 9100), ("faulty.csv", 9120)):
            rows = [row(at) for at in range(number, number + 20)]
            archive.writestr(zipfile.ZipInfo(name), csv(*rows, row(number + 20, quantity="many")))
        archive.writestr(zipfile.ZipInfo("read.me"), "no rows")
    posted = client.post(("both.zip", content.getvalue()))
    found = posted.json()["files"][0]["ingestion_id"]
    client.settled(found)
    console.open(f"ingestions/{found}")

    expect(console.page.get_by_role("img", name="40 inserted, 2 rejected")).to_be_visible()
    expect(console.page.get_by_text("read.me")).to_be_visible()
    is_fit(console)
    console.page.get_by_role("link", name="faulty.csv").click()
    expect(console.page.get_by_role("cell", name="many")).to_be_visible()


def test_the_question_for_a_key_is_fit(console: Console) -> None:
    console.page.route("**/api/datasets**", lambda route: route.fulfill(status=401))
    console.open("datasets")
    expect(console.page.get_by_role("dialog")).to_be_visible()
    is_fit(console)
    console.page.get_by_role("textbox", name="Function key").fill("wrong")
    console.page.keyboard.press("Enter")
    expect(console.page.get_by_role("dialog", name="Wrong function key")).to_be_visible()
    is_fit(console)
    console.faults.clear()


def test_datasets_are_fit(console: Console, ingestion: str) -> None:
    console.open("datasets")
    expect(console.page.get_by_role("cell", name="sales", exact=True)).to_be_visible()
    is_fit(console)

    console.page.get_by_role("link", name="sales", exact=True).click()
    expect(console.page.get_by_role("group", name="Rows")).to_be_visible()
    expect(console.page.get_by_role("img", name="Rows loaded a day, the last 30 days")).to_be_visible()
    is_fit(console)


def test_colours_follow_the_system(console: Console) -> None:
    console.open("datasets")
    brightness = {}
    for scheme in ("light", "dark"):
        console.page.emulate_media(color_scheme=scheme)
        brightness[scheme] = console.page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)[0]"
        )

    assert brightness["light"] > 200
    assert brightness["dark"] < 50


def test_the_list_is_filtered_live_and_by_address(console: Console, client: Client, ingestion: str) -> None:
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
    expect(console.page.get_by_text("No ingestion fits the filter")).to_be_visible()
    console.page.go_back()
    console.page.go_back()
    expect(links.first).to_have_text("appears.csv")


def test_rejects_are_turned_page_by_page_over_a_connection_that_breaks(
    console: Console, client: Client
) -> None:
    rows = [row(number, quantity="many") for number in range(9200, 9350)]
    posted = client.post(("all-wrong.csv", csv(*rows)))
    found = posted.json()["files"][0]["ingestion_id"]
    client.settled(found)
    console.open(f"ingestions/{found}")
    page = console.page
    expect(page.get_by_role("main").get_by_text("Rejected rows 1 to 100")).to_be_visible()
    page.context.set_offline(True)

    page.get_by_role("button", name="Next").click()

    expect(page.get_by_role("main").get_by_text("The connection was lost")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("main").get_by_text("Rejected rows 101 to 150")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("The connection was lost")).to_have_count(0)
    expect(page.get_by_role("button", name="Previous")).to_be_focused()
    console.faults.clear()


def test_an_address_of_nothing_is_said_to_be_one(console: Console) -> None:
    console.open("upload")
    for view, words in {
        "ingestions/00000000-0000-0000-0000-000000000000": "There is no ingestion",
        "datasets/%E0%A4%A": "There is no dataset",
        "what/is/this": "There is no such view",
    }.items():
        console.open(view)
        expect(console.page.get_by_role("main")).to_contain_text(words)
    console.faults.clear()


def test_rows_are_turned_page_by_page(console: Console, client: Client) -> None:
    content = "Id,Name\n" + "".join(f"{number},name {number}\n" for number in range(120))
    posted = client.post(("names.csv", content.encode()), dataset="names")
    client.settled(posted.json()["files"][0]["ingestion_id"])
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


def test_the_keyboard_reaches_everything(console: Console) -> None:
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
