"""The Swagger UI page: its requests work as they are offered."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator

from tests.e2e.console.conftest import Console
from tests.fixtures.samples import csv, row

pytestmark = pytest.mark.browser


def open_operation(console: Console, operation: str) -> Locator:
    """Open an operation for "Try it out"."""
    block = console.page.locator(f'[id$="-{operation}"]')
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    return block


def execute(block: Locator) -> str:
    """The response: status, body and headers."""
    block.get_by_role("button", name="Execute").click()
    return block.locator(".live-responses-table .response").inner_text()


def test_swagger_ui_uploads_a_file_and_reads_its_rows(console: Console) -> None:
    requested: list[str] = []
    console.page.on("request", lambda request: requested.append(request.url))
    console.page.goto(f"{console.app.api}/api/docs")

    ingest = open_operation(console, "ingest")
    ingest.locator("input[type=file]").set_input_files(
        {"name": "docs.csv", "mimeType": "text/csv", "buffer": csv(row(7100))}
    )
    ingest.locator("tr[data-param-name=Prefer] input").fill("wait=30")
    assert '"loaded"' in execute(ingest)

    rows = open_operation(console, "rows")
    rows.locator("tr[data-param-name=dataset] input").fill("sales")
    assert "SO7100" in execute(rows)

    assert [url for url in requested if not url.startswith((f"{console.app.api}/", "data:"))] == []
    # Swagger UI warns that it uses its generic component for files, which is the right one.
    console.errors = [error for error in console.errors if "JsonSchema_string_binary" not in error]
