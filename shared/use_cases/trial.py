"""A trial: one file through the stages of a load but the last, so that nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Sequence

from shared.contracts.base import Contract
from shared.datasets.changes import Change
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.parsing import tolerance
from shared.parsing.batches import Batch, Reading
from shared.parsing.reject import Reject
from shared.use_cases import shown
from shared.use_cases.outlook import Column, Outlook
from shared.validation import preparing, validating

MOST_ROWS = 10
MOST_REJECTS = 50


class Trial:
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

    def run(self, reading: Reading, file_size: int) -> None:
        """Take the whole file of `file_size` bytes."""
        try:
            for batch in reading:
                self._take(batch, reading.format)
                if not reading.breaks:  # as for a load, several tables are the better complaint
                    self._check(reading, file_size)
                del batch
            tolerance.require_few(self.rejected, self.read, self._contract)
        except FileRefused as exc:
            self.refusal = self.refusal or exc

    def _take(self, batch: Batch, format_: Format) -> None:
        prepared = preparing.prepared(batch, self._contract, format_)
        validated = validating.validate(prepared, self._contract)
        self.accepted += len(validated.lines)
        self.rejected += len(validated.rejects)
        self.rows += shown.texts(validated.rows.head(MOST_ROWS - len(self.rows)))
        self.rejects += validated.rejects[: MOST_REJECTS - len(self.rejects)]

    def _check(self, reading: Reading, file_size: int) -> None:
        """A load would end here; the first reason is the one that the ledger would have."""
        left, width = reading.most_bytes_left(file_size), len(reading.header.fields)
        try:
            tolerance.require_hope(self.rejected, self.read, left, width, self._contract)
        except FileRefused as exc:
            self.refusal = self.refusal or exc

    def outlook(self, format_: Format, columns: Sequence[Column], changes: Sequence[Change] = ()) -> Outlook:
        """All that was found, beside the `columns` of the file."""
        return Outlook(
            format_,
            columns,
            self.rows,
            self.rejects,
            self.accepted,
            self.rejected,
            self.refusal,
            changes,
        )
