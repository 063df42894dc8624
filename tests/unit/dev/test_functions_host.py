"""Which Functions host runs the app, and the settings that it gets."""

from pathlib import Path

import pytest

from dev.errors import UsageError
from dev.functions_host import app_environment, choose
from dev.stack import Endpoints, bypass_proxy

ENDPOINTS = Endpoints("postgresql://here", "AccountName=here")


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The only folder on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_auto_chooses_func_if_it_is_installed(path: Path) -> None:
    assert choose("auto")[0] == "local"
    (path / "func").touch(mode=0o755)
    assert choose("auto")[0] == "func"
    assert choose("local")[0] == "local"


def test_choosing_func_without_core_tools_is_refused(path: Path) -> None:
    with pytest.raises(UsageError, match="func is not on the PATH"):
        choose("func")


def test_the_app_gets_the_addresses_of_its_servers_and_keeps_the_users_settings() -> None:
    users = {"DATABASE_URL": "postgresql://elsewhere", "UPLOADS": "elsewhere", "RETRY_SECONDS": "1"}
    settings = users | app_environment(users, ENDPOINTS)
    assert settings["DATABASE_URL"] == "postgresql://here"
    assert settings["UPLOADS"] == settings["AzureWebJobsStorage"] == "AccountName=here"
    assert settings["FUNCTIONS_WORKER_RUNTIME"] == "python"
    assert settings["BLOB_TRIGGER_SOURCE"] == "polling"
    assert settings["RETRY_SECONDS"] == "1"


def test_loopback_is_added_to_the_hosts_without_proxy() -> None:
    environment = {"NO_PROXY": "example.org"}
    bypass_proxy(environment)
    assert environment == {"NO_PROXY": "example.org,127.0.0.1", "no_proxy": "127.0.0.1"}
