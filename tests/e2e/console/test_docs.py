"""The description of the API as a page: what it offers to try out works as it is offered."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator

from tests.e2e.console.conftest import Console
from tests.fixtures.samples import csv, row

pytestmark = pytest.mark.browser


def opened(console: Console, operation: str) -> Locator:
    """An operation, ready to be tried out."""
    block = console.page.locator(f'[id$="-{operation}"]')
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    return block


def answer(block: Locator) -> str:
    """What comes back: status, body and headers."""
    block.get_by_role("button", name="Execute").click()
    return block.locator(".live-responses-table .response").inner_text()


def test_a_file_is_posted_and_its_rows_are_read_from_the_page_of_the_description(console: Console) -> None:
    asked: list[str] = []
    console.page.on("request", lambda request: asked.append(request.url))
    console.page.goto(f"{console.app.api}/api/docs")

    ingest = opened(console, "ingest")
    ingest.locator("input[type=file]").set_input_files(
        {"name": "docs.csv", "mimeType": "text/csv", "buffer": csv(row(7100))}
    )
    ingest.locator("tr[data-param-name=Prefer] input").fill("wait=30")
    assert '"loaded"' in answer(ingest)

    rows = opened(console, "rows")
    rows.locator("tr[data-param-name=dataset] input").fill("sales")
    assert "SO7100" in answer(rows)

    assert [url for url in asked if not url.startswith((f"{console.app.api}/", "data:"))] == []
    # Swagger UI's own note that it takes its general component for files, which is the right one.
    console.faults = [fault for fault in console.faults if "JsonSchema_string_binary" not in fault]
