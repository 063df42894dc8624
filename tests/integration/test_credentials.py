"""One place decides which credentials connect every function to Postgres and to storage."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from azure.core.credentials import AccessToken
from azure.storage.blob import ContainerClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from dev.postgres import Postgres
from shared import settings
from shared.errors import SettingsError
from shared.ledger.tables import State
from shared.resources import Resources
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.set_key import set_key
from shared.use_cases.undo_load import undo_load
from tests.fixtures.pages import Page
from tests.fixtures.samples import csv, row


class NewTokens:
    """An identity that returns another token each time."""

    def __init__(self) -> None:
        self._count = 0

    def get_token(self, *scopes: str, **_options: object) -> AccessToken:
        assert scopes == ("https://ossrdbms-aad.database.windows.net/.default",)
        self._count += 1
        return AccessToken(f"token-{self._count}", 0)


@pytest.fixture
def role_url(postgres: Postgres) -> Iterator[str]:
    """The URL of a new role `entra`, without a password."""
    run(postgres, "create role entra login password 'not set yet'")
    yield f"postgresql://entra@{postgres.url.rpartition('@')[2]}?sslmode=disable"
    run(postgres, "drop role entra")


def run(postgres: Postgres, statement: str, url: str = "") -> None:
    connection = psycopg2.connect(url or postgres.url)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def test_with_entra_each_new_connection_has_a_fresh_token(
    postgres: Postgres, role_url: str, storage: str
) -> None:
    entra = {"DATABASE_URL": role_url, "DATABASE_AUTH": "entra", "UPLOADS": storage}
    resources = Resources(settings.load(entra))
    resources.__dict__["credential"] = NewTokens()
    for number in (1, 2):
        run(postgres, f"alter role entra password 'token-{number}'")
        with resources.engine.connect() as connection:
            assert connection.scalar(text("select current_user")) == "entra"
        resources.engine.dispose()
    with pytest.raises(OperationalError, match="password"):
        resources.engine.connect()


def test_the_rights_in_the_deployment_guide_are_enough(
    postgres: Postgres, role_url: str, database_url: str, storage: str, container: ContainerClient
) -> None:
    (grants,) = Page("docs/howto/deploy.md").code("text")
    run(postgres, "alter role entra password 'secret'")
    run(postgres, grants.replace("<role>", "entra"), database_url)
    own_url = f"postgresql://entra:secret@{database_url.rpartition('@')[2]}"
    resources = Resources(settings.load({"DATABASE_URL": own_url, "UPLOADS": storage}))
    loader = BlobLoader(resources.engine, container, "sales")
    try:
        for number, content in enumerate([csv(row(1), row(2)), csv(row(1, price="1.00"), row(2))]):
            container.upload_blob(f"sales/{number}.csv", content)
            assert loader.load(f"sales/{number}.csv").state is State.LOADED
        container.upload_blob("parts/a.csv", b"part_no,name\n1,Bolt\n2,Nut\n")
        parts = loader.load("parts/a.csv")
        set_key(resources.engine, "parts", ["part_no"])
        assert parts.state is State.LOADED
        assert parts.ingestion_id
        undo_load(resources.engine, parts.ingestion_id)
    finally:
        resources.engine.dispose()
        run(postgres, "drop owned by entra", database_url)


def test_with_a_service_uri_the_apps_identity_connects_to_storage(database_url: str) -> None:
    resources = Resources(
        settings.load(
            {
                "DATABASE_URL": database_url,
                "UPLOADS__blobServiceUri": "https://account.blob.core.windows.net",
                "UPLOADS": "a connection string that is not used",
            }
        )
    )
    assert resources.uploads.url == "https://account.blob.core.windows.net/uploads"
    assert resources.uploads.credential is resources.credential


def test_an_invalid_connection_string_is_named_but_not_shown(database_url: str) -> None:
    resources = Resources(settings.load({"DATABASE_URL": database_url, "UPLOADS": "AccountKey=secret"}))
    with pytest.raises(SettingsError, match="UPLOADS") as caught:
        _ = resources.uploads
    assert "secret" not in str(caught.value)
