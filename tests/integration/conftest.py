"""A database, a container and a blob loader for each test."""

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
def resources(database_url: str, storage: str) -> Iterator[Resources]:
    """The app's resources with the database of this test."""
    resources = Resources(settings.load({"DATABASE_URL": database_url, "UPLOADS": storage}))
    yield resources
    resources.engine.dispose()


@pytest.fixture
def engine(resources: Resources) -> Engine:
    return resources.engine


@pytest.fixture
def container(storage: str) -> Iterator[ContainerClient]:
    """A container only for this test. Its name is part of the ingestion ids, so tests have different ids."""
    with BlobServiceClient.from_connection_string(storage) as account:
        created = account.create_container(f"uploads-{uuid.uuid4().hex}")
        yield created
        created.delete_container()


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
    """Uploads to a dataset without a key. After the test, the rows and the ledger must be consistent."""
    monkeypatch.setitem(registry.CONTRACTS, Keyless.dataset, Keyless)
    migrate(database_url)
    yield Uploads(container, loader)
    require_consistent(engine)
