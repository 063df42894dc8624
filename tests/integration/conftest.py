"""One database, one container and the use case on top of both, for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient
from sqlalchemy import Engine

from shared import settings
from shared.contracts import registry
from shared.resources import Resources
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.migrate import migrate
from tests.integration.inferred_datasets import InferredDatasets
from tests.integration.keyless_dataset import Keyless, Uploads, require_consistent


@pytest.fixture
def own(database_url: str, storage: str) -> Iterator[Resources]:
    """The app's own resources, on this test's database."""
    made = Resources(settings.load({"DATABASE_URL": database_url, "UPLOADS": storage}))
    yield made
    made.engine.dispose()


@pytest.fixture
def engine(own: Resources) -> Engine:
    return own.engine


@pytest.fixture
def container(storage: str) -> Iterator[ContainerClient]:
    """A container of this test's own; its name goes into the ids, so tests cannot meet."""
    with BlobServiceClient.from_connection_string(storage) as account:
        made = account.create_container(f"uploads-{uuid.uuid4().hex}")
        yield made
        made.delete_container()


@pytest.fixture
def loader(engine: Engine, container: ContainerClient) -> BlobLoader:
    return BlobLoader(engine, container, "sales")


@pytest.fixture
def inferred(loader: BlobLoader, container: ContainerClient, engine: Engine) -> InferredDatasets:
    return InferredDatasets(loader, container, engine)


@pytest.fixture
def uploads(
    container: ContainerClient,
    loader: BlobLoader,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> Iterator[Uploads]:
    """However a test ends, each row must belong to an entry that is loaded, and each entry to its rows."""
    monkeypatch.setitem(registry.CONTRACTS, Keyless.dataset, Keyless)
    migrate(database_url)
    yield Uploads(container, loader)
    require_consistent(engine)
