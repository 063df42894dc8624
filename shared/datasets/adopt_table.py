"""Adopts an inferred table for a contract that now declares its dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.contracts.column_types import Kind
from shared.contracts.dataset_table import Field
from shared.datasets import alter_table, catalog
from shared.datasets.catalog import Dataset
from shared.errors import SettingsError
from shared.inference.table_columns import TableColumn
from shared.inference.widening import NUMBER_KINDS, Type, widen
from shared.ledger import datasets, locks


def adopt_table(connection: Connection, contract: type[Contract]) -> list[str]:
    """Make the inferred table of the contract's dataset the contract's; returns a line for each change.

    Columns are added, widened, made nullable, required, and the key is added, where no row speaks against it;
    what only the table has stays. Does nothing where the dataset is not inferred. Raises `SettingsError` with
    every difference that rows do speak against.
    """
    locks.acquire_schema(connection, contract.dataset)
    known = catalog.find_inferred(connection, contract.dataset)
    if known is None:
        return []
    locks.acquire_dataset(connection, contract.dataset, exclusive=True)
    plan = _plan(known, contract)
    if differences := [
        *_type_differences(plan),
        *_size_differences(plan),
        *_value_differences(connection, plan),
    ]:
        raise SettingsError(
            f"table {known.name} was made from files and differs from contract {contract.__name__}: "
            f"{'; '.join(differences)}. Change the contract, or the rows that speak against it."
        )
    try:
        done = _follow(connection, plan)
    except alter_table.AlterBlocked as exc:
        raise SettingsError(
            f"table {known.name} cannot become as contract {contract.__name__} wants it: {exc}. Drop what is "
            "in the way, run this again, and make it anew."
        ) from None
    return [f"table {known.name}: {_shown(change)}" for change in done]


def forget_inferred(connection: Connection, contract: type[Contract]) -> None:
    """Let the contract declare its dataset, whose table from files was dropped and which has a new one."""
    if catalog.find_inferred(connection, contract.dataset):
        _declare(connection, contract, [])


@dataclass(frozen=True, slots=True)
class _Plan:
    """The columns `before` are to be those `after`; `required` ones are nullable no more, and `key` is added.

    `wrong_key` says how the table's key differs, if it does and cannot be changed.
    """

    contract: type[Contract]
    before: tuple[TableColumn, ...]
    after: tuple[TableColumn, ...]
    required: tuple[str, ...]
    key: tuple[str, ...]
    wrong_key: str | None


def _plan(known: Dataset, contract: type[Contract]) -> _Plan:
    before, fields = known.columns or (), dataset_table.contract_fields(contract)
    by_name = {column.name: column for column in before}
    wanted = tuple(_column(field, by_name.get(field.name)) for field in fields)
    # No load fills what the contract does not know.
    kept = tuple(replace(one, nullable=True) for one in before if one.name not in contract.model_fields)
    filled = {column.name for column in before if not column.nullable}
    has_key, key = known.contract.key, contract.key
    differs = set(has_key) != set(key)
    return _Plan(
        contract=contract,
        before=before,
        after=(*wanted, *kept),
        required=tuple(one.name for one in fields if not one.nullable and one.name not in filled),
        key=key if differs else (),
        wrong_key=f"the key is ({', '.join(has_key)}), the contract's is ({', '.join(key)})"
        if differs and has_key
        else None,
    )


def _column(field: Field, known: TableColumn | None) -> TableColumn:
    kind = field.column_type.name
    if known is None:
        return TableColumn(field.name, Type(kind), nullable=True)
    return replace(known, type=replace(known.type, kind=kind), nullable=known.nullable or field.nullable)


def _type_differences(plan: _Plan) -> list[str]:
    wanted = {column.name: column.type for column in plan.after}
    return [
        f"column {one.name} is {one.type}, the contract wants {wanted[one.name].kind}"
        for one in plan.before
        if widen(one.type, wanted[one.name]).kind is not wanted[one.name].kind
    ]


def _size_differences(plan: _Plan) -> list[str]:
    """Numbers that were recorded with more digits, before or behind the point, than the contract takes."""
    known = {column.name: column.type for column in plan.before}
    return [
        f"column {field.name} has numbers of {kind.whole} digits before the point and {kind.places} behind it"
        f", the contract takes {field.max_digits - field.decimal_places} and {field.decimal_places}"
        for field in dataset_table.contract_fields(plan.contract)
        if (kind := known.get(field.name)) is not None
        and field.max_digits is not None
        and field.decimal_places is not None
        and kind.kind in NUMBER_KINDS
        and (kind.whole > field.max_digits - field.decimal_places or kind.places > field.decimal_places)
    ]


def _value_differences(connection: Connection, plan: _Plan) -> list[str]:
    name, there = plan.contract.dataset, {column.name for column in plan.before}
    lacking = {
        column: alter_table.rows_without_key(connection, name, [column] if column in there else []).count
        for column in plan.required
    }
    found = [
        f"column {column} has no value in {rows} rows, the contract wants one in each"
        for column, rows in lacking.items()
        if rows
    ]
    if plan.wrong_key:
        return [*found, plan.wrong_key]
    if plan.key and there.issuperset(plan.key):
        rows = alter_table.duplicate_keys(connection, name, plan.key).count
        found += [f"{rows} rows repeat the key ({', '.join(plan.key)})"] * bool(rows)
    return found


def _follow(connection: Connection, plan: _Plan) -> Sequence[dict[str, Any]]:
    """Change the table and its record; returns the changes."""
    name, wanted = plan.contract.dataset, alter_table.column_changes(plan.before, plan.after)
    done: list[dict[str, Any]] = [dict(change.as_json()) for change in wanted]
    if wanted:
        alter_table.alter_table(connection, name, wanted, plan.contract.key)
    if plan.key:
        texts = [one.name for one in plan.after if one.name in plan.key and one.type.kind is Kind.TEXT]
        alter_table.add_primary_key(connection, name, plan.key, texts)
        done.append({"change": "key set", "key": list(plan.key)})
    if plan.required:
        alter_table.set_not_null(connection, name, plan.required)
        done += [{"column": column, "change": "required"} for column in plan.required]
    return _declare(connection, plan.contract, done)


def _declare(
    connection: Connection, contract: type[Contract], done: list[dict[str, Any]]
) -> Sequence[dict[str, Any]]:
    done.append({"change": "declared", "contract": contract.__name__})
    datasets.write_dataset(connection, contract.dataset, None, ())
    datasets.record_changes(connection, contract.dataset, done)
    return done


def _shown(change: dict[str, Any]) -> str:
    """A change in words: `column a added (text)`, `key set (a, b)`, `declared (Rows)`."""
    subject = f"column {change['column']} " if "column" in change else ""
    found = change.get("type") or change.get("contract") or ", ".join(change.get("key", ()))
    return f"{subject}{change['change']}{f' ({found})' if found else ''}"
