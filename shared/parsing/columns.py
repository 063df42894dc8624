"""Which columns of a file are read, and by what names: those of a contract, or all that there are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from shared.contracts import column_names, spellings
from shared.contracts.base import Contract
from shared.parsing import header, notes
from shared.parsing.header import Header


class Columns(Protocol):
    """Takes the header's names, `None` for a file without a header."""

    @property
    def known(self) -> Collection[str]:
        """Names that the header should have, as `spellings.normal` spells them; none if unknown."""

    def match(self, names: Sequence[str] | None, width: int, line: int, *, is_told: bool = False) -> Header:
        """The header with these `names`, that begins on `line` of the file; the table has `width` columns.

        `is_told`: whether it was told, not detected, where the header is. Raises `FileRefused`.
        """


class OfContract:
    """The columns that a contract has fields for; the others of the file are not loaded."""

    def __init__(self, contract: type[Contract]) -> None:
        self._contract = contract

    @property
    def known(self) -> Collection[str]:
        """Of all fields."""
        return spellings.fields(self._contract)

    def match(self, names: Sequence[str] | None, width: int, line: int, *, is_told: bool = False) -> Header:
        """See `header.match`, and `header.in_order` for a file without a header."""
        if names is None:
            return header.in_order(width, self._contract, line, is_told=is_told)
        return notes.match(names, lambda rest: header.match(rest, self._contract, line))


class Every:
    """All columns of the file, each by a readable name made of its own."""

    known: Collection[str] = ()

    def match(
        self,
        names: Sequence[str] | None,
        width: int,
        line: int,  # noqa: ARG002
        *,
        is_told: bool = False,  # noqa: ARG002
    ) -> Header:
        """Names of columns, unique; those without a header are called by their places."""
        found = tuple(names or ())
        return Header(tuple(column_names.readable(found or ("",) * width)), (), found)


class Mapped:
    """The columns by fields that are known beforehand, `None` for one that is not loaded."""

    known: Collection[str] = ()

    def __init__(self, fields: Sequence[str | None]) -> None:
        self._fields = tuple(fields)

    def match(
        self,
        names: Sequence[str] | None,
        width: int,  # noqa: ARG002
        line: int,  # noqa: ARG002
        *,
        is_told: bool = False,  # noqa: ARG002
    ) -> Header:
        """The fields as they were given."""
        found = tuple(names or ())
        return Header(self._fields, tuple(name for name in found if name in notes.NAMES), found)
