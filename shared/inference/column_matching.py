"""Matches the columns of a file to those of a dataset's table, and names new ones."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from shared.contracts import column_names
from shared.contracts.column_names import MAX_NAME_BYTES
from shared.errors import FileRefused
from shared.inference.table_columns import TableColumn
from shared.parsing import column_mapping
from shared.parsing.column_mapping import ColumnMapping

MOST_COLUMNS = 1500
"""Of a table; Postgres has 1,600, two of which are the load and the line, and dropped ones count too."""


class TableColumns:
    """The columns of a file by those of a table, and by names of their own where it has none for them."""

    def __init__(self, table: Sequence[TableColumn]) -> None:
        self._table = table
        names = (name for column in table for name in (column.name, *column.headers))
        self._known = frozenset(map(column_names.normalize_name, names)) - {""}

    @property
    def known(self) -> Collection[str]:
        """Of all columns of the table, its own names and the files'."""
        return self._known

    def match(
        self, names: Sequence[str] | None, width: int, line: int, *, is_told: bool = False
    ) -> ColumnMapping:
        """See `named`.

        Raises `FileRefused` where a table has no room for all columns, or names columns that the file,
        which has no header, does not name.
        """
        if (len(names) if names else width) > MOST_COLUMNS:
            raise FileRefused(
                "too_many_columns",
                f"The header has {len(names) if names else width} columns, and a table has room for "
                f"{MOST_COLUMNS}.",
                line=line,
            )
        if names is None:
            return self._by_order(width, line, is_told=is_told)
        return _by_name(names, self._table)

    def _by_order(self, width: int, line: int, *, is_told: bool) -> ColumnMapping:
        """Columns of a file without a header: those of a table of such files, or the table's if told so."""
        found = ColumnMapping(match_columns(("",) * width, self._table), ())
        if not self._table or is_same_mapping(found, self._table):
            return found
        if is_told and width == len(self._table):
            return ColumnMapping(tuple(column.name for column in self._table), ())
        raise FileRefused(
            "header_mismatch",
            "The file seems to have no header, and its dataset's columns have names. Add one, or, if the "
            f"{len(self._table)} columns of the table are all there in order, with header_line=none.",
            line=line,
        )


def is_same_mapping(header: ColumnMapping, table: Sequence[TableColumn]) -> bool:
    """Whether the columns of a file are those of `table` that its header means, and new ones."""
    if header.names:
        return _by_name(header.names, table) == header
    return all(column.name == field for column, field in zip(table, header.fields, strict=False))


def _by_name(names: Sequence[str], table: Sequence[TableColumn]) -> ColumnMapping:
    return column_mapping.without_reject_columns(
        names, lambda rest: ColumnMapping(match_columns(rest, table), (), tuple(rest))
    )


def header_names(header: ColumnMapping) -> tuple[str, ...]:
    """The file's names of its columns, blank ones where it has no header."""
    return header.names or ("",) * len(header.fields)


def match_columns(names: Sequence[str], table: Sequence[TableColumn]) -> tuple[str, ...]:
    """For each of a header's `names` the column of the table, all different.

    It is the one that a file had under exactly this name before, else the one whose own name this is made
    readable, else one with another spelling of it, else a new one. The same header always gets the same
    columns, however the table grew in between; a blank name is known by its place alone.
    """
    found: dict[int, str] = {}
    readable = column_names.readable_names(names)
    for is_same in _MATCHERS:
        free = [column for column in table if column.name not in set(found.values())]
        for place, (name, own) in enumerate(zip(names, readable, strict=True)):
            if place in found:
                continue
            match = next((column for column in free if is_same(name, own, column)), None)
            if match is not None:
                found[place] = match.name
                free.remove(match)
    claimed = set(found.values())
    unnamed = {column.name for column in table if not column.headers and column.name not in claimed}
    taken = {column_names.normalize_name(column.name) for column in table}
    return tuple(
        found[place] if place in found else _new(own, taken, unnamed) for place, own in enumerate(readable)
    )


def header_variants(
    names: Sequence[str], named_: Sequence[str], table: Sequence[TableColumn]
) -> Mapping[str, str]:
    """For each column the file's name of it, but for names that another column of `table` goes by already."""
    known = {header: column.name for column in reversed(table) for header in column.headers}
    own = {column.name: column.headers for column in table}
    return {
        column: name
        for column, name in zip(named_, names, strict=True)
        if name.strip() and (column not in own or name not in known or name in own[column])
    }


def column_positions(wanted: Sequence[str], names: Sequence[str], named_: Sequence[str]) -> list[int | None]:
    """For each `wanted` column, called as in the table or as in the file, its place in the file."""
    found: list[int | None] = []
    for name in wanted:
        ways = (
            [place for place, column in enumerate(named_) if column == name],
            [place for place, header in enumerate(names) if header == name],
            [place for place, header in enumerate(names) if _is_spelling(name, header)],
        )
        found.append(next((way[0] for way in ways if way), None))
    return found


def _had_before(name: str, _own: str, column: TableColumn) -> bool:
    return bool(name.strip()) and name in column.headers


def _is_named_so(_name: str, own: str, column: TableColumn) -> bool:
    return column.name == _possible(own)


def _is_spelled_so(name: str, own: str, column: TableColumn) -> bool:
    if not name.strip():
        return False
    return any(
        _is_spelling(given, known) for given in (name, own) for known in (column.name, *column.headers)
    )


_MATCHERS: tuple[Callable[[str, str, TableColumn], bool], ...] = (_had_before, _is_named_so, _is_spelled_so)


def _is_spelling(one: str, other: str) -> bool:
    return column_names.normalize_name(one) == column_names.normalize_name(other) != ""


def _new(readable: str, taken: set[str], unnamed: set[str]) -> str:
    """A name of which no other is a spelling: `a_2` and `a2` would be the same column to a contract.

    Of those that are tried, one of a column that no file has named is that column: it was made like this.
    """
    base = name = _possible(readable)
    count = 2
    while column_names.normalize_name(name) in taken:
        if name in unnamed:
            unnamed.remove(name)
            return name
        end = f"_{count}"
        name = _cut(base, MAX_NAME_BYTES - len(end)) + end
        count += 1
    taken.add(column_names.normalize_name(name))
    return name


def _possible(name: str) -> str:
    """The name, or one that a contract's field can have."""
    if column_names.is_valid_column_name(name):
        return name
    behind = f"{_cut(name, MAX_NAME_BYTES - 1)}_"
    return behind if column_names.is_valid_column_name(behind) else _cut(f"n_{name}", MAX_NAME_BYTES)


def _cut(name: str, size: int) -> str:
    return name.encode()[:size].decode(errors="ignore")
