"""The layout of a file's table: its columns, how its records are written, and the text of its header."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.parsing.dialect import USUAL, Dialect

Fields = Sequence[str | None]
"""For each column of the file the contract's field, or `None` where it is not loaded."""

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Layout:
    """What the records below the header are.

    `headings` are the texts of the header's records; one that comes again is no row. None where they say too
    little for that.
    """

    fields: Fields
    dialect: Dialect = USUAL
    headings: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Columns of the file."""
        return len(self.fields)

    def repeats_header(self, raw: str) -> bool:
        """Whether a record with this text is the header once more, as where files were glued together."""
        return bool(self.headings) and raw.removeprefix(_BOM) in self.headings


def headings(raws: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """The texts `raws` of a header by which it can be known again, if its `names` are unlike any row's.

    A name alone could be a value of its column, and so could names without letters, or few among none.
    """
    named = sum(bool(name.strip()) for name in names)
    has_words = any(any(map(str.isalpha, name)) for name in names)
    return tuple(raws) if len(names) > 1 and has_words and 2 * named >= len(names) else ()
