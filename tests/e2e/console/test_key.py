"""The function key dialog. The local host requires no key, so these tests check it in front of the app."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.console.conftest import Console

pytestmark = pytest.mark.browser

KEY = "a-function-key"


def require_key(route: Route) -> None:
    """Reject requests without the key, as Azure Functions does."""
    if route.request.headers.get("x-functions-key") == KEY:
        route.continue_()
    else:
        route.fulfill(status=401)


def test_key_is_requested_once_and_stored_for_the_session(console: Console) -> None:
    console.page.route("**/api/datasets**", require_key)
    console.page.route("**/api/ingestions**", require_key)
    console.open("ingestions")
    dialog = console.page.get_by_role("dialog", name="Function key required")
    expect(dialog.get_by_label("Function key")).to_be_focused()

    dialog.get_by_label("Function key").fill("ключ")  # not allowed in a request header
    console.page.keyboard.press("Enter")
    assert console.page.evaluate("sessionStorage.length") == 0
    dialog.get_by_label("Function key").fill("wrong")
    console.page.keyboard.press("Enter")
    wrong = console.page.get_by_role("dialog", name="Wrong function key")
    expect(wrong).to_contain_text("The server rejected this key.")
    wrong.get_by_label("Function key").fill(KEY)
    wrong.get_by_role("button", name="Use this key").click()

    expect(console.page.get_by_role("dialog")).to_have_count(0)
    expect(console.page.get_by_role("main")).not_to_contain_text("Loading…")
    expect(console.page.get_by_role("alert")).to_have_count(0)
    assert console.errors
    assert all("status of 401" in error for error in console.errors)
    console.errors.clear()
    console.page.reload()
    expect(console.page.get_by_role("main")).not_to_contain_text("Loading…")
    expect(console.page.get_by_role("dialog")).to_have_count(0)


def test_cancelled_key_dialog_shows_an_error_with_a_retry_button(console: Console) -> None:
    console.page.route("**/api/datasets**", require_key)
    console.open("datasets")
    dialog = console.page.get_by_role("dialog")
    expect(dialog).to_be_visible()

    console.page.keyboard.press("Escape")

    expect(console.page.get_by_role("alert")).to_contain_text("A function key is required.")
    console.page.get_by_role("button", name="Try again").click()
    expect(dialog).to_be_visible()
    console.errors.clear()
