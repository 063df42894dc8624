"""The console in a browser, and what is wrong with it: errors on its console, faults of accessibility."""

from __future__ import annotations

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
    """The page of one app, as people use it; `faults` are the messages of errors and warnings."""

    def __init__(self, page: Page, app: App) -> None:
        self.page = page
        self.app = app
        self.faults: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.faults.append(f"{error.message} {error.stack}"))
        page.set_default_timeout(15_000)
        expect.set_options(timeout=15_000)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(f"{message.text} ({message.location.get('url')})")

    def open(self, view: str = "") -> None:
        """Open a view, `datasets/sales` say, as its link does."""
        self.page.goto(f"{self.app.api}/api/console#/{view}")

    def drop(self, *files: tuple[str, str]) -> None:
        """Drop files, by name and text, onto the page."""
        transfer = self.page.evaluate_handle(_DROP, [list(file) for file in files])
        self.page.dispatch_event("main", "drop", {"dataTransfer": transfer})

    def card(self, name: str) -> Locator:
        """The part of the upload view that is about one file."""
        return (
            self.page.get_by_role("list", name="Files")
            .get_by_role("listitem")
            .filter(has=self.page.get_by_role("heading", name=name, exact=True))
        )

    def upload(self, dataset: str, *files: tuple[str, str]) -> None:
        """Drop files, see their previews, send them, and wait until each is settled."""
        self.open("upload")
        self.page.get_by_label("Dataset").fill(dataset)
        self.drop(*files)
        self.page.get_by_role("button", name="Send").click()
        for name, _ in files:
            self.card(name).get_by_role("link", name="See what became of them").wait_for()

    def accessibility_faults(self) -> list[str]:
        """What axe-core finds wrong with the page as it is."""
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        return [
            f"{fault['id']}: {fault['help']}: {node['html'][:160]} {node.get('failureSummary', '')}"
            for fault in found
            for node in fault["nodes"]
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
    """What the tabs of all tests share."""
    with chromium.new_context() as context:
        yield context


@pytest.fixture
def console(app: App, window: BrowserContext) -> Iterator[Console]:
    """The console in a new tab, a session of its own; nothing may go wrong unless the test asks for it."""
    window.set_offline(False)
    with window.new_page() as page:
        found = Console(page, app)
        yield found
        assert found.faults == []
