"""Infers the columns of a whole file without a contract, and which rows are rejects."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from shared.contracts.base import Contract
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.formats.overrides import Overrides
from shared.inference import column_matching, table_columns
from shared.inference.infer_column import ColumnInference, MissingKeyCounter
from shared.inference.table_columns import ColumnProfile, TableColumn
from shared.parsing import further_tables
from shared.parsing.column_mapping import ColumnMapping
from shared.parsing.reader import Batch, CsvReader
from shared.parsing.rejects import Reject, check_limit_reachable, check_reject_limit
from shared.prefetch import prefetch
from shared.validation import arrow_types, number_format

MAX_FOOTER_ROWS = 5
"""Rows that can be a footer; more rows are a table of their own."""

Texts = Mapping[str, pa.StringArray]
"""The texts of each column, missing ones as null."""

Row = tuple[int, list[str | None]]
"""A line number and the values of the row on it."""


class TailBuffer:
    """Passes on the rows of a file, except the last `MAX_FOOTER_ROWS`."""

    def __init__(self) -> None:
        self._held: list[tuple[Texts, list[Row]]] = []

    def push(self, batch: Batch) -> Iterator[Texts]:
        """Add the rows of `batch`; yields rows that cannot be among the last."""
        texts: Texts = {str(name): arrow_types.text_array(batch.text[name]) for name in batch.text.columns}
        rows = len(batch.lines)
        if rows > MAX_FOOTER_ROWS:
            yield from (held for held, _ in self._held)
            self._held = []
            yield _slice(texts, 0, rows - MAX_FOOTER_ROWS)
            texts = _slice(texts, rows - MAX_FOOTER_ROWS, MAX_FOOTER_ROWS)
        if rows:
            self._held.append((texts, _rows(batch, texts)))
        while len(self.rows()) - len(self._held[0][1] if self._held else ()) >= MAX_FOOTER_ROWS:
            yield self._held.pop(0)[0]

    def rows(self) -> list[Row]:
        """The rows held back."""
        return [row for _, rows in self._held for row in rows]

    def without(self, lines: Collection[int]) -> Iterator[Texts]:
        """The rows held back, except those on `lines`."""
        for texts, rows in self._held:
            mask = pa.array(np.array([line not in lines for line, _ in rows], np.bool_))
            yield {name: column.filter(mask) for name, column in texts.items()}


def _slice(texts: Texts, start: int, count: int) -> Texts:
    return {name: column.slice(start, count) for name, column in texts.items()}


def _rows(batch: Batch, texts: Texts) -> list[Row]:
    """The last rows of `batch`, which have the values `texts`."""
    values = [column.to_pylist() for column in texts.values()]
    lines = batch.lines[max(len(batch.lines) - MAX_FOOTER_ROWS, 0) :].tolist()
    return [(int(line), [column[row] for column in values]) for row, line in enumerate(lines)]


_SMALL = 256 * 1024
"""Bytes of a file that is read without another thread."""
_MAX_NAMES = 100
"""Names of the header in an error."""


@dataclass(frozen=True, slots=True)
class InferredFile:
    """The result of inference.

    `header` maps the columns of the file to columns of the table; `columns` are their profiles in the file's
    order. `table` are the columns that the table needs for the file, `key` those of its key. `rejected` of
    the `read` records cannot be loaded: they are not rows, are on the lines `footers`, or have no key.
    """

    header: ColumnMapping
    columns: tuple[ColumnProfile, ...]
    table: tuple[TableColumn, ...]
    key: tuple[str, ...]
    format: Format
    read: int
    rejected: int
    footers: frozenset[int]
    sha256: str

    @property
    def accepted(self) -> int:
        """Rows that can be loaded."""
        return self.read - self.rejected


class FileInference:
    """One pass over a file. `reader` is available even if the file is refused."""

    def __init__(
        self,
        content: Iterable[bytes],
        overrides: Overrides,
        table: Sequence[TableColumn],
        key: Sequence[str],
        file_size: int,
    ) -> None:
        """Read the header of the file with the bytes `content`, for a dataset with the columns `table`.

        `key` may have names of the table or of the file. A `file_size` of 0 means unknown. Raises
        `FileRefused` if the file has no header that can be read, or lacks a column of the key.
        """
        self._table = tuple(table)
        self._file_size = file_size
        self.reader = CsvReader(content, column_matching.TableColumns(table), overrides)
        self.rows_read = 0
        self._rejected = 0
        header = self.reader.header
        loaded = [position for position, field in enumerate(header.fields) if field is not None]
        self._fields = tuple(header.fields[position] or "" for position in loaded)
        self._names = tuple(column_matching.header_names(header)[position] for position in loaded)
        self._key = self._key_columns(key)

    def run(
        self,
        keep: Callable[[Sequence[Reject]], None] = lambda _: None,
        report: Callable[[int, int], None] = lambda _, __: None,
    ) -> InferredFile:
        """Read the whole file; calls `keep` with all rejects, and `report` with 0 and the bytes read so far.

        Raises `FileRefused` if the file cannot be loaded: it is not a CSV file, has too many rejects, or its
        rows or keys are too large for a table.
        """
        inference = ColumnInference(
            self._fields, column_matching.header_variants(self._names, self._fields, self._table)
        )
        missing_keys, tail = MissingKeyCounter(self._key), TailBuffer()
        numbers = number_format.number_format_of(self.reader.format)

        def add(texts: Texts) -> None:
            inference.add(
                texts if numbers is None else {name: numbers.as_plain(texts[name]) for name in texts}
            )
            missing_keys.add(texts)

        for batch in self._batches():
            for texts in tail.push(batch):
                add(texts)
            keep(batch.rejects)
            self._count(batch)
            report(0, self.reader.size)
            del batch  # so that its memory can be freed while the next one is read
        footers = frozenset(further_tables.footer_lines(tail.rows()))
        for texts in tail.without(footers):
            add(texts)
        return self._result(inference, missing_keys, footers)

    def _batches(self) -> Iterator[Batch]:
        if 0 < self._file_size < _SMALL:
            yield from self.reader
            return
        with closing(prefetch(self.reader)) as batches:
            yield from batches

    def _count(self, batch: Batch) -> None:
        """Count rows and rejects; raises `FileRefused` if the file will surely have too many rejects."""
        self._rejected += len(batch.rejects)
        self.rows_read += len(batch.lines) + len(batch.rejects)
        left = self.reader.max_remaining_bytes(self._file_size) if self._file_size else None
        # an error about several tables is more useful, and needs the whole file
        if not self.reader.further_tables:
            check_limit_reachable(self._rejected, self.rows_read, left, len(self._fields), Contract)

    def _result(
        self, inference: ColumnInference, missing_keys: MissingKeyCounter, footers: frozenset[int]
    ) -> InferredFile:
        columns = table_columns.mark_key_columns(inference.columns(), self._key)
        after = (
            table_columns.evolve_columns(self._table, columns, self._key)
            if self._table
            else table_columns.new_table_columns(columns, self._key)
        )
        without_key = missing_keys.count({column.name: column.type for column in after})
        rejected = self._rejected + len(footers) + without_key
        check_reject_limit(rejected, self.rows_read, Contract)
        table_columns.check_key_size(columns, self._key)
        table_columns.check_row_width(columns, inference.most_filled, self._table, after)
        return InferredFile(
            header=self.reader.header,
            columns=columns,
            table=after,
            key=self._key,
            format=self.reader.format,
            read=self.rows_read,
            rejected=rejected,
            footers=footers,
            sha256=self.reader.sha256,
        )

    def _key_columns(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """The columns of the table that the names `wanted` mean."""
        positions = column_matching.column_positions(wanted, self._names, self._fields)
        missing = [name for name, position in zip(wanted, positions, strict=True) if position is None]
        if missing:
            names = [column["name"] for column in self.reader.header.as_json()[:_MAX_NAMES]]
            raise FileRefused("header_mismatch.key", found=names, missing=missing)
        return tuple(dict.fromkeys(self._fields[position] for position in positions if position is not None))
