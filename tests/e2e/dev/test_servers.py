"""The servers that the tests use: restarts and crashes."""

import psycopg2
from azure.storage.blob import BlobServiceClient

from dev.azurite import Azurite
from dev.postgres import Postgres
from tests.fixtures.apps import App


def query(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone()
            return row[0] if row else None
    finally:
        connection.close()


def test_postgres_has_the_same_address_and_data_after_a_restart(
    postgres: Postgres, database_url: str
) -> None:
    before = query(database_url, "select count(*) from ingest.ingestions")
    postgres.restart()
    assert before == query(database_url, "select count(*) from ingest.ingestions") == 0


def test_azurite_has_the_same_address_and_blobs_after_a_restart(azurite: Azurite, clean_uploads: str) -> None:
    before = azurite.connection_string
    with BlobServiceClient.from_connection_string(before) as account:
        blob = account.get_blob_client("uploads", "kept.csv")
        blob.upload_blob(b"kept")
        azurite.stop()
        azurite.start()
        assert azurite.connection_string == before == clean_uploads
        assert blob.download_blob().readall() == b"kept"


def test_the_app_starts_again_after_a_crash(app: App) -> None:
    app.kill()
    app.start()
    assert app.wait_for(lambda: app.log.count("Host started") == 2)
    assert query(app.database_url, "select count(*) from ingest.ingestions") == 0
