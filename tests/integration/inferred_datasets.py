"""Looks at datasets that were made from files."""

from __future__ import annotations

from typing import Any

from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.datasets import catalog
from shared.datasets.catalog import Dataset
from shared.ledger import datasets
from shared.use_cases.load_blob import BlobLoader
from tests.integration.assertions import entry


class InferredDatasets:
    """Brings files to one worker, and looks at what became of them."""

    def __init__(self, loader: BlobLoader, container: ContainerClient, engine: Engine) -> None:
        self._ingesting = loader
        self._container = container
        self._engine = engine

    def write(self, path: str, *lines: str, **metadata: str) -> dict[str, Any]:
        """Upload a file of these lines, load it, give its ledger entry."""
        content = "\n".join([*lines, ""]).encode()
        self._container.upload_blob(path, content, overwrite=True, metadata=metadata)
        self._ingesting.load(path)
        return entry(self._engine, path)

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        """All rows of the table in load order, without load and line."""
        known = self.dataset(name)
        columns = ", ".join(f'"{column}"' for column in known.contract.model_fields)
        return self.query(f'select {columns} from public."{name}" order by _load, _line')  # noqa: S608

    def types(self, name: str) -> dict[str, str]:
        """The table's columns with their types as Postgres has them; a `?` behind those that are nullable."""
        found = self.query(f"""
            select attname, format_type(atttypid, atttypmod) || case when attnotnull then '' else '?' end
            from pg_attribute where attrelid = 'public."{name}"'::regclass and attnum > 0
            and not attisdropped and attname not in ('_load', '_line') order by attnum""")  # noqa: S608
        return {str(column): str(kind) for column, kind in found}

    def changes(self, name: str) -> list[dict[str, Any]]:
        with self._engine.connect() as connection:
            newest_first = datasets.schema_changes(connection, name, limit=1000, before=None)
            return [one["change"] for one in reversed(newest_first)]

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
