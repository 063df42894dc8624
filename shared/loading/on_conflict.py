"""The registry of `on_conflict` policies: what happens to rows whose key is already in the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from shared.contracts.base import Contract, OnConflict
from shared.contracts.dataset_table import LINE_COLUMN, contract_fields
from shared.errors import FileRefused

if TYPE_CHECKING:
    from shared.loading.compare_rows import Comparison

_MAX_LINES_NAMED = 10
"""Lines with an existing key that a refusal names."""


def _all_columns(contract: type[Contract]) -> list[str]:
    return [field.name for field in contract_fields(contract)]


def _key_columns(contract: type[Contract]) -> list[str]:
    return list(contract.key)


def _accept(_rows: pa.RecordBatch, _comparison: Comparison) -> None:
    pass


def _refuse_existing(rows: pa.RecordBatch, comparison: Comparison) -> None:
    count = len(comparison.unchanged)
    if not count:
        return
    lines = rows.column(LINE_COLUMN).take(comparison.unchanged[:_MAX_LINES_NAMED]).to_pylist()
    raise FileRefused("key_conflict", {"count": count, "first": lines[0]}, lines=lines)


@dataclass(frozen=True, slots=True)
class ConflictPolicy:
    """How rows of a file are handled whose key is already in the table, written by another load.

    `columns_compared` are the columns of existing rows that are read, always with the key. An existing row
    is replaced if one of them differs from the row of the file; otherwise it is left as it is, and the row of
    the file is `unchanged`. So a policy that compares only the key replaces no rows. `check` gets the rows of
    a batch and their comparison before anything is written, and raises `FileRefused` if the file must not be
    loaded.
    """

    columns_compared: Callable[[type[Contract]], list[str]]
    check: Callable[[pa.RecordBatch, Comparison], None] = _accept


POLICIES: dict[OnConflict, ConflictPolicy] = {
    "update": ConflictPolicy(_all_columns),
    "keep": ConflictPolicy(_key_columns),
    "refuse": ConflictPolicy(_key_columns, _refuse_existing),
}
