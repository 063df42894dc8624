"""Loads of test files into `sales`: complete, paused, failing, replayed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine

from shared.loading.file_loader import FileLoader
from shared.use_cases import replay_load
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.load_context import LoadOutcome
from tests.fixtures.barriers import Gate


def load(loader: BlobLoader, container: ContainerClient, name: str, content: bytes) -> uuid.UUID:
    """Upload `sales/<name>.csv` and load it; return its ingestion's id."""
    container.upload_blob(f"sales/{name}.csv", content, overwrite=True)
    ingestion_id = loader.load(f"sales/{name}.csv").ingestion_id
    assert ingestion_id is not None
    return ingestion_id


def replay(engine: Engine, container: ContainerClient, loader: BlobLoader, ingestion_id: uuid.UUID) -> None:
    """Request a replay and deliver its message at once."""

    def deliver(path: str) -> None:
        loader.load(path)

    replay_load.request_replay(engine, container, ingestion_id, deliver)


@contextmanager
def paused_load(
    loader: BlobLoader, path: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Future[LoadOutcome]]:
    """Load `path` in another thread, which pauses before it reads the file until the context is left."""
    run = FileLoader.run
    with ThreadPoolExecutor(1) as pool, Gate() as gate, monkeypatch.context() as patch:

        def wait_and_run(*arguments: Any) -> None:
            gate.go_through()
            run(*arguments)

        patch.setattr(FileLoader, "run", wait_and_run)
        loading = pool.submit(loader.load, path)
        gate.wait()
        yield loading


def fail_loads(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Make every load raise `error` before it reads the file."""

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(FileLoader, "run", fail)
