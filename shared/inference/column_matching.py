"""Matches the columns of a file to the columns of its dataset's table, and names new columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from shared.contracts import column_names
from shared.contracts.column_names import MAX_NAME_BYTES
from shared.errors import FileRefused
from shared.inference.table_columns import TableColumn
from shared.parsing import column_mapping
from shared.parsing.column_mapping import ColumnMapping

MAX_COLUMNS = 1500
"""Columns of a table. PostgreSQL allows 1,600, including `_load`, `_line` and dropped columns."""


class TableColumns:
    """Maps the columns of a file to the columns of a table; columns that the table lacks get new names."""

    def __init__(self, table: Sequence[TableColumn]) -> None:
        self._table = table
        names = (name for column in table for name in (column.name, *column.headers))
        self._known = frozenset(map(column_names.normalize_name, names)) - {""}

    @property
    def known(self) -> Collection[str]:
        """Normalized names of all columns: names in the table and names in headers."""
        return self._known

    def match(
        self, names: Sequence[str] | None, width: int, line: int, *, is_explicit: bool = False
    ) -> ColumnMapping:
        """The mapping for a file with the header `names` on `line`, or with `width` columns and no header.

        `is_explicit`: whether the option `header_line` is set. Raises `FileRefused` for a file with
        too many columns, and for a file without a header if the columns of the table have names.
        """
        count = len(names) if names else width
        if count > MAX_COLUMNS:
            raise FileRefused("too_many_columns", {"count": count, "most": MAX_COLUMNS}, line=line)
        if names is None:
            return self._by_position(width, line, is_explicit=is_explicit)
        return _by_name(names, self._table)

    def _by_position(self, width: int, line: int, *, is_explicit: bool) -> ColumnMapping:
        """For a file without a header: columns of a table of such files, or all columns if `is_explicit`."""
        mapping = ColumnMapping(match_columns(("",) * width, self._table), ())
        if not self._table or is_same_mapping(mapping, self._table):
            return mapping
        columns = [column.name for column in self._table]
        if is_explicit and width == len(columns):
            return ColumnMapping(tuple(columns), ())
        raise FileRefused("header_mismatch.no_header", {"missing": columns}, line=line)


def is_same_mapping(mapping: ColumnMapping, table: Sequence[TableColumn]) -> bool:
    """Whether `mapping` is still right for the columns of `table`, which may have changed."""
    if mapping.names:
        return _by_name(mapping.names, table) == mapping
    return all(column.name == field for column, field in zip(table, mapping.fields, strict=False))


def _by_name(names: Sequence[str], table: Sequence[TableColumn]) -> ColumnMapping:
    return column_mapping.without_reject_columns(
        names, lambda rest: ColumnMapping(match_columns(rest, table), (), tuple(rest))
    )


def header_names(mapping: ColumnMapping) -> tuple[str, ...]:
    """The names in the file's header; empty names if it has no header."""
    return mapping.names or ("",) * len(mapping.fields)


def match_columns(names: Sequence[str], table: Sequence[TableColumn]) -> tuple[str, ...]:
    """The column of the table for each of a header's `names`; all are different.

    In this order: a column that an earlier file had under exactly this name, a column with the readable form
    of the name, a column with another variant of it, a new column. So the same header always gets the same
    columns, also if the table has got more in between. An empty name is matched only by its position.
    """
    matched: dict[int, str] = {}
    readable_names = column_names.readable_names(names)
    for matches in _MATCHERS:
        free = [column for column in table if column.name not in set(matched.values())]
        for position, (name, readable) in enumerate(zip(names, readable_names, strict=True)):
            if position in matched:
                continue
            column = next((column for column in free if matches(name, readable, column)), None)
            if column is not None:
                matched[position] = column.name
                free.remove(column)
    claimed = set(matched.values())
    unnamed = {column.name for column in table if not column.headers and column.name not in claimed}
    used = {column_names.normalize_name(column.name) for column in table}
    return tuple(
        matched[position] if position in matched else _new_name(readable, used, unnamed)
        for position, readable in enumerate(readable_names)
    )


def header_variants(
    headers: Sequence[str], columns: Sequence[str], table: Sequence[TableColumn]
) -> Mapping[str, str]:
    """For each of `columns` its name in the file, except names that another column of `table` has already."""
    owners = {header: column.name for column in reversed(table) for header in column.headers}
    known_headers = {column.name: column.headers for column in table}
    return {
        column: header
        for column, header in zip(columns, headers, strict=True)
        if header.strip()
        and (column not in known_headers or header not in owners or header in known_headers[column])
    }


def column_positions(
    wanted: Sequence[str], headers: Sequence[str], columns: Sequence[str]
) -> list[int | None]:
    """The position in the file of each `wanted` column, which is a name of the table or of the file."""
    positions: list[int | None] = []
    for name in wanted:
        matches = (
            [position for position, column in enumerate(columns) if column == name],
            [position for position, header in enumerate(headers) if header == name],
            [position for position, header in enumerate(headers) if _is_variant(name, header)],
        )
        positions.append(next((found[0] for found in matches if found), None))
    return positions


def _was_in_header(name: str, _readable: str, column: TableColumn) -> bool:
    return bool(name.strip()) and name in column.headers


def _is_readable_name(_name: str, readable: str, column: TableColumn) -> bool:
    return column.name == _valid_name(readable)


def _is_name_variant(name: str, readable: str, column: TableColumn) -> bool:
    if not name.strip():
        return False
    return any(
        _is_variant(given, known) for given in (name, readable) for known in (column.name, *column.headers)
    )


_MATCHERS: tuple[Callable[[str, str, TableColumn], bool], ...] = (
    _was_in_header,
    _is_readable_name,
    _is_name_variant,
)


def _is_variant(name: str, other: str) -> bool:
    return column_names.normalize_name(name) == column_names.normalize_name(other) != ""


def _new_name(readable: str, used: set[str], unnamed: set[str]) -> str:
    """A name that is not a variant of a `used` one: for a contract, `a_2` and `a2` are the same column.

    The numbered names may include an `unnamed` column of the table, which no header has named: it was created
    for this column of an earlier file.
    """
    base = name = _valid_name(readable)
    count = 2
    while column_names.normalize_name(name) in used:
        if name in unnamed:
            unnamed.remove(name)
            return name
        suffix = f"_{count}"
        name = _cut(base, MAX_NAME_BYTES - len(suffix)) + suffix
        count += 1
    used.add(column_names.normalize_name(name))
    return name


def _valid_name(name: str) -> str:
    """`name`, changed if a field of a contract cannot have it."""
    for candidate in (name, f"{_cut(name, MAX_NAME_BYTES - 1)}_"):
        if column_names.is_valid_column_name(candidate):
            return candidate
    return _cut(f"n_{name}", MAX_NAME_BYTES)


def _cut(name: str, size: int) -> str:
    """As many characters of `name` as fit into `size` bytes."""
    return name.encode()[:size].decode(errors="ignore")
