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
class Validated:
    """A validated batch.

    `rows` has a typed, Arrow-backed column for every field of the contract in its order, and the accepted
    rows; `lines` has the line number of each. `rejects` are all of the batch, in order of their lines.
    """

    rows: pd.DataFrame
    lines: npt.NDArray[np.int64]
    rejects: list[Reject]


@dataclass(frozen=True, slots=True)
class ModelResults:
    """The model's results for the undecided rows of a batch.

    `is_rejected` says for each row of the batch whether the model rejects it; `rejects` are in the batch's
    order. `values` are those of the undecided fields in accepted rows.
    """

    is_rejected: Mask
    rejects: list[Reject]
    values: dict[str, list[Values]]


def validate(batch: Batch, contract: type[Contract]) -> Validated:
    """Validate a batch exactly as the model of the contract does.

    Rules that are compiled from the model decide which rows it accepts for certain, and their values; the
    model validates all other rows.
    """
    texts = {str(name): arrow_types.text_array(batch.text[name]) for name in batch.text.columns}
    rows = len(batch.lines)
    results = {
        name: column.read(texts[name]) if name in texts else column.missing(rows)
        for name, column in compile_contract(contract).columns.items()
    }
    undecided = {
        name: _undecided(result.accepted) for name, result in results.items() if result.accepted is not None
    }
    if not any(mask.any() for mask in undecided.values()):
        columns = {name: result.values for name, result in results.items()}
        return Validated(arrow_types.to_frame(columns), batch.lines, _sorted(batch.rejects))
    return _merge(batch, results, validate_undecided(batch, texts, undecided, contract))


def _undecided(accepted: pa.BooleanArray) -> Mask:
    is_accepted: Mask = accepted.fill_null(False).to_numpy(zero_copy_only=False)
    return ~is_accepted


def validate_undecided(
    batch: Batch, texts: Texts, undecided: Mapping[str, Mask], contract: type[Contract]
) -> ModelResults:
    """Validate with the model the rows that are `undecided` for a field; `texts` has the batch's columns.

    The model validates the whole row if one of its undecided fields may depend on others, else these fields.
    """
    columns = compile_contract(contract).columns
    is_whole_row = np.zeros(len(batch.lines), np.bool_)
    for name, mask in undecided.items():
        if columns[name].validator is None:
            is_whole_row |= mask
    errors, values = _validate_rows(texts, np.flatnonzero(is_whole_row), contract)
    results = [
        column.validator.validate(texts.get(name), np.flatnonzero(undecided[name] & ~is_whole_row))
        for name, column in columns.items()
        if column.validator and name in undecided
    ]
    for result in results:
        for position, field_errors in result.errors():
            errors[position] += field_errors
    is_rejected = np.zeros(len(batch.lines), np.bool_)
    is_rejected[list(errors)] = True
    for result in results:
        chosen = ~is_rejected[result.positions]
        values[result.name].append((result.positions[chosen], result.values(chosen)))
    rejects = [_reject(batch, position, errors[position]) for position in sorted(errors)]
    return ModelResults(is_rejected, rejects, values)


def _validate_rows(
    texts: Texts, positions: Positions, contract: type[Contract]
) -> tuple[defaultdict[int, tuple[RowError, ...]], defaultdict[str, list[Values]]]:
    """The errors of whole rows by position, and the values of all fields of the accepted rows."""
    indices: Any = pa.array(positions)
    columns = [column.take(indices).to_pylist() for column in texts.values()]
    rows = zip(*columns, strict=True) if columns else ((),) * len(positions)
    errors: defaultdict[int, tuple[RowError, ...]] = defaultdict(tuple)
    accepted: dict[int, Contract] = {}
    for position, row in zip(positions.tolist(), rows, strict=True):
        row_texts = {name: text for name, text in zip(texts, row, strict=True) if text is not None}
        try:
            # By the field's name: the reader has already mapped the header, aliases too, to the fields.
            accepted[position] = contract.model_validate(row_texts, by_alias=False, by_name=True)
        except ValidationError as exc:
            errors[position] = model_errors(exc, row_texts)
    values: defaultdict[str, list[Values]] = defaultdict(list)
    if accepted:
        accepted_positions = np.array(list(accepted), np.int64)
        for field in dataset_table.contract_fields(contract):
            column = [getattr(row, field.name) for row in accepted.values()]
            values[field.name].append((accepted_positions, arrow_types.to_arrow_column(column, field)))
    return errors, values


def _reject(batch: Batch, position: int, errors: tuple[RowError, ...]) -> Reject:
    line, raw = int(batch.lines[position]), batch.raw(position)
    return Reject(line, raw, errors + unclosed_quote_hint(line, raw))


def _merge(batch: Batch, results: dict[str, RuleResult], model: ModelResults) -> Validated:
    """The rows that the rules accept, and those that the model accepts."""
    accepted = ~model.is_rejected
    columns = {
        name: _accepted_values(result.values, model.values.get(name, []), accepted)
        for name, result in results.items()
    }
    rejects = _sorted([*batch.rejects, *model.rejects])
    return Validated(arrow_types.to_frame(columns), batch.lines[accepted], rejects)


def _accepted_values(values: pa.Array[Any], of_model: list[Values], accepted: Mask) -> pa.Array[Any]:
    """The `values` of accepted rows, with the values `of_model` at their positions."""
    if not of_model:
        mask: Any = pa.array(accepted)
        return values if accepted.all() else values.filter(mask)
    # The model's values are appended to the batch's; the undecided rows take theirs from there.
    source = np.arange(len(values))
    size = len(values)
    for positions, replacements in of_model:
        source[positions] = np.arange(size, size + len(replacements))
        size += len(replacements)
    taken: Any = pa.array(source[accepted])
    return pa.concat_arrays([values, *(replacements for _, replacements in of_model)]).take(taken)


def _sorted(rejects: list[Reject]) -> list[Reject]:
    return sorted(rejects, key=lambda reject: reject.line)
