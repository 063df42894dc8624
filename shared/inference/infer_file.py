"""Infers the columns of a whole file without a contract, and which rows are rejects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shared.contracts.base import Contract
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.formats.null_spellings import NULL_SPELLINGS
from shared.formats.overrides import Overrides
from shared.inference import column_matching, table_columns
from shared.inference import table_columns as tables
from shared.inference.infer_column import ColumnInference
from shared.inference.table_columns import ColumnProfile, TableColumn
from shared.inference.widening import TEXT_TYPE, Type
from shared.parsing import further_tables
from shared.parsing.column_mapping import ColumnMapping
from shared.parsing.reader import Batch, CsvReader
from shared.parsing.records import Record
from shared.parsing.rejects import Reject, check_limit_reachable, check_reject_limit
from shared.prefetch import prefetch
from shared.validation import arrow_types, number_format

_MISSING, _SPELLED = 1, 2


class MissingKeyCounter:
    """Counts the rows by what each column of the key has: nothing, a null spelling, or a value."""

    def __init__(self, key: Sequence[str]) -> None:
        self._key = tuple(key)
        self._rows: Counter[tuple[int, ...]] = Counter()

    def add(self, texts: Mapping[str, pa.StringArray]) -> None:
        """Take a batch."""
        found = [_kinds(texts[name]) for name in self._key]
        if any(kinds.any() for kinds in found):
            patterns, counts = np.unique(np.stack(found, axis=1), axis=0, return_counts=True)
            for pattern, count in zip(patterns.tolist(), counts.tolist(), strict=True):
                self._rows[tuple(pattern)] += count

    def count(self, types: Mapping[str, Type]) -> int:
        """The rows without a key, where its columns have these types: in text, a null spelling is a value."""
        worst = [_MISSING if types[name] == TEXT_TYPE else _SPELLED for name in self._key]
        return sum(
            rows
            for pattern, rows in self._rows.items()
            if any(0 < kind <= most for kind, most in zip(pattern, worst, strict=True))
        )


def _kinds(texts: pa.StringArray) -> Any:
    spelled: Any = pc.is_in(texts, value_set=pa.array(NULL_SPELLINGS))
    kinds = np.where(spelled.to_numpy(zero_copy_only=False), _SPELLED, 0)
    kinds[texts.is_null().to_numpy(zero_copy_only=False)] = _MISSING
    return kinds.astype(np.int8)


TAIL_ROWS = 5
"""Rows that may be a footer; more are a table of their own."""

Texts = Mapping[str, pa.StringArray]
"""For each column its texts, missing ones as null."""


class TailBuffer:
    """Lets the rows of a file pass, but for the last ones."""

    def __init__(self) -> None:
        self._held: list[tuple[Texts, list[Record]]] = []

    def pass_on(self, batch: Batch) -> Iterator[Texts]:
        """The rows that are surely none of the last, when `batch` comes."""
        texts: Texts = {str(name): arrow_types.text_array(batch.text[name]) for name in batch.text.columns}
        rows = len(batch.lines)
        if rows > TAIL_ROWS:
            yield from (held for held, _ in self._held)
            self._held = []
            yield _sliced(texts, 0, rows - TAIL_ROWS)
            texts = _sliced(texts, rows - TAIL_ROWS, TAIL_ROWS)
        if rows:
            self._held.append((texts, _records(batch, texts, max(rows - TAIL_ROWS, 0))))
        while len(self.records()) - len(self._held[0][1] if self._held else ()) >= TAIL_ROWS:
            yield self._held.pop(0)[0]

    def records(self) -> list[Record]:
        """Those held back."""
        return [record for _, records in self._held for record in records]

    def without(self, lines: Collection[int]) -> Iterator[Texts]:
        """The rows held back, but for those on `lines`."""
        for texts, records in self._held:
            kept = pa.array(np.array([record.line not in lines for record in records], np.bool_))
            yield {name: column.filter(kept) for name, column in texts.items()}


def _sliced(texts: Texts, at: int, count: int) -> Texts:
    return {name: column.slice(at, count) for name, column in texts.items()}


def _records(batch: Batch, texts: Texts, first: int) -> list[Record]:
    """The last rows of `batch`, from the one at `first`, of which `texts` has the values."""
    values = [column.to_pylist() for column in texts.values()]
    return [
        Record(int(line), batch.raw(first + place), [column[place] for column in values])
        for place, line in enumerate(batch.lines[first:].tolist())
    ]


_MOST_REJECTS = 50
_SMALL = 256 * 1024
"""Bytes of a file that is not worth another thread."""
_MOST_SHOWN = 100

_NOTHING = Overrides()


@dataclass(frozen=True, slots=True)
class InferredFile:
    """What a file turned out to be.

    `header` says which column of the table each of its columns is, `columns` what they have, in the file's
    order. `table` are the table's columns as they have to be so that the file fits, `key` those of them that
    identify a row. Of the records `read`, so many `rejected` cannot be loaded: for their form, as part of the
    `footers` (lines), or because they have no key. `rejects` are the first fifty of the former.
    """

    header: ColumnMapping
    columns: tuple[ColumnProfile, ...]
    table: tuple[TableColumn, ...]
    key: tuple[str, ...]
    format: Format
    read: int
    rejected: int
    rejects: tuple[Reject, ...]
    footers: frozenset[int]
    sha256: str

    @property
    def accepted(self) -> int:
        """Rows that can be loaded."""
        return self.read - self.rejected


def look(
    content: Iterable[bytes],
    overrides: Overrides = _NOTHING,
    table: Sequence[TableColumn] = (),
    key: Sequence[str] = (),
    file_size: int = 0,
) -> InferredFile:
    """Look at the file with `content`, beside the columns and the key of the dataset's `table` if it has one.

    `key` may name columns as the file does. Needs no database and stores nothing. Raises `FileRefused` where
    the file cannot be loaded: it is no CSV file, lacks a column of the key, or has too many rejects.
    """
    return FileInference(content, overrides, table, key, file_size).run()


class FileInference:
    """One pass over a file, so that its `reading` can be asked even when it was refused."""

    def __init__(
        self,
        content: Iterable[bytes],
        overrides: Overrides,
        table: Sequence[TableColumn],
        key: Sequence[str],
        file_size: int,
    ) -> None:
        """Read the header; see `look`."""
        self._table = tuple(table)
        self._file_size = file_size
        self.reading = CsvReader(content, column_matching.TableColumns(table), overrides)
        self.rows_read = 0
        self._rejected = 0
        self._rejects: list[Reject] = []
        header = self.reading.header
        loaded = [place for place, field in enumerate(header.fields) if field is not None]
        self._fields = tuple(header.fields[place] or "" for place in loaded)
        self._names = tuple(column_matching.header_names(header)[place] for place in loaded)
        self._key = self._key_of(key)

    def run(
        self,
        keep: Callable[[Sequence[Reject]], None] = lambda _: None,
        report: Callable[[int, int], None] = lambda _, __: None,
    ) -> InferredFile:
        """Read all of it; every reject is given to `keep`, and the bytes so far to `report`."""
        inference = ColumnInference(
            self._fields, column_matching.header_variants(self._names, self._fields, self._table)
        )
        absence, tail = MissingKeyCounter(self._key), TailBuffer()
        numbers = number_format.number_format_of(self.reading.format)

        def add(texts: Texts) -> None:
            inference.add(
                texts if numbers is None else {name: numbers.as_plain(texts[name]) for name in texts}
            )
            absence.add(texts)

        for batch in self._batches():
            for texts in tail.pass_on(batch):
                add(texts)
            self._reject(batch.rejects, keep)
            self.rows_read += len(batch.lines) + len(batch.rejects)
            left = self.reading.max_remaining_bytes(self._file_size) if self._file_size else None
            if not self.reading.breaks:  # several tables are the better complaint, once all are known
                check_limit_reachable(self._rejected, self.rows_read, left, len(self._fields), Contract)
            report(0, self.reading.size)
            del batch
        footers = frozenset(
            further_tables.footer_lines([(record.line, record.fields) for record in tail.records()])
        )
        for texts in tail.without(footers):
            add(texts)
        return self._found(inference, absence, footers)

    def _found(
        self, inference: ColumnInference, absence: MissingKeyCounter, footers: frozenset[int]
    ) -> InferredFile:
        columns = table_columns.mark_key_columns(inference.columns(), self._key)
        after = (
            tables.evolve_columns(self._table, columns, self._key)
            if self._table
            else tables.new_table_columns(columns, self._key)
        )
        rejected = self._rejected + len(footers) + absence.count({one.name: one.type for one in after})
        check_reject_limit(rejected, self.rows_read, Contract)
        table_columns.check_key_size(columns, self._key)
        table_columns.check_row_width(columns, inference.most_filled, self._table, after)
        return InferredFile(
            header=self.reading.header,
            columns=columns,
            table=after,
            key=self._key,
            format=self.reading.format,
            read=self.rows_read,
            rejected=rejected,
            rejects=tuple(self._rejects),
            footers=footers,
            sha256=self.reading.sha256,
        )

    def _batches(self) -> Iterator[Batch]:
        if 0 < self._file_size < _SMALL:
            yield from self.reading
            return
        with closing(prefetch(self.reading)) as batches:
            yield from batches

    def _reject(self, rejects: list[Reject], keep: Callable[[Sequence[Reject]], None]) -> None:
        self._rejected += len(rejects)
        self._rejects += rejects[: _MOST_REJECTS - len(self._rejects)]
        keep(rejects)

    def _key_of(self, wanted: Sequence[str]) -> tuple[str, ...]:
        header = self.reading.header
        places = column_matching.column_positions(wanted, self._names, self._fields)
        missing = [name for name, place in zip(wanted, places, strict=True) if place is None]
        if missing:
            raise FileRefused(
                "header_mismatch",
                f"The header lacks {', '.join(missing)}, which the key needs.",
                found=[one["name"] for one in header.as_json()[:_MOST_SHOWN]],
                missing=missing,
            )
        return tuple(dict.fromkeys(self._fields[place] for place in places if place is not None))
