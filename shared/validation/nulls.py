"""Null spellings: texts such as `N/A` that stand for a missing value in a column that is not of text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shared.contracts.base import Contract
from shared.parsing.batches import Batch
from shared.validation import arrow


def without_spellings(batch: Batch, contract: type[Contract]) -> Batch:
    """`batch` with missing values in place of the contract's `null_spellings`; the raw rows keep them.

    A step before validation, as that of `,,` to missing is: so the model and the rules compiled from it are
    given the same, and neither needs to know.
    """
    spelled: Mapping[str, tuple[str, ...]] = getattr(contract, "null_spellings", {})
    found = {name: _without(batch.text[name], nulls) for name, nulls in spelled.items() if name in batch.text}
    changed = {name: series for name, series in found.items() if series is not None}
    return replace(batch, text=batch.text.assign(**changed)) if changed else batch


def _without(column: pd.Series[str], nulls: tuple[str, ...]) -> pd.Series[str] | None:
    """The column without these texts; `None` where it has none of them."""
    texts: Any = arrow.texts(column)
    is_null = pc.is_in(texts, value_set=pa.array(nulls, pa.string()))
    if not pc.any(is_null).as_py():
        return None
    return pd.Series(
        pd.arrays.ArrowExtensionArray(pc.if_else(is_null, pa.scalar(None, pa.string()), texts)),
        index=column.index,
    )
