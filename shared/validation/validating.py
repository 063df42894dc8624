"""Asks the contract about each row of a batch: typed columns of the accepted, rejects of the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from shared.contracts.base import Contract
from shared.reading.batches import Batch
from shared.reading.reject import Reject, RowError
from shared.tables import dataset
from shared.validation import arrow

_LONGEST_VALUE = 200
"""Characters of a refused value that are repeated beside its reason; the reject has the whole row."""


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
    """The batch as the contract sees it. The model is the oracle: each row is accepted or refused by it."""
    names = list(batch.text.columns)
    columns = [batch.text[name].array.__arrow_array__().to_pylist() for name in names]
    accepted: list[Contract] = []
    lines: list[int] = []
    rejects = list(batch.rejects)
    for position, values in enumerate(zip(*columns, strict=True)):
        line = int(batch.lines[position])
        present = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        try:
            accepted.append(contract.model_validate(present))
        except ValidationError as exc:
            rejects.append(Reject(line, batch.raw(position), _reasons(exc, present)))
        else:
            lines.append(line)
    rejects.sort(key=lambda reject: reject.line)
    return Validated(_frame(accepted, contract), np.array(lines, np.int64), rejects)


def _reasons(error: ValidationError, present: dict[str, str]) -> tuple[RowError, ...]:
    return tuple(
        RowError(
            code=item["type"],
            message=item["msg"].removeprefix("Value error, "),
            column=str(item["loc"][0]) if item["loc"] else None,
            value=present.get(str(item["loc"][0]), "")[:_LONGEST_VALUE] if item["loc"] else None,
        )
        for item in error.errors(include_url=False, include_context=False)
    )


def _frame(accepted: list[Contract], contract: type[Contract]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            field.name: pd.Series(
                pd.arrays.ArrowExtensionArray(
                    pa.array([getattr(row, field.name) for row in accepted], arrow.type_of(field))
                )
            )
            for field in dataset.fields(contract)
        }
    )
