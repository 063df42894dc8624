"""Connection settings, and the log of an account that does not respond."""

import logging

import pytest
from azure.core.exceptions import AzureError

from dev.host.errors import SettingError
from dev.host.storage import Account, Accounts

SCAN, READ = "scanning the container c", "reading the queue q"


@pytest.fixture
def account(caplog: pytest.LogCaptureFixture) -> Account:
    caplog.set_level(logging.INFO)
    return Account("DATA", "UseDevelopmentStorage=true")


def test_a_service_that_responds_does_not_end_the_outage_of_another(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        account.failed(READ, AzureError("no answer"))
        account.succeeded(SCAN)
    account.succeeded(READ)
    account.succeeded(READ)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert caplog.messages[1] == f"storage account of DATA is available again: {READ}"


def test_an_activity_that_fails_every_other_time_is_not_logged_every_time(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        account.failed(READ, AzureError("no answer"))
        account.succeeded(READ)
    assert len(caplog.records) == 2


def test_a_signature_is_not_logged(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    account.failed(READ, AzureError("cannot reach https://account/c?sig=secret at all"))
    assert "secret" not in caplog.text
    assert "at all" in caplog.text


def test_connections_are_named_and_never_shown() -> None:
    accounts = Accounts({"BAD": "AccountKey=secret", "IDENTITY__blobServiceUri": "https://x"})
    for setting in ("BAD", "IDENTITY", "MISSING"):
        with pytest.raises(SettingError, match=setting) as caught:
            accounts[setting]
        assert "secret" not in str(caught.value)


def test_the_emulators_short_form_is_a_connection() -> None:
    account = Accounts({"DATA": "UseDevelopmentStorage=true"})["DATA"]
    assert account.blobs.url.startswith("http://127.0.0.1:10000/devstoreaccount1")
