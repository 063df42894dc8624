"""Migrates a database: ledger revisions by Alembic, and tables of new contracts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, inspect, text
from sqlalchemy.schema import CreateIndex, DropIndex
from sqlalchemy.types import TypeEngine

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.registry import CONTRACTS
from shared.datasets import adopt_table, tables
from shared.errors import SettingsError
from shared.ledger.tables import SCHEMA
from shared.settings import postgres_url

_LOCK = 0x43535632504721  # the bytes of "CSV2PG!", used for nothing else


def migrate(database_url: str) -> list[str]:
    """Apply all missing changes in one transaction; returns a line for each change.

    Concurrent migrations wait for each other. A table that was inferred from files is changed to match its
    new contract if its rows allow it. Raises `SettingsError` if any other table differs from its contract:
    only its owner can decide how to change it.
    """
    engine = create_engine(postgres_url(database_url), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        done = _upgrade(connection)
        for contract in CONTRACTS.values():
            done += _ensure_table(connection, contract)
    return done or ["the database is up to date"]


def _upgrade(connection: Connection) -> list[str]:
    connection.execute(text(f"create schema if not exists {SCHEMA}"))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    before = _revision(connection)
    command.upgrade(config, "head")
    after = _revision(connection)
    return [] if before == after else [f"schema {SCHEMA}: revision {before or 'none'} -> {after}"]


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(
        connection, opts={"version_table_schema": SCHEMA}
    ).get_current_revision()


def _ensure_table(connection: Connection, contract: type[Contract]) -> list[str]:
    table = dataset_table.sqlalchemy_table(contract)
    if inspect(connection).has_table(table.name, schema=table.schema):
        adopted = adopt_table.adopt_table(connection, contract)
        _check_match(connection, contract)
        return [*adopted, *_ensure_index(connection, contract)]
    tables.create_table(connection, contract)
    adopt_table.forget_inferred(connection, contract)
    return [f"table {table.name}: created from contract {contract.__name__}"]


def _ensure_index(connection: Connection, contract: type[Contract]) -> list[str]:
    """Create the index of loads if it is missing or still the b-tree of the first version."""
    (index,) = dataset_table.sqlalchemy_table(contract).indexes
    method = text(
        "select amname from pg_class join pg_am on pg_am.oid = relam "
        "where relname = :name and relnamespace = cast(:schema as regnamespace)"
    )
    names = {"name": index.name, "schema": dataset_table.TABLE_SCHEMA}
    if connection.scalar(method, names) == "brin":
        return []
    connection.execute(DropIndex(index, if_exists=True))
    connection.execute(CreateIndex(index))
    return [f"index {index.name}: created as BRIN"]


def _check_match(connection: Connection, contract: type[Contract]) -> None:
    """Raise `SettingsError` for other types or another key; the table may have more columns."""
    table = dataset_table.sqlalchemy_table(contract)
    found = {
        column["name"]: _type_name(connection, column["type"])
        for column in inspect(connection).get_columns(table.name, schema=table.schema)
    }
    differences = [
        f"column {column.name} is {found.get(column.name, 'missing')}, the contract wants {wanted}"
        for column in table.columns
        if found.get(column.name) != (wanted := _type_name(connection, column.type))
    ]
    key = inspect(connection).get_pk_constraint(table.name, schema=table.schema)["constrained_columns"]
    if set(key) != set(contract.key):
        differences.append(f"the key is ({', '.join(key)}), the contract's is ({', '.join(contract.key)})")
    if differences:
        raise SettingsError(
            f"table {table.name} differs from contract {contract.__name__}: {'; '.join(differences)}. "
            "Write a revision in shared/migrations/versions that changes the table."
        )


def _type_name(connection: Connection, kind: TypeEngine[Any]) -> str:
    return kind.compile(connection.dialect).partition(" COLLATE ")[0]
