"""Rejects of an ingestion: pages, or a CSV file to correct and upload again."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, RowMapping, Select, func, select

from shared.database import transactions
from shared.errors import Conflict, FileRefused, TooLarge
from shared.ledger import entries
from shared.ledger.tables import rejects
from shared.parsing import column_mapping, exact_parser
from shared.parsing.layout import Dialect, Values
from shared.parsing.lines import Lines
from shared.storage import blob_version

StoredReject = Row[int, str, list[dict[str, str | None]]]
"""`line`, `raw`, `errors`."""

MAX_FILE_BYTES = 32 * 1024 * 1024
"""Bytes of a file of rejects. The host holds and copies a response, about four times its size in all, in the
process that also runs loads."""
_MAX_PAGE_BYTES = 4 * 1024 * 1024
_MAX_MEMBERS = 1000
_FETCH_SIZE = 100
"""Rows fetched at a time; the text of each can have a megabyte."""
_NO_LIMIT = 2**62

_TOO_MANY = (
    "The rejects have more than {} MB, which is too much for one response. Ask for parts with "
    "?limit={} and follow the Link of each response; or query the table ingest.rejects "
    "where ingestion_id = '{}'."
)


@dataclass(frozen=True, slots=True)
class RejectFile:
    """A CSV file of rejects; `next` is the line after which further rejects follow, if any."""

    filename: str
    content: bytes
    next: int | None


def reject_page(
    engine: Engine, ingestion_id: uuid.UUID, after: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """At most `limit` rejects, fewer if they are long, and `after` for the next page.

    Raises `NotFound`, `Unavailable`, and `Conflict` for an archive: its files have the rejects.
    """
    page: list[dict[str, Any]] = []
    size = 0
    with transactions.short_transaction(engine) as connection:
        _check_no_archive(connection, entries.get_entry(connection, ingestion_id))
        for reject in _iterate_rejects(connection, ingestion_id, after or 0, limit + 1):
            if len(page) == limit or size > _MAX_PAGE_BYTES:
                return page, page[-1]["line"]
            page.append({"line": reject.line, "raw": reject.raw, "errors": reject.errors})
            size += len(reject.raw)
    return page, None


def reject_file(
    engine: Engine,
    ingestion_id: uuid.UUID,
    after: int | None,
    limit: int | None,
    max_bytes: int = MAX_FILE_BYTES,
) -> RejectFile:
    """All rejects, or at most `limit`, as a CSV file that can be corrected and uploaded again.

    Raises what `reject_page` raises, and `TooLarge` if the file would have more than `max_bytes`.
    """
    with transactions.short_transaction(engine) as connection:
        entry = entries.get_entry(connection, ingestion_id)
        _check_no_archive(connection, entry)
        part = (ingestion_id, after or 0, _NO_LIMIT if limit is None else limit + 1)
        _check_size(max_bytes, ingestion_id, *_reject_size(connection, *part))
        writer = _RejectFileWriter(entry["columns"] or (), entry["format"] or {})
        content = bytearray(writer.header().encode())
        line, count = None, 0
        for reject in _iterate_rejects(connection, *part):
            if count == limit:
                return RejectFile(_filename(entry), bytes(content), line)
            content += writer.record(reject.line, reject.raw, reject.errors).encode()
            line, count = reject.line, count + 1
            _check_size(max_bytes, ingestion_id, count, len(content))
    return RejectFile(_filename(entry), bytes(content), None)


def _iterate_rejects(
    connection: Connection, ingestion_id: uuid.UUID, after: int, limit: int
) -> Iterator[StoredReject]:
    """At most `limit` rejects on lines after `after`."""
    query = _query(ingestion_id, after, limit)
    with connection.execute(query, execution_options={"yield_per": _FETCH_SIZE}) as result:
        yield from result


def _reject_size(connection: Connection, ingestion_id: uuid.UUID, after: int, limit: int) -> tuple[int, int]:
    """The number of the rejects and the bytes of their texts, without fetching them."""
    part = _query(ingestion_id, after, limit).subquery()
    query = select(func.count(), func.coalesce(func.sum(func.octet_length(part.c.raw)), 0))
    count, size = connection.execute(query.select_from(part)).one()
    return count, int(size)


def _query(ingestion_id: uuid.UUID, after: int, limit: int) -> Select[int, str, list[dict[str, str | None]]]:
    return (
        select(rejects.c.line, rejects.c.raw, rejects.c.errors)
        .where(rejects.c.ingestion_id == ingestion_id, rejects.c.line > after)
        .order_by(rejects.c.line)
        .limit(limit)
    )


def _check_size(max_bytes: int, ingestion_id: uuid.UUID, count: int, size: int) -> None:
    if size > max_bytes:
        limit = max(count * max_bytes // size // 2, 1)  # half, since a record is longer than its text
        raise TooLarge(_TOO_MANY.format(max_bytes // 2**20, limit, ingestion_id))


def _check_no_archive(connection: Connection, entry: RowMapping) -> None:
    """The files of an archive have their own columns and lines, so each has its own rejects."""
    members = [one for one in entries.members_of_entry(connection, entry) if one.counts.rejected]
    if members:
        errors = [
            {
                "file": member.member,
                "detail": f"Rejected rows: {member.counts.rejected}.",
                "ingestion_id": str(member.id),
            }
            for member in members[:_MAX_MEMBERS]
        ]
        raise Conflict("This is an archive. Ask for the rejects of each of its files, see errors.", errors)


def _filename(entry: Mapping[Any, Any]) -> str:
    stem = blob_version.stem(blob_version.safe_name(entry["filename"]))
    return f"{stem}.rejects.csv"


_DIALECT_FIELDS = ("delimiter", "quote", "escape", "spaces_around_quotes", "has_trailing_delimiter")

_MAX_NAME = 100
"""Characters of a column name in the ledger; a longer name is cut."""

_RAW = "raw"
"""The column for whole rows, if the columns of the file are unknown."""

_NEEDS_QUOTES = re.compile(r'[,"\r\n]|^\s|\s$|^$')


class _RejectFileWriter:
    """Writes rejects as RFC 4180 with LF: the columns of the file, then `_line` and `_errors`."""

    def __init__(self, columns: Sequence[Mapping[str, str | None]], file_format: Mapping[str, Any]) -> None:
        """`columns` and `file_format` are JSON values of the ledger."""
        options = {name: file_format[name] for name in _DIALECT_FIELDS if name in file_format}
        self._dialect = Dialect(**options)
        self._positions = [
            position
            for position, column in enumerate(columns)
            if column["name"] not in column_mapping.REJECT_COLUMNS
        ]
        has_names = file_format.get("header_line", 1) is not None
        names = [_column_name(columns[position], has_names=has_names) for position in self._positions]
        self._names = names or [_RAW]
        self._width = len(columns)

    def header(self) -> str:
        """The first line: the names in the file, or those of the table if the file has no header."""
        return _record([*self._names, *column_mapping.REJECT_COLUMNS])

    def record(self, line: int, text: str, errors: Sequence[Mapping[str, str | None]]) -> str:
        """One reject. Extra values come after `_errors`; a row that cannot be split is the first value."""
        values = (_split_row(text, self._dialect) if self._width else None) or [text]
        own = [values[position] if position < len(values) else None for position in self._positions]
        extra = values[max(self._width, 1) :]
        return _record([*(own or [text]), str(line), _error_text(errors), *extra])


def _split_row(text: str, dialect: Dialect) -> Values | None:
    """The values of the record `text`; `None` if it is corrupt or not exactly one record."""
    parsed = exact_parser.parse_records(Lines([text.encode()]), None, dialect)
    try:
        first, second = next(parsed, None), next(parsed, None)
    except FileRefused:
        return None
    return None if first is None or second or first.fault else first.fields


def _column_name(column: Mapping[str, str | None], *, has_names: bool) -> str:
    """The name in the file; that of the table if the file has no header or the name was cut."""
    name = column["name"] or ""
    is_whole = has_names and len(name) < _MAX_NAME
    return name if is_whole else column["column"] or name


def _error_text(errors: Sequence[Mapping[str, str | None]]) -> str:
    return "; ".join(
        f"{error['column']}: {error['message']}" if error["column"] else f"{error['message']}"
        for error in errors
    )


def _record(values: Sequence[str | None]) -> str:
    return ",".join("" if value is None else _quoted(value) for value in values) + "\n"


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if _NEEDS_QUOTES.search(value) else value
