"""Fixtures for the console in a browser: pages, dropped files, errors, accessibility checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from dev.postgres import Postgres
from tests.fixtures.apps import App, running

_DROP = """files => {
  const transfer = new DataTransfer();
  for (const [name, text] of files) transfer.items.add(new File([text], name, {type: "text/csv"}));
  return transfer;
}"""


class Console:
    """A browser tab with the console of one app; `errors` are what the browser reported."""

    def __init__(self, page: Page, app: App) -> None:
        self.page = page
        self.app = app
        self.errors: list[str] = []
        page.on("console", self._record)
        page.on("pageerror", lambda error: self.errors.append(f"{error.message} {error.stack}"))
        page.set_default_timeout(15_000)
        expect.set_options(timeout=15_000)

    def _record(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.errors.append(f"{message.text} ({message.location.get('url')})")

    def open(self, path: str = "") -> None:
        """Open a page by its hash, for example `datasets/sales`."""
        self.page.goto(f"{self.app.api}/api/console#/{path}")

    def drop(self, *files: tuple[str, str]) -> None:
        """Drop files, by name and text, onto the page."""
        transfer = self.page.evaluate_handle(_DROP, [list(file) for file in files])
        self.page.dispatch_event("main", "drop", {"dataTransfer": transfer})

    def card(self, name: str) -> Locator:
        """The part of the upload page that shows one file."""
        return (
            self.page.get_by_role("list", name="Files")
            .get_by_role("listitem")
            .filter(has=self.page.get_by_role("heading", name=name, exact=True))
        )

    def upload(self, dataset: str, *files: tuple[str, str]) -> None:
        """Drop files, upload them, and wait until each is finished."""
        self.open("upload")
        self.page.get_by_label("Dataset").fill(dataset)
        self.drop(*files)
        self.page.get_by_role("button", name=re.compile(r"^Upload \d")).click()
        for name, _ in files:
            self.card(name).get_by_role("link", name="View details").wait_for()

    def accessibility_violations(self) -> list[str]:
        """The violations that axe-core finds on the current page."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [
            f"{violation['id']}: {violation['help']}: {node['html'][:160]} {node.get('failureSummary', '')}"
            for violation in found
            for node in violation["nodes"]
        ]


@pytest.fixture(scope="package")
def app(
    tmp_path_factory: pytest.TempPathFactory, postgres: Postgres, template_database: str
) -> Iterator[App]:
    """One app for all tests of the console."""
    with running(tmp_path_factory.mktemp("console"), postgres, template_database) as started:
        yield started


@pytest.fixture(scope="package")
def window(chromium: Browser) -> Iterator[BrowserContext]:
    """The browser context of all tests, each of which opens a tab."""
    with chromium.new_context() as context:
        yield context


@pytest.fixture
def console(app: App, window: BrowserContext) -> Iterator[Console]:
    """The console in a new tab. The test fails if the browser reports an error that it did not clear."""
    window.set_offline(False)
    with window.new_page() as page:
        found = Console(page, app)
        yield found
        assert found.errors == []
