"""Settings: required keys, defaults, and errors that name an invalid key but not its value."""

from __future__ import annotations

import pytest

from shared import bindings, settings
from shared.errors import SettingsError

REQUIRED = {"DATABASE_URL": "postgresql://u:secret@host/db", "UPLOADS": "UseDevelopmentStorage=true"}


def test_optional_settings_have_defaults() -> None:
    loaded = settings.load(REQUIRED)
    assert (loaded.default_dataset, loaded.database_auth, loaded.blob_trigger_source) == (
        "sales",
        "password",
        "polling",
    )


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_postgres_url_scheme_uses_psycopg2(scheme: str) -> None:
    loaded = settings.load({**REQUIRED, "DATABASE_URL": f"{scheme}://u:p@h:1/d?sslmode=require"})
    assert loaded.database.drivername == "postgresql+psycopg2"
    assert loaded.database.query["sslmode"] == "require"


@pytest.mark.parametrize(
    ("changed", "key"),
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
def test_an_invalid_setting_is_named_without_its_value(changed: dict[str, str], key: str) -> None:
    with pytest.raises(SettingsError, match=key) as caught:
        settings.load({**REQUIRED, **changed})
    assert "secret" not in str(caught.value)


def test_all_invalid_settings_are_named_in_one_error() -> None:
    with pytest.raises(SettingsError, match=r"DATABASE_AUTH.*LOG_LEVEL"):
        settings.load({**REQUIRED, "DATABASE_AUTH": "x", "LOG_LEVEL": "x"})


def test_the_representation_of_the_settings_has_no_secrets() -> None:
    assert "secret" not in repr(settings.load(REQUIRED))


@pytest.mark.parametrize(
    ("value", "source"),
    [("eventgrid", "eventgrid"), ("polling", "polling"), ("x", "polling"), (None, "polling")],
)
def test_an_invalid_trigger_source_means_polling(
    monkeypatch: pytest.MonkeyPatch, value: str | None, source: str
) -> None:
    monkeypatch.delenv("BLOB_TRIGGER_SOURCE", raising=False)
    if value is not None:
        monkeypatch.setenv("BLOB_TRIGGER_SOURCE", value)
    assert bindings.trigger_source() == source
