"""In Azure the app wants a function key; the local host wants none, so here its gate is put in between."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.console.conftest import Console

pytestmark = pytest.mark.browser

KEY = "a-function-key"


def gate(route: Route) -> None:
    """What the platform does before the app is asked."""
    if route.request.headers.get("x-functions-key") == KEY:
        route.continue_()
    else:
        route.fulfill(status=401)


def test_a_key_is_asked_for_once_and_kept_for_the_session(console: Console) -> None:
    console.page.route("**/api/datasets**", gate)
    console.page.route("**/api/ingestions**", gate)
    console.open("ingestions")
    dialog = console.page.get_by_role("dialog", name="Function key needed")
    expect(dialog.get_by_label("Function key")).to_be_focused()

    dialog.get_by_label("Function key").fill("ключ")  # no header of a request can hold it
    console.page.keyboard.press("Enter")
    assert console.page.evaluate("sessionStorage.length") == 0
    dialog.get_by_label("Function key").fill("wrong")
    console.page.keyboard.press("Enter")
    wrong = console.page.get_by_role("dialog", name="Wrong function key")
    expect(wrong).to_contain_text("The app does not accept this key.")
    wrong.get_by_label("Function key").fill(KEY)
    wrong.get_by_role("button", name="Use this key").click()

    expect(console.page.get_by_role("dialog")).to_have_count(0)
    expect(console.page.get_by_role("main")).not_to_contain_text("Loading…")
    expect(console.page.get_by_role("alert")).to_have_count(0)
    assert console.faults
    assert all("status of 401" in fault for fault in console.faults)
    console.faults.clear()
    console.page.reload()
    expect(console.page.get_by_role("main")).not_to_contain_text("Loading…")
    expect(console.page.get_by_role("dialog")).to_have_count(0)


def test_without_a_key_the_page_says_that_one_is_needed(console: Console) -> None:
    console.page.route("**/api/datasets**", gate)
    console.open("datasets")
    dialog = console.page.get_by_role("dialog")
    expect(dialog).to_be_visible()

    console.page.keyboard.press("Escape")

    expect(console.page.get_by_role("alert")).to_contain_text("wants a function key, and none was given")
    console.page.get_by_role("button", name="Try again").click()
    expect(dialog).to_be_visible()
    console.faults.clear()
