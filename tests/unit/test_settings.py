"""Settings: what must be set, what may be, and that a bad key is named without its value."""

from __future__ import annotations

import pytest

from shared import bindings, settings
from shared.errors import SettingsError

LEAST = {"DATABASE_URL": "postgresql://u:secret@host/db", "UPLOADS": "UseDevelopmentStorage=true"}


def test_the_rest_has_defaults() -> None:
    loaded = settings.load(LEAST)
    assert (loaded.default_dataset, loaded.database_auth, loaded.blob_trigger_source) == (
        "sales",
        "password",
        "polling",
    )


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_any_spelling_of_a_postgres_url_gets_the_driver_that_is_installed(scheme: str) -> None:
    loaded = settings.load({**LEAST, "DATABASE_URL": f"{scheme}://u:p@h:1/d?sslmode=require"})
    assert loaded.database.drivername == "postgresql+psycopg2"
    assert loaded.database.query["sslmode"] == "require"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://u:secret@h/d"}, "DATABASE_URL"),
        ({"DATABASE_URL": "secret nonsense"}, "DATABASE_URL"),
        ({"UPLOADS": " "}, "UPLOADS"),
        ({"DATABASE_AUTH": "secret"}, "DATABASE_AUTH"),
        ({"BLOB_TRIGGER_SOURCE": "secret"}, "BLOB_TRIGGER_SOURCE"),
        ({"RETRY_SECONDS": "secret"}, "RETRY_SECONDS"),
        ({"UPLOADS__blobServiceUri": "secret"}, "UPLOADS__blobServiceUri"),
    ],
)
def test_a_bad_key_is_named_and_its_value_is_not(changed: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told) as caught:
        settings.load({**LEAST, **changed})
    assert "secret" not in str(caught.value)


def test_every_bad_key_is_named_at_once() -> None:
    with pytest.raises(SettingsError, match=r"DATABASE_AUTH.*LOG_LEVEL"):
        settings.load({**LEAST, "DATABASE_AUTH": "x", "LOG_LEVEL": "x"})


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(settings.load(LEAST))


@pytest.mark.parametrize(
    ("value", "source"),
    [("eventgrid", "eventgrid"), ("polling", "polling"), ("x", "polling"), (None, "polling")],
)
def test_the_triggers_source_is_read_without_ever_failing(
    monkeypatch: pytest.MonkeyPatch, value: str | None, source: str
) -> None:
    monkeypatch.delenv("BLOB_TRIGGER_SOURCE", raising=False)
    if value is not None:
        monkeypatch.setenv("BLOB_TRIGGER_SOURCE", value)
    assert bindings.trigger_source() == source
