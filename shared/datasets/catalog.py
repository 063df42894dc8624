"""Looks up datasets, which are declared by a contract or inferred from files."""

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
"""Names without quotes, short enough for names of indexes (63 bytes), and not such names themselves."""
_HAS_TABLE = func.to_regclass(func.format("%I.%I", TABLE_SCHEMA, datasets.c.name)).is_not(None)
"""A table can be dropped manually. Then the dataset does not exist, and the next file creates the table."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset and its contract; `columns` are those of an inferred dataset, `None` for a declared one."""

    contract: type[Contract]
    columns: tuple[TableColumn, ...] | None

    @property
    def name(self) -> str:
        """Name of the dataset and its table."""
        return self.contract.dataset

    @property
    def is_declared(self) -> bool:
        """Whether a contract in the registry declares it."""
        return self.columns is None


def is_valid_dataset_name(name: str) -> bool:
    """Whether an inferred dataset may have this name: lower-case letters, digits and underscores.

    Names that an index of another dataset may have are not valid.
    """
    return _NAME.fullmatch(name) is not None


def find_dataset(connection: Connection, name: str) -> Dataset | None:
    """The dataset of this name; `None` if there is none."""
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
    """The inferred dataset of this name, even if a contract declares it now; `None` if there is none."""
    query = select(datasets).where(datasets.c.name == name, datasets.c.columns.is_not(None), _HAS_TABLE)
    entry = connection.execute(query).mappings().first()
    return _inferred(entry) if entry else None


def require_dataset(engine: Engine, name: str) -> Dataset:
    """The dataset of this name; needs no query for a declared one.

    Raises `UnknownDataset` and `Unavailable`.
    """
    if name in CONTRACTS or not is_valid_dataset_name(name):
        return Dataset(registry.find(name), None)
    with transactions.short_transaction(engine) as connection:
        return find_dataset(connection, name) or Dataset(registry.find(name), None)


def _inferred(entry: Mapping[Any, Any]) -> Dataset:
    columns = tuple(table_columns.column_from_json(column) for column in entry["columns"])
    return Dataset(build_contract(entry["name"], columns, entry["key"]), columns)
