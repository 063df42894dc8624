"""Validates a batch against its contract: typed columns, and rejects for all other rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pydantic import ValidationError

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.parsing.reader import Batch
from shared.parsing.rejects import Reject, RowError, model_errors, unclosed_quote_hint
from shared.validation import arrow_types
from shared.validation.contract_compiler import compile_contract
from shared.validation.field_validator import Positions
from shared.validation.rules import RuleResult

Mask = npt.NDArray[np.bool_]
Texts = Mapping[str, pa.StringArray]
Values = tuple[Positions, "pa.Array[Any]"]
"""Positions in the batch, and the value of a field at each."""


@dataclass(frozen=True, slots=True)
class ModelResults:
    """What the model said: whether each row of the batch is refused, the rejects in the batch's order, and
    of the accepted rows the values of fields that were in doubt.
    """

    refused: Mask
    rejects: list[Reject]
    values: dict[str, list[Values]]


def validate_undecided(
    batch: Batch, texts: Texts, doubted: Mapping[str, Mask], contract: type[Contract]
) -> ModelResults:
    """Ask the model about the rows `doubted` for a field; `texts` has the columns of `batch`.

    A row is asked about as a whole where one of those fields may depend on others, else just those fields.
    """
    columns = compile_contract(contract).columns
    by_row = np.zeros(len(batch.lines), np.bool_)
    for name, mask in doubted.items():
        if columns[name].exclusive is None:
            by_row |= mask
    against, values = _ask_rows(texts, np.flatnonzero(by_row), contract)
    said = [
        column.exclusive.ask(texts.get(name), np.flatnonzero(doubted[name] & ~by_row))
        for name, column in columns.items()
        if column.exclusive and name in doubted
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
    return ModelResults(refused, rejects, values)


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
            against[position] = model_errors(exc, present)
    values: defaultdict[str, list[Values]] = defaultdict(list)
    if accepted:
        places = np.array(list(accepted), np.int64)
        for field in dataset_table.contract_fields(contract):
            found = [getattr(row, field.name) for row in accepted.values()]
            values[field.name].append((places, arrow_types.to_arrow_column(found, field)))
    return against, values


def _reject(batch: Batch, position: int, found: tuple[RowError, ...]) -> Reject:
    line, raw = int(batch.lines[position]), batch.raw(position)
    return Reject(line, raw, found + unclosed_quote_hint(line, raw))


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
    texts = {str(name): arrow_types.text_array(batch.text[name]) for name in batch.text.columns}
    rows = len(batch.lines)
    known = {
        name: column.read(texts[name]) if name in texts else column.missing(rows)
        for name, column in compile_contract(contract).columns.items()
    }
    doubted = {
        name: _undecided(column.certain) for name, column in known.items() if column.certain is not None
    }
    if not any(mask.any() for mask in doubted.values()):
        columns = {name: column.values for name, column in known.items()}
        return Validated(arrow_types.to_frame(columns), batch.lines, _sorted(batch.rejects))
    return _merged(batch, known, validate_undecided(batch, texts, doubted, contract))


def _undecided(certain: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    sure: npt.NDArray[np.bool_] = certain.fill_null(False).to_numpy(zero_copy_only=False)
    return ~sure


def _merged(batch: Batch, known: dict[str, RuleResult], answers: ModelResults) -> Validated:
    """The rows that are certain and those that the model accepted."""
    accepted = ~answers.refused
    columns = {
        name: _accepted(column.values, answers.values.get(name, []), accepted)
        for name, column in known.items()
    }
    rejects = _sorted([*batch.rejects, *answers.rejects])
    return Validated(arrow_types.to_frame(columns), batch.lines[accepted], rejects)


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
