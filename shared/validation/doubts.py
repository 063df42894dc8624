"""The rows of which a rule is not certain: the model decides, and gives all of its reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import ValidationError

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.parsing import reasons
from shared.parsing.batches import Batch
from shared.parsing.reject import Reject, RowError
from shared.validation import arrow
from shared.validation.alone import Positions
from shared.validation.compiled import compiled

Mask = npt.NDArray[np.bool_]
Texts = Mapping[str, pa.StringArray]
Values = tuple[Positions, "pa.Array[Any]"]
"""Positions in the batch, and the value of a field at each."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the model said: whether each row of the batch is refused, the rejects in the batch's order, and
    of the accepted rows the values of fields that were in doubt.
    """

    refused: Mask
    rejects: list[Reject]
    values: dict[str, list[Values]]


def ask(batch: Batch, texts: Texts, doubted: Mapping[str, Mask], contract: type[Contract]) -> Answers:
    """Ask the model about the rows `doubted` for a field; `texts` has the columns of `batch`.

    A row is asked about as a whole where one of those fields may depend on others, else just those fields.
    """
    columns = compiled(contract).columns
    by_row = np.zeros(len(batch.lines), np.bool_)
    for name, mask in doubted.items():
        if columns[name].alone is None:
            by_row |= mask
    against, values = _ask_rows(texts, np.flatnonzero(by_row), contract)
    said = [
        column.alone.ask(texts.get(name), np.flatnonzero(doubted[name] & ~by_row))
        for name, column in columns.items()
        if column.alone and name in doubted
    ]
    for each in said:
        for position, found in each.against():
            against[position] += found
    refused = np.zeros(len(batch.lines), np.bool_)
    refused[list(against)] = True
    for each in said:
        chosen = ~refused[each.positions]
        values[each.name].append((each.positions[chosen], each.values(chosen)))
    rejects = [_reject(batch, position, against[position]) for position in sorted(against)]
    return Answers(refused, rejects, values)


def _ask_rows(
    texts: Texts, positions: Positions, contract: type[Contract]
) -> tuple[defaultdict[int, tuple[RowError, ...]], defaultdict[str, list[Values]]]:
    """The reasons against whole rows, by position, and the values of all fields of the others."""
    doubted: Any = pa.array(positions)
    columns = [column.take(doubted).to_pylist() for column in texts.values()]
    rows = zip(*columns, strict=True) if columns else ((),) * len(positions)
    against: defaultdict[int, tuple[RowError, ...]] = defaultdict(tuple)
    accepted: dict[int, Contract] = {}
    for position, row in zip(positions.tolist(), rows, strict=True):
        present = {name: text for name, text in zip(texts, row, strict=True) if text is not None}
        try:
            # By the field's name: reading has matched the header, aliases too, to the fields.
            accepted[position] = contract.model_validate(present, by_alias=False, by_name=True)
        except ValidationError as exc:
            against[position] = reasons.of_error(exc, present)
    values: defaultdict[str, list[Values]] = defaultdict(list)
    if accepted:
        places = np.array(list(accepted), np.int64)
        for field in dataset.fields(contract):
            found = [getattr(row, field.name) for row in accepted.values()]
            values[field.name].append((places, arrow.column(found, field)))
    return against, values


def _reject(batch: Batch, position: int, found: tuple[RowError, ...]) -> Reject:
    line, raw = int(batch.lines[position]), batch.raw(position)
    return Reject(line, raw, found + reasons.of_several_lines(line, raw))
