"""A client of the running app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import psycopg2
import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from tests.fixtures.apps import App

FINAL_STATES = {"loaded", "refused", "failed", "duplicate", "superseded", "undone"}


class Client:
    """Sends requests to one app and reads its storage and its database."""

    def __init__(self, app: App, http: httpx.Client, uploads: ContainerClient) -> None:
        self.app = app
        self.http = http
        self.uploads = uploads

    def post(self, *files: tuple[str, bytes], **query: str) -> httpx.Response:
        """Post files as multipart, all under the field name `files`."""
        parts = [("files", (name, content, "text/csv")) for name, content in files]
        return self.http.post("/api/ingest", params=query, files=parts)

    def wait_for_result(self, ingestion_id: str, seconds: float = 30) -> dict[str, Any]:
        """Wait until the ingestion has a final state, and return it."""

        def finished() -> dict[str, Any]:
            ingestion: dict[str, Any] = self.http.get(f"/api/ingestions/{ingestion_id}").json()
            return ingestion if ingestion.get("state") in FINAL_STATES else {}

        return self.app.wait_for(finished, seconds)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a query in the app's database and return its rows."""
        connection = psycopg2.connect(self.app.database_url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()
        finally:
            connection.close()

    def blobs(self) -> list[str]:
        """The paths of all uploaded blobs."""
        return list(self.uploads.list_blob_names())


@pytest.fixture
def client(app: App) -> Iterator[Client]:
    with (
        httpx.Client(base_url=app.api, timeout=30) as http,
        BlobServiceClient.from_connection_string(app.storage_connection_string) as storage,
    ):
        yield Client(app, http, storage.get_container_client("uploads"))
