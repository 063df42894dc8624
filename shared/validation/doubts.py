"""The rows of which a rule is not certain: the model decides, and gives all of its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
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
class Answers:
    """What the model said: positions in the batch of the accepted rows, ascending, their columns, rejects."""

    positions: npt.NDArray[np.int64]
    columns: dict[str, pa.Array[Any]]
    rejects: list[Reject]


def ask(
    batch: Batch,
    texts: dict[str, pa.StringArray],
    positions: npt.NDArray[np.int64],
    contract: type[Contract],
) -> Answers:
    """Ask the model about the rows at `positions` of `batch`; `texts` has its columns."""
    doubted: Any = pa.array(positions)
    columns = [column.take(doubted).to_pylist() for column in texts.values()]
    accepted: list[Contract] = []
    found: list[int] = []
    rejects: list[Reject] = []
    rows = zip(*columns, strict=True) if columns else ((),) * len(positions)
    for position, values in zip(positions.tolist(), rows, strict=True):
        present = {name: value for name, value in zip(texts, values, strict=True) if value is not None}
        try:
            # By the field's name: reading has matched the header, aliases too, to the fields.
            accepted.append(contract.model_validate(present, by_alias=False, by_name=True))
        except ValidationError as exc:
            line, raw = int(batch.lines[position]), batch.raw(position)
            rejects.append(Reject(line, raw, _reasons(exc, present) + _of_several_lines(line, raw)))
        else:
            found.append(position)
    return Answers(np.array(found, np.int64), _columns(accepted, contract), rejects)


def _columns(accepted: list[Contract], contract: type[Contract]) -> dict[str, pa.Array[Any]]:
    return {
        field.name: arrow.column([getattr(row, field.name) for row in accepted], field)
        for field in dataset.fields(contract)
    }


def _of_several_lines(line: int, raw: str) -> tuple[RowError, ...]:
    """A hint that one row took other rows' lines with it, which a quote that is missing looks like."""
    if "\n" not in raw:
        return ()
    message = f"the row goes on to line {line + raw.count(chr(10))}; if it should not, a quote is missing"
    return (RowError("several_lines", message),)


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
