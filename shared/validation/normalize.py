"""Normalizes a batch before validation: null spellings and number formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.formats.format import Format
from shared.parsing.reader import Batch
from shared.parsing.rejects import Reject, number_error, unclosed_quote_hint
from shared.validation import arrow_types, number_format, validate
from shared.validation.number_format import NumberFormat


def replace_null_spellings(batch: Batch, contract: type[Contract]) -> Batch:
    """`batch` with missing values in place of the contract's `null_spellings`; the raw rows keep them.

    A step before validation, as that of `,,` to missing is: so the model and the rules compiled from it are
    given the same, and neither needs to know.
    """
    spelled: Mapping[str, tuple[str, ...]] = getattr(contract, "null_spellings", {})
    found = {
        name: _with_nulls(batch.text[name], nulls) for name, nulls in spelled.items() if name in batch.text
    }
    changed = {name: series for name, series in found.items() if series is not None}
    return replace(batch, text=batch.text.assign(**changed)) if changed else batch


def _with_nulls(column: pd.Series[str], nulls: tuple[str, ...]) -> pd.Series[str] | None:
    """The column without these texts; `None` where it has none of them."""
    texts: Any = arrow_types.text_array(column)
    is_null = pc.is_in(texts, value_set=pa.array(nulls, pa.string()))
    if not pc.any(is_null).as_py():
        return None
    return pd.Series(
        pd.arrays.ArrowExtensionArray(pc.if_else(is_null, pa.scalar(None, pa.string()), texts)),
        index=column.index,
    )


_NUMBERS = (int, float, Decimal)

Mask = npt.NDArray[np.bool_]


def normalize(batch: Batch, contract: type[Contract], found: Format) -> Batch:
    """`batch` without null spellings, and with numbers in plain form where `found` tells another one.

    A row with a number that is not in the told form is among the rejects, with what else is against it. Raw
    rows stay as they were read. Nothing is done where nothing is told.
    """
    batch = replace_null_spellings(batch, contract)
    form = number_format.number_format_of(found)
    return batch if form is None else _with_plain_numbers(batch, contract, form)


def _with_plain_numbers(batch: Batch, contract: type[Contract], form: NumberFormat) -> Batch:
    names = [field.name for field in dataset_table.contract_fields(contract) if field.python_type in _NUMBERS]
    wrong: dict[str, Mask] = {}
    plain: dict[str, pd.Series[Any]] = {}
    for name in names:
        if name in batch.text:
            texts = arrow_types.text_array(batch.text[name])
            fits, numbers = form.read(texts)
            mask = pc.invert(fits).fill_null(False).to_numpy(zero_copy_only=False)
            if mask.any():
                wrong[name] = mask
                numbers = pc.if_else(pa.array(mask), pa.scalar(None, pa.string()), numbers)
            plain[name] = pd.Series(pd.arrays.ArrowExtensionArray(numbers), index=batch.text.index)
    read = replace(batch, text=batch.text.assign(**plain))
    return _without_wrong_numbers(read, batch.text, wrong, contract, form) if wrong else read


def _without_wrong_numbers(
    read: Batch, texts: pd.DataFrame, wrong: dict[str, Mask], contract: type[Contract], form: NumberFormat
) -> Batch:
    """`read` without the rows that have a `wrong` number, which its rejects have; `texts` as in the file."""
    is_wrong = np.logical_or.reduce(list(wrong.values()))
    refused = _rows(read, np.flatnonzero(is_wrong))
    others = {reject.line: reject.errors for reject in validate.validate(refused, contract).rejects}
    rejects = list(read.rejects)
    for position in np.flatnonzero(is_wrong).tolist():
        line, raw = int(read.lines[position]), read.raw(position)
        errors = [
            number_error(name, str(texts[name].iloc[position]), str(form))
            for name, mask in wrong.items()
            if mask[position]
        ]
        at_fault = {None, *(error.column for error in errors)}  # of the whole row the model knows nothing yet
        errors += [error for error in others.get(line, ()) if error.column not in at_fault]
        rejects.append(Reject(line, raw, (*errors, *unclosed_quote_hint(line, raw))))
    return replace(_rows(read, np.flatnonzero(~is_wrong)), rejects=rejects)


def _rows(batch: Batch, positions: npt.NDArray[np.int64]) -> Batch:
    """The rows at `positions`, without any rejects."""
    return Batch(
        text=batch.text.iloc[positions],
        lines=batch.lines[positions],
        raw=lambda position: batch.raw(int(positions[position])),
        rejects=[],
    )
