"""A client of the running app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg2
import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from tests.fixtures.apps import App

FINAL = {"loaded", "refused", "failed", "duplicate", "superseded", "undone"}


class Client:
    """Speaks to one app as its users do."""

    def __init__(self, app: App, http: httpx.Client, uploads: ContainerClient) -> None:
        self.app = app
        self.http = http
        self.uploads = uploads

    def post(self, *files: tuple[str, bytes], **query: str) -> httpx.Response:
        """Post files as multipart, all under the field name `files`."""
        parts = [("files", (name, content, "text/csv")) for name, content in files]
        return self.http.post("/api/ingest", params=query, files=parts)

    def settled(self, ingestion_id: str, seconds: float = 30) -> dict[str, Any]:
        """The ingestion, once it has a final state."""

        def look() -> dict[str, Any] | None:
            answer = self.http.get(f"/api/ingestions/{ingestion_id}")
            found: dict[str, Any] = answer.json()
            return found if found.get("state") in FINAL else None

        found = self.app.wait_for(look, seconds)
        assert found is not None
        return found

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the app's database."""
        connection = psycopg2.connect(self.app.database_url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        finally:
            connection.close()

    def blobs(self) -> list[str]:
        """Paths of all uploads."""
        return list(self.uploads.list_blob_names())


@pytest.fixture
def client(app: App) -> Iterator[Client]:
    with (
        httpx.Client(base_url=app.api, timeout=30) as http,
        BlobServiceClient.from_connection_string(app.storage_connection_string) as storage,
    ):
        yield Client(app, http, storage.get_container_client("uploads"))
