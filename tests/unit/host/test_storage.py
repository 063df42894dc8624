"""What is logged when a storage account does not answer."""

import logging

import pytest
from azure.core.exceptions import AzureError

from dev.host.storage import Account

SCAN, READ = "scanning the container c", "reading the queue q"


@pytest.fixture
def account(caplog: pytest.LogCaptureFixture) -> Account:
    caplog.set_level(logging.INFO)
    return Account("DATA", "UseDevelopmentStorage=true")


def test_one_service_that_answers_does_not_end_the_outage_of_another(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        account.failed(READ, AzureError("no answer"))
        account.answered(SCAN)
    account.answered(READ)
    account.answered(READ)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert caplog.messages[1] == f"storage account of DATA answers again: {READ}"


def test_what_fails_every_other_time_is_not_logged_every_time(
    account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        account.failed(READ, AzureError("no answer"))
        account.answered(READ)
    assert len(caplog.records) == 2


def test_a_signature_is_not_logged(account: Account, caplog: pytest.LogCaptureFixture) -> None:
    account.failed(READ, AzureError("cannot reach https://account/c?sig=secret at all"))
    assert "secret" not in caplog.text
    assert "at all" in caplog.text
