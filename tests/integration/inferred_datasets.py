"""Loads files into inferred datasets and reads their tables."""

from __future__ import annotations

from typing import Any

from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.datasets import catalog
from shared.datasets.catalog import Dataset
from shared.use_cases.load_blob import BlobLoader
from tests.integration.assertions import entry


class InferredDatasets:
    """Loads files with one worker, and reads the resulting tables and ledger entries."""

    def __init__(self, loader: BlobLoader, container: ContainerClient, engine: Engine) -> None:
        self._loader = loader
        self._container = container
        self._engine = engine

    def write(self, path: str, *lines: str, **metadata: str) -> dict[str, Any]:
        """Upload and load a file of these lines; returns its ledger entry."""
        content = "\n".join([*lines, ""]).encode()
        self._container.upload_blob(path, content, overwrite=True, metadata=metadata)
        self._loader.load(path)
        return entry(self._engine, path)

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        """All rows of the table in load order, without `_load` and `_line`."""
        known = self.dataset(name)
        columns = ", ".join(f'"{column}"' for column in known.contract.model_fields)
        return self.query(f'select {columns} from public."{name}" order by _load, _line')  # noqa: S608

    def types(self, name: str) -> dict[str, str]:
        """The table's columns with their types in PostgreSQL; `?` marks nullable columns."""
        found = self.query(f"""
            select attname, format_type(atttypid, atttypmod) || case when attnotnull then '' else '?' end
            from pg_attribute where attrelid = 'public."{name}"'::regclass and attnum > 0
            and not attisdropped and attname not in ('_load', '_line') order by attnum""")  # noqa: S608
        return {str(column): str(kind) for column, kind in found}

    def changes(self, name: str) -> list[dict[str, Any]]:
        """The recorded changes of the table, oldest first."""
        found = self.query(f"select change from ingest.dataset_changes where dataset = '{name}' order by id")  # noqa: S608
        return [change for (change,) in found]

    def dataset(self, name: str) -> Dataset:
        with self._engine.connect() as connection:
            found = catalog.find_dataset(connection, name)
        assert found is not None
        return found

    def has_table(self, name: str) -> bool:
        return bool(self.query(f"select to_regclass('public.\"{name}\"') is not null")[0][0])

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with self._engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(statement))]

    def run(self, statement: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(text(statement))
