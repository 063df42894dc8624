"""The catalog: every dataset, declared by a contract or inferred from files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from shared.contracts import registry
from shared.contracts.base import Contract
from shared.contracts.dataset_table import TABLE_SCHEMA
from shared.contracts.registry import CONTRACTS
from shared.database import transactions
from shared.errors import NotFound
from shared.inference import table_columns
from shared.inference.contract_builder import build_contract
from shared.inference.table_columns import TableColumn
from shared.ledger.tables import datasets

_NAME = re.compile(r"(?!.*(_pkey|_load_line)$)[a-z][a-z0-9_]{0,47}")
"""Names of tables that nobody has to quote, with room for those of their indexes (63 bytes); not those."""
_HAS_TABLE = func.to_regclass(func.format("%I.%I", TABLE_SCHEMA, datasets.c.name)).is_not(None)
"""A table can be dropped by hand: the dataset went with it, and the next file makes it anew."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset that has a table.

    `columns` says what is known of those of an inferred one; `None` where a contract of the app's own
    declares it.
    """

    contract: type[Contract]
    columns: tuple[TableColumn, ...] | None

    @property
    def name(self) -> str:
        """Of the dataset and its table."""
        return self.contract.dataset

    @property
    def is_declared(self) -> bool:
        """Whether a contract of the app's own declares it."""
        return self.columns is None


def is_valid_dataset_name(name: str) -> bool:
    """Whether a dataset that nobody declared may have this name: lower case letters, digits, underscores.

    Not one that an index of another dataset may have.
    """
    return _NAME.fullmatch(name) is not None


def find_dataset(connection: Connection, name: str) -> Dataset | None:
    """The dataset of this name, if there is one."""
    if name in CONTRACTS:
        return Dataset(CONTRACTS[name], None)
    return find_inferred(connection, name) if is_valid_dataset_name(name) else None


def get_dataset(connection: Connection, name: str) -> Dataset:
    """The dataset of this name; raises `NotFound`."""
    found = find_dataset(connection, name)
    if found is None:
        raise NotFound(f"There is no dataset {name!r}. GET /api/datasets lists all datasets.")
    return found


def find_inferred(connection: Connection, name: str) -> Dataset | None:
    """The same, but as it was made from files even where a contract declares it now."""
    query = select(datasets).where(datasets.c.name == name, datasets.c.columns.is_not(None), _HAS_TABLE)
    entry = connection.execute(query).mappings().first()
    return _inferred(entry) if entry else None


def require_dataset(engine: Engine, name: str) -> Dataset:
    """The dataset of this name, for an HTTP function; of one that is declared, Postgres is asked nothing.

    Raises `UnknownDataset` and `Unavailable`.
    """
    if name in CONTRACTS or not is_valid_dataset_name(name):
        return Dataset(registry.find(name), None)
    with transactions.short_transaction(engine) as connection:
        return find_dataset(connection, name) or Dataset(registry.find(name), None)


def every(connection: Connection) -> list[Dataset]:
    """All of them: those that are declared, then the others by name."""
    query = select(datasets).where(datasets.c.columns.is_not(None), _HAS_TABLE).order_by(datasets.c.name)
    found = [_inferred(entry) for entry in connection.execute(query).mappings()]
    declared = [Dataset(contract, None) for contract in CONTRACTS.values()]
    return declared + [one for one in found if one.name not in CONTRACTS]


def _inferred(entry: Mapping[Any, Any]) -> Dataset:
    columns = tuple(table_columns.column_from_json(column) for column in entry["columns"])
    return Dataset(build_contract(entry["name"], columns, entry["key"]), columns)
