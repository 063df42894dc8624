"""Normalizes a batch before its validation (null spellings, number formats), and validates batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
from shared.parsing.reader import Batch, CsvReader
from shared.parsing.rejects import Reject, row_error, unclosed_quote_hint
from shared.stage_timer import StageTimer
from shared.validation import arrow_types, validate
from shared.validation.number_format import NumberFormat, number_format_of
from shared.validation.validate import Validated


def replace_null_spellings(batch: Batch, contract: type[Contract]) -> Batch:
    """Replace the contract's `null_spellings` by missing values; the raw rows do not change.

    This is done before validation, like the step from `,,` to a missing value, so that the model and the
    rules compiled from it get the same values.
    """
    spellings: Mapping[str, tuple[str, ...]] = getattr(contract, "null_spellings", {})
    columns = {
        name: _with_nulls(batch.text[name], nulls) for name, nulls in spellings.items() if name in batch.text
    }
    changed = {name: column for name, column in columns.items() if column is not None}
    return replace(batch, text=batch.text.assign(**changed)) if changed else batch


def _with_nulls(column: pd.Series[str], nulls: tuple[str, ...]) -> pd.Series[str] | None:
    """The column with these texts as missing values; `None` if it has none of them."""
    texts: Any = arrow_types.text_array(column)
    is_null = pc.is_in(texts, value_set=pa.array(nulls, pa.string()))
    if not pc.any(is_null).as_py():
        return None
    return pd.Series(
        pd.arrays.ArrowExtensionArray(pc.if_else(is_null, pa.scalar(None, pa.string()), texts)),
        index=column.index,
    )


_NUMBER_TYPES = (int, float, Decimal)

Mask = npt.NDArray[np.bool_]


def normalize(batch: Batch, contract: type[Contract], file_format: Format) -> Batch:
    """Return `batch` without null spellings and with numbers in plain format (`1234.5`).

    A row with a number that is not in the number format of the file becomes a reject, with its other errors.
    Raw rows do not change. Without a number format nothing is done about numbers.
    """
    batch = replace_null_spellings(batch, contract)
    number_format = number_format_of(file_format)
    return batch if number_format is None else _with_plain_numbers(batch, contract, number_format)


def _with_plain_numbers(batch: Batch, contract: type[Contract], number_format: NumberFormat) -> Batch:
    fields = dataset_table.contract_fields(contract)
    wrong: dict[str, Mask] = {}
    columns: dict[str, pd.Series[Any]] = {}
    for name in (field.name for field in fields if field.python_type in _NUMBER_TYPES):
        if name in batch.text:
            texts = arrow_types.text_array(batch.text[name])
            fits, numbers = number_format.read(texts)
            mask = pc.invert(fits).fill_null(False).to_numpy(zero_copy_only=False)
            if mask.any():
                wrong[name] = mask
                numbers = pc.if_else(pa.array(mask), pa.scalar(None, pa.string()), numbers)
            columns[name] = pd.Series(pd.arrays.ArrowExtensionArray(numbers), index=batch.text.index)
    plain = replace(batch, text=batch.text.assign(**columns))
    return _reject_wrong_numbers(plain, batch.text, wrong, contract, number_format) if wrong else plain


def _reject_wrong_numbers(
    batch: Batch,
    texts: pd.DataFrame,
    wrong: dict[str, Mask],
    contract: type[Contract],
    number_format: NumberFormat,
) -> Batch:
    """Move the rows of `batch` that have a `wrong` number to its rejects; `texts` are those of the file."""
    is_wrong = np.logical_or.reduce(list(wrong.values()))
    wrong_rows = _rows(batch, np.flatnonzero(is_wrong))
    other_errors = {reject.line: reject.errors for reject in validate.validate(wrong_rows, contract).rejects}
    rejects = list(batch.rejects)
    for position in np.flatnonzero(is_wrong).tolist():
        line, raw = int(batch.lines[position]), batch.raw(position)
        errors = [
            row_error("number_format", name, str(texts[name].iloc[position]), example=number_format)
            for name, mask in wrong.items()
            if mask[position]
        ]
        # Errors of the whole row are left out: the model has seen it without the wrong numbers.
        reported = {None, *(error.column for error in errors)}
        errors += [error for error in other_errors.get(line, ()) if error.column not in reported]
        rejects.append(Reject(line, raw, (*errors, *unclosed_quote_hint(line, raw))))
    return replace(_rows(batch, np.flatnonzero(~is_wrong)), rejects=rejects)


def _rows(batch: Batch, positions: npt.NDArray[np.int64]) -> Batch:
    """The rows at `positions`, without rejects."""
    return Batch(
        text=batch.text.iloc[positions],
        lines=batch.lines[positions],
        raw=lambda position: batch.raw(int(positions[position])),
        rejects=[],
    )


def validated_batches(
    reader: CsvReader, contract: type[Contract], timer: StageTimer | None = None
) -> Iterator[Validated]:
    """Read, normalize and validate a file batch by batch, for a load and for a dry run.

    No reference to a batch is kept while the next one is read. Raises `FileRefused`.
    """
    timer = timer or StageTimer()
    batches = timer.iterate("read", reader, lambda batch: len(batch.lines) + len(batch.rejects))
    while (batch := next(batches, None)) is not None:
        with timer.stage("validate", len(batch.lines)):
            validated = validate.validate(normalize(batch, contract, reader.format), contract)
        del batch
        yield validated
        del validated
