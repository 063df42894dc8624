"""Which credentials reach Postgres and storage: decided in one place, for every function."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from azure.core.credentials import AccessToken
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from dev.postgres import Postgres
from shared import settings
from shared.errors import SettingsError
from shared.resources import Resources


class Tokens:
    """An identity whose token is another one each time that it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def get_token(self, *scopes: str, **_options: object) -> AccessToken:
        assert scopes == ("https://ossrdbms-aad.database.windows.net/.default",)
        self.asked += 1
        return AccessToken(f"token-{self.asked}", 0)


@pytest.fixture
def login(postgres: Postgres) -> Iterator[str]:
    """A role whose password can be set; gives the URL without one."""
    set_password(postgres, "create role entra login password 'none yet'")
    yield f"postgresql://entra@{postgres.url.rpartition('@')[2]}?sslmode=disable"
    set_password(postgres, "drop role entra")


def set_password(postgres: Postgres, statement: str) -> None:
    connection = psycopg2.connect(postgres.url)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def test_with_entra_each_new_connection_has_a_fresh_token(
    postgres: Postgres, login: str, storage: str
) -> None:
    own = Resources(settings.load({"DATABASE_URL": login, "DATABASE_AUTH": "entra", "UPLOADS": storage}))
    own.__dict__["credential"] = Tokens()
    for number in (1, 2):
        set_password(postgres, f"alter role entra password 'token-{number}'")
        with own.engine.connect() as connection:
            assert connection.scalar(text("select current_user")) == "entra"
        own.engine.dispose()
    with pytest.raises(OperationalError, match="password"):
        own.engine.connect()


def test_with_an_address_storage_is_reached_by_the_apps_identity(database_url: str) -> None:
    own = Resources(
        settings.load(
            {
                "DATABASE_URL": database_url,
                "UPLOADS__blobServiceUri": "https://account.blob.core.windows.net",
                "UPLOADS": "a connection string that is not used",
            }
        )
    )
    assert own.uploads.url == "https://account.blob.core.windows.net/uploads"
    assert own.uploads.credential is own.credential


def test_a_broken_connection_string_is_named_without_being_shown(database_url: str) -> None:
    own = Resources(settings.load({"DATABASE_URL": database_url, "UPLOADS": "AccountKey=secret"}))
    with pytest.raises(SettingsError, match="UPLOADS") as caught:
        _ = own.uploads
    assert "secret" not in str(caught.value)
