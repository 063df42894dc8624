"""A batch before its contract: texts as the file writes them become texts as the contract reads them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.formats.format import Format
from shared.parsing import reasons
from shared.parsing.batches import Batch
from shared.parsing.reject import Reject
from shared.validation import arrow, nulls, validating, written
from shared.validation.written import Written

_NUMBERS = (int, float, Decimal)

Mask = npt.NDArray[np.bool_]


def prepared(batch: Batch, contract: type[Contract], found: Format) -> Batch:
    """`batch` without null spellings, and with numbers in plain form where `found` tells another one.

    A row with a number that is not in the told form is among the rejects, with what else is against it. Raw
    rows stay as they were read. Nothing is done where nothing is told.
    """
    batch = nulls.without_spellings(batch, contract)
    form = written.told(found)
    return batch if form is None else _with_plain_numbers(batch, contract, form)


def _with_plain_numbers(batch: Batch, contract: type[Contract], form: Written) -> Batch:
    names = [field.name for field in dataset.fields(contract) if field.python_type in _NUMBERS]
    wrong: dict[str, Mask] = {}
    plain: dict[str, pd.Series[Any]] = {}
    for name in names:
        if name in batch.text:
            texts = arrow.texts(batch.text[name])
            fits, numbers = form.read(texts)
            mask = pc.invert(fits).fill_null(False).to_numpy(zero_copy_only=False)
            if mask.any():
                wrong[name] = mask
                numbers = pc.if_else(pa.array(mask), pa.scalar(None, pa.string()), numbers)
            plain[name] = pd.Series(pd.arrays.ArrowExtensionArray(numbers), index=batch.text.index)
    read = replace(batch, text=batch.text.assign(**plain))
    return _without(read, batch.text, wrong, contract, form) if wrong else read


def _without(
    read: Batch, texts: pd.DataFrame, wrong: dict[str, Mask], contract: type[Contract], form: Written
) -> Batch:
    """`read` without the rows that have a `wrong` number, which its rejects have; `texts` as in the file."""
    is_wrong = np.logical_or.reduce(list(wrong.values()))
    refused = _rows(read, np.flatnonzero(is_wrong))
    others = {reject.line: reject.errors for reject in validating.validate(refused, contract).rejects}
    rejects = list(read.rejects)
    for position in np.flatnonzero(is_wrong).tolist():
        line, raw = int(read.lines[position]), read.raw(position)
        errors = [
            reasons.of_number(name, str(texts[name].iloc[position]), form)
            for name, mask in wrong.items()
            if mask[position]
        ]
        at_fault = {None, *(error.column for error in errors)}  # of the whole row the model knows nothing yet
        errors += [error for error in others.get(line, ()) if error.column not in at_fault]
        rejects.append(Reject(line, raw, (*errors, *reasons.of_several_lines(line, raw))))
    return replace(_rows(read, np.flatnonzero(~is_wrong)), rejects=rejects)


def _rows(batch: Batch, positions: npt.NDArray[np.int64]) -> Batch:
    """The rows at `positions`, without any rejects."""
    return Batch(
        text=batch.text.iloc[positions],
        lines=batch.lines[positions],
        raw=lambda position: batch.raw(int(positions[position])),
        rejects=[],
    )
