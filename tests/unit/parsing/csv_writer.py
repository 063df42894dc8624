"""Writes a table in any dialect so that it can be read in one way only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.formats.overrides import Overrides

Row = Sequence[str | None]


@dataclass(frozen=True)
class CsvWriter:
    """A dialect; a cell is quoted where it must be, or always (`quotes_all`)."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""
    line_end: str = "\n"
    spaces_around_quotes: bool = False
    has_trailing_delimiter: bool = False
    quotes_all: bool = False

    def write(self, names: Sequence[str], rows: Sequence[Row]) -> str:
        """The text of the file with a header of `names`."""
        end = self.delimiter * self.has_trailing_delimiter + self.line_end
        return "".join(self.delimiter.join(map(self._cell, row)) + end for row in [names, *rows])

    def can_write(self, cell: str | None, width: int) -> bool:
        """Whether this dialect can represent `cell` in a table of `width` columns."""
        if cell is None:
            return width > 1 and self.delimiter != " "
        if self.quote:
            return True
        if cell == "":
            return False
        special = {"\n", "\r", self.delimiter} if not self.escape else {"\r"}
        return not set(cell) & special

    @property
    def overrides(self) -> Overrides:
        """The dialect as overrides of the format."""
        return Overrides(
            delimiter=self.delimiter,
            quote=self.quote,
            escape=self.escape,
            line_end=self.line_end,
            spaces_around_quotes=self.spaces_around_quotes,
            has_trailing_delimiter=self.has_trailing_delimiter,
            sep_line=False,
            header_line=1,
            header_lines=1,
        )

    def _cell(self, cell: str | None) -> str:
        if cell is None:
            return ""
        special = {"\n", "\r", self.delimiter, self.quote, self.escape} - {""}
        if not self.quote:
            return "".join(self.escape * (char in special) + char for char in cell) if self.escape else cell
        if not (self.quotes_all or not cell or cell != cell.strip(" ") or set(cell) & special):
            return cell
        escaped = cell.replace(self.escape, self.escape * 2) if self.escape else cell
        spaces = " " * self.spaces_around_quotes
        return (
            f"{spaces}{self.quote}{escaped.replace(self.quote, (self.escape or self.quote) + self.quote)}"
            f"{self.quote}{spaces}"
        )
