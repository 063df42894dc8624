"""The report of a dry run: format, columns, first rows, rejects and counts of a file."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.datasets.alter_table import Change
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.inference.infer_file import InferredFile
from shared.inference.table_columns import TableColumn
from shared.inference.widening import TEXT_TYPE
from shared.parsing.column_mapping import ColumnMapping
from shared.parsing.reader import CsvReader
from shared.parsing.rejects import Reject, check_limit_reachable, check_reject_limit
from shared.validation import arrow_types
from shared.validation.normalize import validated_batches
from shared.validation.validate import Validated


@dataclass(frozen=True, slots=True)
class DryRunColumn:
    """A column of the file and the table's column that it maps to; without a `name` it is not loaded.

    `nulls` are texts that stand for a missing value; `why_text` is the reason why no narrower type fits.
    """

    header: str
    name: str | None = None
    type: str | None = None
    nullable: bool | None = None
    nulls: tuple[str, ...] = ()
    why_text: str | None = None


@dataclass(frozen=True, slots=True)
class FileDryRun:
    """The predicted result of one file. `format` is `None` if the file cannot be read at all.

    `rows` are the first rows that would be loaded, as JSON texts; `rejects` are the first rejects.
    `accepted` and `rejected` count all rows. `refusal` is the reason if nothing would be loaded. `changes`
    are the changes of the table.
    """

    format: Format | None = None
    columns: Sequence[DryRunColumn] = ()
    rows: Sequence[str] = ()
    rejects: Sequence[Reject] = ()
    accepted: int = 0
    rejected: int = 0
    refusal: FileRefused | None = None
    changes: Sequence[Change] = ()


def unloaded_columns(header: ColumnMapping) -> tuple[DryRunColumn, ...]:
    """The columns of a file that would be refused."""
    return tuple(DryRunColumn(str(one["name"])) for one in header.as_json())


def declared_columns(header: ColumnMapping, contract: type[Contract]) -> list[DryRunColumn]:
    """The columns of a file of a declared dataset."""
    fields = {field.name: field for field in dataset_table.contract_fields(contract)}
    columns = []
    for entry in header.as_json():
        text, field = str(entry["name"]), fields.get(entry["column"] or "")
        if field is None:
            columns.append(DryRunColumn(text))
            continue
        nulls = tuple(contract.null_spellings.get(field.name, ()))
        columns.append(DryRunColumn(text, field.name, field.column_type.name, field.nullable, nulls))
    return columns


def inferred_columns(inferred: InferredFile, table: Sequence[TableColumn]) -> list[DryRunColumn]:
    """The columns of a file of an inferred dataset whose table would have the columns `table`."""
    known = {column.name: column for column in table}
    reasons = {column.name: column.why_text for column in inferred.columns}
    return [
        _inferred_column(str(entry["name"]), known.get(entry["column"] or ""), reasons)
        for entry in inferred.header.as_json()
    ]


def _inferred_column(
    header: str, column: TableColumn | None, reasons: Mapping[str, str | None]
) -> DryRunColumn:
    if column is None:
        return DryRunColumn(header)
    why_text = reasons.get(column.name) if column.type == TEXT_TYPE else None
    return DryRunColumn(header, column.name, str(column.type.kind), column.nullable, column.nulls, why_text)


def rows_as_json(rows: pd.DataFrame) -> list[str]:
    """A JSON object for each of the validated `rows`.

    Dates are ISO 8601. Decimals are JSON numbers with all of their digits except trailing zeros. A number
    that JSON does not have, such as `NaN`, is a string.
    """
    columns = {name: _values(column) for name, column in arrow_types.frame_columns(rows).items()}
    names = [json.dumps(name, ensure_ascii=False) for name in columns]
    return [
        f"{{{','.join(f'{name}:{_json_text(value)}' for name, value in zip(names, row, strict=True))}}}"
        for row in zip(*columns.values(), strict=True)
    ]


def _values(column: Any) -> list[Any]:
    try:
        return arrow_types.to_python(column)
    except (OverflowError, ValueError):
        # Python has no times before the year 1 or after 9999, which some are in UTC.
        texts = column.cast(pa.timestamp("us")).cast(pa.string()).to_pylist()
        return [text and f"{text.replace(' ', 'T').rstrip('0').rstrip('.')}+00:00" for text in texts]


def _json_text(value: Any) -> str:
    to_text = _JSON_TEXTS.get(type(value))
    return to_text(value) if to_text else json.dumps(value, ensure_ascii=False)


def _decimal(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _double(value: float) -> str:
    if not math.isfinite(value):
        return {"inf": '"Infinity"', "-inf": '"-Infinity"'}.get(str(value), '"NaN"')
    return repr(value).removesuffix(".0")


def _datetime(value: datetime) -> str:
    day, _, time = value.isoformat(timespec="microseconds").partition(".")
    fraction, zone = time[:6].rstrip("0"), time[6:]
    return f'"{day}{"." * bool(fraction)}{fraction}{zone}"'


def _date(value: date) -> str:
    return f'"{value.isoformat()}"'


_JSON_TEXTS: dict[type, Callable[[Any], str]] = {
    Decimal: _decimal,
    float: _double,
    datetime: _datetime,
    date: _date,
}

MAX_ROWS = 10
MAX_REJECTS = 50
"""Rows and rejects in the report of a file."""


class RowCollector:
    """Validates the rows of one file, counts them and keeps the first ones.

    All rows are counted, also of a file that a load would refuse before its end.
    """

    def __init__(self, contract: type[Contract]) -> None:
        self._contract = contract
        self.rows: list[str] = []
        self.rejects: list[Reject] = []
        self.accepted = self.rejected = 0
        self.refusal: FileRefused | None = None

    @property
    def read(self) -> int:
        """Rows read so far."""
        return self.accepted + self.rejected

    def run(self, reader: CsvReader, file_size: int) -> None:
        """Read the whole file, which has `file_size` bytes."""
        try:
            for validated in validated_batches(reader, self._contract):
                self._add(validated)
                if not reader.further_tables:  # as in a load, further tables are the more useful error
                    self._check_limit(reader, file_size)
                del validated
            check_reject_limit(self.rejected, self.read, self._contract)
        except FileRefused as exc:
            self.refusal = self.refusal or exc

    def _add(self, validated: Validated) -> None:
        self.accepted += len(validated.lines)
        self.rejected += len(validated.rejects)
        self.rows += rows_as_json(validated.rows.head(MAX_ROWS - len(self.rows)))
        self.rejects += validated.rejects[: MAX_REJECTS - len(self.rejects)]

    def _check_limit(self, reader: CsvReader, file_size: int) -> None:
        """Keep the first refusal: a load would end with it."""
        left, width = reader.max_remaining_bytes(file_size), len(reader.header.fields)
        try:
            check_limit_reachable(self.rejected, self.read, left, width, self._contract)
        except FileRefused as exc:
            self.refusal = self.refusal or exc

    def result(
        self, format_: Format, columns: Sequence[DryRunColumn], changes: Sequence[Change] = ()
    ) -> FileDryRun:
        """The report, with the `columns` of the file and the `changes` of the table."""
        return FileDryRun(
            format_,
            columns,
            self.rows,
            self.rejects,
            self.accepted,
            self.rejected,
            self.refusal,
            changes,
        )
