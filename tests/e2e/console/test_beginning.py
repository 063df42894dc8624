"""The console before anything was loaded; it says what to do first."""

from __future__ import annotations

import psycopg2
import pytest
from playwright.sync_api import expect

from tests.e2e.console.conftest import Console
from tests.fixtures.apps import App

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True, scope="module")
def _nothing_loaded(app: App) -> None:
    """As after the first start, whatever other modules loaded into the same app before."""
    connection = psycopg2.connect(app.database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("truncate ingest.ingestions, ingest.datasets, sales cascade")
    connection.close()


def test_the_first_view_is_for_uploading(console: Console) -> None:
    console.open()

    expect(console.page.get_by_role("heading", name="Upload CSV files")).to_be_visible()
    expect(console.page.get_by_label("Choose files")).to_be_attached()
    expect(console.page).to_have_title("Upload CSV files \u2013 CSV to Postgres")
    expect(console.page.get_by_label("Dataset")).to_have_value("sales")  # the only one there is


def test_an_empty_list_says_how_to_fill_it(console: Console) -> None:
    console.open("ingestions")

    expect(console.page.get_by_text("Nothing was loaded yet")).to_be_visible()
    console.page.get_by_role("link", name="Upload a CSV file").click()
    expect(console.page.get_by_role("heading", name="Upload CSV files")).to_be_focused()


def test_a_dataset_without_rows_says_how_to_fill_it(console: Console) -> None:
    console.open("datasets")
    console.page.get_by_role("link", name="sales").click()

    expect(console.page.get_by_text("It has no rows yet")).to_be_visible()
    console.page.get_by_role("link", name="Upload a file", exact=True).click()
    expect(console.page.get_by_label("Dataset")).to_have_value("sales")


def test_the_page_is_small_and_allows_nothing_from_elsewhere(console: Console) -> None:
    with console.page.expect_response("**/api/console") as answer:
        console.open()
    policy = answer.value.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    expect(console.page.get_by_label("Dataset")).to_have_value("sales")

    sent, written = console.page.evaluate(
        """performance.getEntries().filter(({ name }) => /api.console/.test(name)).reduce(
          (sum, { encodedBodySize, decodedBodySize }) => [sum[0] + encodedBodySize, sum[1] + decodedBodySize],
          [0, 0])"""
    )

    assert 0 < sent < 32_000
    assert sent < written < 70_000
