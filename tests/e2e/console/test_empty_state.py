"""The console before any file was loaded: each page says what to do first."""

from __future__ import annotations

import psycopg2
import pytest
from playwright.sync_api import expect

from tests.e2e.console.conftest import Console
from tests.fixtures.apps import App

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True, scope="module")
def _no_loads(app: App) -> None:
    """Delete everything that other modules loaded into the same app."""
    connection = psycopg2.connect(app.database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("truncate ingest.ingestions, ingest.datasets, sales cascade")
    connection.close()


def test_start_page_is_the_upload_page(console: Console) -> None:
    console.open()

    expect(console.page.get_by_role("heading", name="Upload CSV files")).to_be_visible()
    expect(console.page.get_by_label("Choose files")).to_be_attached()
    expect(console.page).to_have_title("Upload CSV files \u2013 CSV to Postgres")
    expect(console.page.get_by_label("Dataset")).to_have_value("sales")  # the only dataset


def test_empty_list_of_ingestions_links_to_the_upload_page(console: Console) -> None:
    console.open("ingestions")

    expect(console.page.get_by_text("No files loaded yet")).to_be_visible()
    console.page.get_by_role("link", name="Upload a CSV file").click()
    expect(console.page.get_by_role("heading", name="Upload CSV files")).to_be_focused()


def test_dataset_without_rows_links_to_the_upload_page(console: Console) -> None:
    console.open("datasets")
    console.page.get_by_role("link", name="sales").click()

    expect(console.page.get_by_text("This dataset has no rows yet")).to_be_visible()
    console.page.get_by_role("link", name="Upload a file", exact=True).click()
    expect(console.page.get_by_label("Dataset")).to_have_value("sales")


def test_page_is_small_and_its_policy_blocks_other_origins(console: Console) -> None:
    with console.page.expect_response("**/api/console") as response:
        console.open()
    policy = response.value.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    expect(console.page.get_by_label("Dataset")).to_have_value("sales")

    transferred, decoded = console.page.evaluate(
        """performance.getEntries().filter(({ name }) => /api.console/.test(name)).reduce(
          (sum, { encodedBodySize, decodedBodySize }) => [sum[0] + encodedBodySize, sum[1] + decodedBodySize],
          [0, 0])"""
    )

    assert 0 < transferred < 30_000
    assert transferred < decoded < 76_000
