"""A batch through its contract: typed columns of the accepted rows, rejects of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from shared.contracts.base import Contract
from shared.reading.batches import Batch
from shared.reading.reject import Reject
from shared.validation import arrow, doubts
from shared.validation.compiled import compiled
from shared.validation.doubts import Answers
from shared.validation.rules.rule import Known


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
    known = _known(texts, len(batch.lines), contract)
    certain = _certain(known, len(batch.lines))
    if certain.all():
        rows = arrow.frame({name: column.values for name, column in known.items()})
        return Validated(rows, batch.lines, _sorted(batch.rejects))
    answers = doubts.ask(batch, texts, np.flatnonzero(~certain), contract)
    return _merged(batch, known, certain, answers)


def _known(texts: dict[str, pa.StringArray], rows: int, contract: type[Contract]) -> dict[str, Known]:
    columns = compiled(contract).columns
    if columns is None or not texts.keys() <= columns.keys():
        return {}
    return {
        name: column.read(texts[name]) if name in texts else column.missing(rows)
        for name, column in columns.items()
    }


def _certain(known: dict[str, Known], rows: int) -> npt.NDArray[np.bool_]:
    certain = np.full(rows, bool(known))
    for column in known.values():
        if column.certain is not None:
            certain &= column.certain.fill_null(False).to_numpy(zero_copy_only=False)
    return certain


def _merged(
    batch: Batch, known: dict[str, Known], certain: npt.NDArray[np.bool_], answers: Answers
) -> Validated:
    """The certain rows and those that the model accepted, in the order of the batch."""
    accepted = certain.copy()
    accepted[answers.positions] = True
    positions = np.flatnonzero(accepted)
    # The answers stand behind the batch's rows: that is where an asked row is taken from.
    source = np.arange(len(batch.lines))
    source[answers.positions] = len(batch.lines) + np.arange(len(answers.positions))
    taken: Any = pa.array(source[positions])
    columns = {
        name: pa.concat_arrays([known[name].values, column]).take(taken) if known else column
        for name, column in answers.columns.items()
    }
    return Validated(
        arrow.frame(columns), batch.lines[positions], _sorted([*batch.rejects, *answers.rejects])
    )


def _sorted(rejects: list[Reject]) -> list[Reject]:
    return sorted(rejects, key=lambda reject: reject.line)
