"""A batch through its contract: typed columns of the accepted rows, rejects of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from shared.contracts.base import Contract
from shared.parsing.batches import Batch
from shared.parsing.reject import Reject
from shared.validation import arrow, doubts
from shared.validation.compiled import compiled
from shared.validation.doubts import Answers, Values
from shared.validation.rule import Known


@dataclass(frozen=True, slots=True)
class Validated:
    """A batch after the contract.

    `rows` has a typed, Arrow-backed column for every field of the contract, in its order, and a row for each
    that was accepted; `lines` has the line of each. `rejects` are all of the batch, in order of lines.
    """

    rows: pd.DataFrame
    lines: npt.NDArray[np.int64]
    rejects: list[Reject]


def validate(batch: Batch, contract: type[Contract]) -> Validated:
    """The batch as the contract sees it.

    The model is the oracle: rules compiled from it say which rows it certainly accepts, and as what; it is
    asked about every other row.
    """
    texts = {str(name): arrow.texts(batch.text[name]) for name in batch.text.columns}
    rows = len(batch.lines)
    known = {
        name: column.read(texts[name]) if name in texts else column.missing(rows)
        for name, column in compiled(contract).columns.items()
    }
    doubted = {name: _doubts(column.certain) for name, column in known.items() if column.certain is not None}
    if not any(mask.any() for mask in doubted.values()):
        columns = {name: column.values for name, column in known.items()}
        return Validated(arrow.frame(columns), batch.lines, _sorted(batch.rejects))
    return _merged(batch, known, doubts.ask(batch, texts, doubted, contract))


def _doubts(certain: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    sure: npt.NDArray[np.bool_] = certain.fill_null(False).to_numpy(zero_copy_only=False)
    return ~sure


def _merged(batch: Batch, known: dict[str, Known], answers: Answers) -> Validated:
    """The rows that are certain and those that the model accepted."""
    accepted = ~answers.refused
    columns = {
        name: _accepted(column.values, answers.values.get(name, []), accepted)
        for name, column in known.items()
    }
    rejects = _sorted([*batch.rejects, *answers.rejects])
    return Validated(arrow.frame(columns), batch.lines[accepted], rejects)


def _accepted(
    values: pa.Array[Any], answered: list[Values], accepted: npt.NDArray[np.bool_]
) -> pa.Array[Any]:
    """The accepted of `values`, those that were in doubt as the model `answered` them."""
    if not answered:
        mask: Any = pa.array(accepted)
        return values if accepted.all() else values.filter(mask)
    # The answers stand behind the batch's rows: that is where the value of a row in doubt is taken from.
    source = np.arange(len(values))
    size = len(values)
    for positions, found in answered:
        source[positions] = np.arange(size, size + len(found))
        size += len(found)
    taken: Any = pa.array(source[accepted])
    return pa.concat_arrays([values, *(found for _, found in answered)]).take(taken)


def _sorted(rejects: list[Reject]) -> list[Reject]:
    return sorted(rejects, key=lambda reject: reject.line)
