"""Turns an inferred table into the table of a contract that now declares its dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.column_types import Kind
from shared.contracts.dataset_table import Field
from shared.datasets import alter_table, catalog, tables
from shared.datasets.catalog import Dataset
from shared.errors import SettingsError
from shared.inference.table_columns import TableColumn
from shared.inference.widening import NUMBER_KINDS, Type, widen
from shared.ledger import datasets, locks


def adopt_table(connection: Connection, contract: type[Contract]) -> list[str]:
    """Turn the inferred table of the contract's dataset into the contract's table; returns a line per change.

    Columns are added, widened, made nullable or required, and the key is added, if the rows allow it. Columns
    that only the table has are kept. Does nothing if the dataset is not inferred. Raises `SettingsError` with
    every difference that the rows do not allow.
    """
    locks.acquire_schema(connection, contract.dataset)
    dataset = catalog.find_inferred(connection, contract.dataset)
    if dataset is None:
        return []
    locks.acquire_dataset(connection, contract.dataset, exclusive=True)
    plan = _plan(dataset, contract)
    if differences := [
        *_type_differences(plan),
        *_size_differences(plan),
        *_value_differences(connection, plan),
    ]:
        raise SettingsError(
            f"The table {dataset.name} was created from files and does not fit contract "
            f"{contract.__name__}: {'; '.join(differences)}. Change the contract or these rows."
        )
    try:
        changes = _apply(connection, plan)
    except alter_table.AlterBlocked as exc:
        raise SettingsError(
            f"The table {dataset.name} has to change for contract {contract.__name__}, but another object "
            f"depends on it: {exc}. Drop that object, run this again, and create the object again afterwards."
        ) from None
    return [f"table {dataset.name}: {_in_words(change)}" for change in changes]


def forget_inferred(connection: Connection, contract: type[Contract]) -> None:
    """Record that the contract declares its dataset, whose inferred table was dropped."""
    if catalog.find_inferred(connection, contract.dataset):
        _declare(connection, contract, [])


@dataclass(frozen=True, slots=True)
class _Plan:
    """The change of the columns `before` to `after`; `required` columns become required, `key` is added.

    `wrong_key` describes a difference of the keys that cannot be changed.
    """

    contract: type[Contract]
    before: tuple[TableColumn, ...]
    after: tuple[TableColumn, ...]
    required: tuple[str, ...]
    key: tuple[str, ...]
    wrong_key: str | None


def _plan(dataset: Dataset, contract: type[Contract]) -> _Plan:
    before, fields = dataset.columns or (), dataset_table.contract_fields(contract)
    by_name = {column.name: column for column in before}
    wanted = tuple(_column(field, by_name.get(field.name)) for field in fields)
    # Loads do not fill columns that the contract does not have.
    others = tuple(
        replace(column, nullable=True) for column in before if column.name not in contract.model_fields
    )
    required = {column.name for column in before if not column.nullable}
    old_key, key = dataset.contract.key, contract.key
    is_other_key = set(old_key) != set(key)
    return _Plan(
        contract=contract,
        before=before,
        after=(*wanted, *others),
        required=tuple(field.name for field in fields if not field.nullable and field.name not in required),
        key=key if is_other_key else (),
        wrong_key=f"the key is ({', '.join(old_key)}), the contract's is ({', '.join(key)})"
        if is_other_key and old_key
        else None,
    )


def _column(field: Field, existing: TableColumn | None) -> TableColumn:
    kind = field.column_type.name
    if existing is None:
        return TableColumn(field.name, Type(kind), nullable=True)
    return replace(
        existing, type=replace(existing.type, kind=kind), nullable=existing.nullable or field.nullable
    )


def _type_differences(plan: _Plan) -> list[str]:
    wanted = {column.name: column.type for column in plan.after}
    return [
        f"column {column.name} is {column.type}, the contract wants {wanted[column.name].kind}"
        for column in plan.before
        if widen(column.type, wanted[column.name]).kind is not wanted[column.name].kind
    ]


def _size_differences(plan: _Plan) -> list[str]:
    """Number columns that had more digits before or behind the point than the contract allows."""
    types = {column.name: column.type for column in plan.before}
    return [
        f"column {field.name} has numbers with {type_.whole} digits before the point and {type_.places} "
        f"after it, the contract allows {field.max_digits - field.decimal_places} and {field.decimal_places}"
        for field in dataset_table.contract_fields(plan.contract)
        if (type_ := types.get(field.name)) is not None
        and field.max_digits is not None
        and field.decimal_places is not None
        and type_.kind in NUMBER_KINDS
        and (type_.whole > field.max_digits - field.decimal_places or type_.places > field.decimal_places)
    ]


def _value_differences(connection: Connection, plan: _Plan) -> list[str]:
    """Missing values of required columns, and rows with the same key."""
    name, existing = plan.contract.dataset, {column.name for column in plan.before}
    missing = {
        column: tables.rows_without_key(connection, name, [column] if column in existing else []).count
        for column in plan.required
    }
    differences = [
        f"column {column} has no value in {rows} rows, the contract requires one"
        for column, rows in missing.items()
        if rows
    ]
    if plan.wrong_key:
        return [*differences, plan.wrong_key]
    if plan.key and existing.issuperset(plan.key):
        rows = tables.duplicate_keys(connection, name, plan.key).count
        differences += [f"{rows} rows repeat the key ({', '.join(plan.key)})"] * bool(rows)
    return differences


def _apply(connection: Connection, plan: _Plan) -> Sequence[dict[str, Any]]:
    """Change the table and the ledger; returns the changes."""
    name = plan.contract.dataset
    column_changes = alter_table.column_changes(plan.before, plan.after)
    changes: list[dict[str, Any]] = [dict(change.as_json()) for change in column_changes]
    if column_changes:
        alter_table.alter_table(connection, name, column_changes, plan.contract.key)
    if plan.key:
        texts = [
            column.name for column in plan.after if column.name in plan.key and column.type.kind is Kind.TEXT
        ]
        alter_table.add_primary_key(connection, name, plan.key, texts)
        changes.append({"change": "key set", "key": list(plan.key)})
    if plan.required:
        alter_table.set_not_null(connection, name, plan.required)
        changes += [{"column": column, "change": "required"} for column in plan.required]
    return _declare(connection, plan.contract, changes)


def _declare(
    connection: Connection, contract: type[Contract], changes: list[dict[str, Any]]
) -> Sequence[dict[str, Any]]:
    changes.append({"change": "declared", "contract": contract.__name__})
    datasets.write_dataset(connection, contract.dataset, None, ())
    datasets.record_changes(connection, contract.dataset, changes)
    return changes


def _in_words(change: dict[str, Any]) -> str:
    """A change in words: `column a added (text)`, `key set (a, b)`, `declared (Rows)`."""
    subject = f"column {change['column']} " if "column" in change else ""
    detail = change.get("type") or change.get("contract") or ", ".join(change.get("key", ()))
    return f"{subject}{change['change']}{f' ({detail})' if detail else ''}"
