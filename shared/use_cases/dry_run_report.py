"""The report of a dry run: format, columns, first rows, rejects and counts of a file."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from shared.contracts.base import Contract
from shared.datasets.alter_table import Change
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.parsing.column_mapping import ColumnMapping
from shared.parsing.reader import Batch, CsvReader
from shared.parsing.rejects import Reject, check_limit_reachable, check_reject_limit
from shared.validation import arrow_types, normalize, validate


@dataclass(frozen=True, slots=True)
class DryRunColumn:
    """A column of the file, and the table's that it would go to; without a `name` it would not be loaded.

    `nulls` are texts that would stand for a missing value, `why_text` says why no narrower type fits.
    """

    header: str
    name: str | None = None
    type: str | None = None
    nullable: bool | None = None
    nulls: tuple[str, ...] = ()
    why_text: str | None = None


@dataclass(frozen=True, slots=True)
class FileDryRun:
    """What is known beforehand. `format` is `None` where a file cannot even be begun.

    `rows` are the first that would be loaded, as JSON texts, `rejects` the first that would not; `accepted`
    and `rejected` count all. `refusal` says why nothing would be loaded. `changes` are those of the table.
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
    """The columns of a file of which none would be loaded."""
    return tuple(DryRunColumn(str(one["name"])) for one in header.as_json())


def rows_as_json(rows: pd.DataFrame) -> list[str]:
    """A JSON object for each of `rows`, which came out of validation.

    Dates are ISO 8601; decimals are JSON numbers with all of their digits, but for zeros at the end; what no
    JSON number is, such as `NaN`, is a text.
    """
    columns = {name: _values(column) for name, column in arrow_types.frame_columns(rows).items()}
    names = [json.dumps(name, ensure_ascii=False) for name in columns]
    return [
        f"{{{','.join(f'{name}:{_text(value)}' for name, value in zip(names, row, strict=True))}}}"
        for row in zip(*columns.values(), strict=True)
    ]


def _values(column: Any) -> list[Any]:
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError):
        # In UTC some are before the year 1 or after 9999: Python knows no such time.
        texts = column.cast(pa.timestamp("us")).cast(pa.string()).to_pylist()
        return [text and f"{text.replace(' ', 'T').rstrip('0').rstrip('.')}+00:00" for text in texts]


def _text(value: Any) -> str:
    show = _SHOWN.get(type(value))
    return show(value) if show else json.dumps(value, ensure_ascii=False)


def _decimal(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _double(value: float) -> str:
    if not math.isfinite(value):
        return {"inf": '"Infinity"', "-inf": '"-Infinity"'}.get(str(value), '"NaN"')
    return repr(value).removesuffix(".0")


def _moment(value: datetime) -> str:
    day, _, time = value.isoformat(timespec="microseconds").partition(".")
    fraction, zone = time[:6].rstrip("0"), time[6:]
    return f'"{day}{"." * bool(fraction)}{fraction}{zone}"'


def _day(value: date) -> str:
    return f'"{value.isoformat()}"'


_SHOWN: dict[type, Callable[[Any], str]] = {
    Decimal: _decimal,
    float: _double,
    datetime: _moment,
    date: _day,
}

MAX_ROWS = 10
MAX_REJECTS = 50


class RowCollector:
    """What a load by `contract` would do with the rows of one file.

    They are counted to the end of the file even where a load would be refused before, if it can be read.
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

    def run(self, reading: CsvReader, file_size: int) -> None:
        """Take the whole file of `file_size` bytes."""
        try:
            for batch in reading:
                self._take(batch, reading.format)
                if not reading.breaks:  # as for a load, several tables are the better complaint
                    self._check(reading, file_size)
                del batch
            check_reject_limit(self.rejected, self.read, self._contract)
        except FileRefused as exc:
            self.refusal = self.refusal or exc

    def _take(self, batch: Batch, format_: Format) -> None:
        prepared = normalize.normalize(batch, self._contract, format_)
        validated = validate.validate(prepared, self._contract)
        self.accepted += len(validated.lines)
        self.rejected += len(validated.rejects)
        self.rows += rows_as_json(validated.rows.head(MAX_ROWS - len(self.rows)))
        self.rejects += validated.rejects[: MAX_REJECTS - len(self.rejects)]

    def _check(self, reading: CsvReader, file_size: int) -> None:
        """A load would end here; the first reason is the one that the ledger would have."""
        left, width = reading.max_remaining_bytes(file_size), len(reading.header.fields)
        try:
            check_limit_reachable(self.rejected, self.read, left, width, self._contract)
        except FileRefused as exc:
            self.refusal = self.refusal or exc

    def outlook(
        self, format_: Format, columns: Sequence[DryRunColumn], changes: Sequence[Change] = ()
    ) -> FileDryRun:
        """All that was found, beside the `columns` of the file."""
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
