"""Makes the tables of datasets, and says whether something of the database's owner is in their way."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.schema import CreateIndex, CreateTable

from shared.contracts import dataset
from shared.contracts.base import Contract

_TAKEN = text("""
    select exists (
        select from pg_class where relname in :names and relnamespace = cast(:schema as regnamespace)
    ) or exists (
        select from pg_type where typname = :name and typnamespace = cast(:schema as regnamespace)
    )
    """).bindparams(bindparam("names", expanding=True))


def make(connection: Connection, contract: type[Contract]) -> None:
    """The table of `contract` and its index."""
    table = dataset.table(contract)
    connection.execute(CreateTable(table))
    for index in table.indexes:
        connection.execute(CreateIndex(index))


def is_taken(connection: Connection, name: str) -> bool:
    """Whether a table, view, index or type is where the table `name` and its indexes would be."""
    names = [name, dataset.index_name(name), dataset.key_name(name)]
    return bool(connection.scalar(_TAKEN, {"name": name, "names": names, "schema": dataset.SCHEMA}))
