"""A look at a whole file that nobody declared: what its columns are, and which rows cannot be loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from shared.ahead import ahead
from shared.contracts.base import Contract
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.formats.overrides import Overrides
from shared.inference import keys, naming, width
from shared.inference import table as tables
from shared.inference.absence import Absence
from shared.inference.column import Column
from shared.inference.inferring import Inference
from shared.inference.table import TableColumn
from shared.inference.tail import Tail, Texts
from shared.parsing import footer, tolerance
from shared.parsing.batches import Batch, Reading
from shared.parsing.header import Header
from shared.parsing.reject import Reject
from shared.validation import written

_MOST_REJECTS = 50
_SMALL = 256 * 1024
"""Bytes of a file that is not worth another thread."""
_MOST_SHOWN = 100

_NOTHING = Overrides()


@dataclass(frozen=True, slots=True)
class Found:
    """What a file turned out to be.

    `header` says which column of the table each of its columns is, `columns` what they have, in the file's
    order. `table` are the table's columns as they have to be so that the file fits, `key` those of them that
    identify a row. Of the records `read`, so many `rejected` cannot be loaded: for their form, as part of the
    `footers` (lines), or because they have no key. `rejects` are the first fifty of the former.
    """

    header: Header
    columns: tuple[Column, ...]
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
    told: Overrides = _NOTHING,
    table: Sequence[TableColumn] = (),
    key: Sequence[str] = (),
    file_size: int = 0,
) -> Found:
    """Look at the file with `content`, beside the columns and the key of the dataset's `table` if it has one.

    `key` may name columns as the file does. Needs no database and stores nothing. Raises `FileRefused` where
    the file cannot be loaded: it is no CSV file, lacks a column of the key, or has too many rejects.
    """
    return Look(content, told, table, key, file_size).run()


class Look:
    """One pass over a file, so that its `reading` can be asked even when it was refused."""

    def __init__(
        self,
        content: Iterable[bytes],
        told: Overrides,
        table: Sequence[TableColumn],
        key: Sequence[str],
        file_size: int,
    ) -> None:
        """Read the header; see `look`."""
        self._table = tuple(table)
        self._file_size = file_size
        self.reading = Reading(content, naming.OntoTable(table), told)
        self.rows_read = 0
        self._rejected = 0
        self._rejects: list[Reject] = []
        header = self.reading.header
        loaded = [place for place, field in enumerate(header.fields) if field is not None]
        self._fields = tuple(header.fields[place] or "" for place in loaded)
        self._names = tuple(naming.names_of(header)[place] for place in loaded)
        self._key = self._key_of(key)

    def run(
        self,
        keep: Callable[[Sequence[Reject]], None] = lambda _: None,
        report: Callable[[int, int], None] = lambda _, __: None,
    ) -> Found:
        """Read all of it; every reject is given to `keep`, and the bytes so far to `report`."""
        inference = Inference(self._fields, naming.headers(self._names, self._fields, self._table))
        absence, tail = Absence(self._key), Tail()
        numbers = written.told(self.reading.format)

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
            left = self.reading.most_bytes_left(self._file_size) if self._file_size else None
            if not self.reading.breaks:  # several tables are the better complaint, once all are known
                tolerance.require_hope(self._rejected, self.rows_read, left, len(self._fields), Contract)
            report(0, self.reading.size)
            del batch
        footers = frozenset(footer.lines([(record.line, record.fields) for record in tail.records()]))
        for texts in tail.without(footers):
            add(texts)
        return self._found(inference, absence, footers)

    def _found(self, inference: Inference, absence: Absence, footers: frozenset[int]) -> Found:
        columns = keys.marked(inference.columns(), self._key)
        after = (
            tables.grown(self._table, columns, self._key) if self._table else tables.made(columns, self._key)
        )
        rejected = self._rejected + len(footers) + absence.count({one.name: one.type for one in after})
        tolerance.require_few(rejected, self.rows_read, Contract)
        keys.require_short(columns, self._key)
        width.require_narrow(columns, inference.most_filled, self._table, after)
        return Found(
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
        with closing(ahead(self.reading)) as batches:
            yield from batches

    def _reject(self, rejects: list[Reject], keep: Callable[[Sequence[Reject]], None]) -> None:
        self._rejected += len(rejects)
        self._rejects += rejects[: _MOST_REJECTS - len(self._rejects)]
        keep(rejects)

    def _key_of(self, wanted: Sequence[str]) -> tuple[str, ...]:
        header = self.reading.header
        places = naming.places(wanted, self._names, self._fields)
        missing = [name for name, place in zip(wanted, places, strict=True) if place is None]
        if missing:
            raise FileRefused(
                "header_mismatch",
                f"The header lacks {', '.join(missing)}, which the key needs.",
                found=[one["name"] for one in header.as_json()[:_MOST_SHOWN]],
                missing=missing,
            )
        return tuple(dict.fromkeys(self._fields[place] for place in places if place is not None))
