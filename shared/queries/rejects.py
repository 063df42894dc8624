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
from shared.parsing import column_mapping, records
from shared.parsing.layout import Dialect, Values
from shared.parsing.lines import Lines
from shared.storage import blob_version

StoredReject = Row[int, str, list[dict[str, str | None]]]
"""`line`, `raw`, `errors`."""

_FETCHED = 100
"""Rows that are fetched at a time; the text of each may have a megabyte."""


def iterate_rejects(
    connection: Connection, ingestion_id: uuid.UUID, after: int, limit: int
) -> Iterator[StoredReject]:
    """At most `limit` of them, from the one behind the line `after` on."""
    query = _query(ingestion_id, after, limit)
    with connection.execute(query, execution_options={"yield_per": _FETCHED}) as found:
        yield from found


def reject_size(connection: Connection, ingestion_id: uuid.UUID, after: int, limit: int) -> tuple[int, int]:
    """How many of them `every` would give, and the bytes of their texts, without having these sent."""
    these = _query(ingestion_id, after, limit).subquery()
    query = select(func.count(), func.coalesce(func.sum(func.octet_length(these.c.raw)), 0))
    count, texts = connection.execute(query.select_from(these)).one()
    return count, int(texts)


def _query(ingestion_id: uuid.UUID, after: int, limit: int) -> Select[int, str, list[dict[str, str | None]]]:
    return (
        select(rejects.c.line, rejects.c.raw, rejects.c.errors)
        .where(rejects.c.ingestion_id == ingestion_id, rejects.c.line > after)
        .order_by(rejects.c.line)
        .limit(limit)
    )


_OF_A_DIALECT = ("delimiter", "quote", "escape", "spaces_around_quotes", "has_trailing_delimiter")


def reject_dialect(found: Mapping[str, Any]) -> Dialect:
    """That of a file with the format `found`, as the ledger has it."""
    return Dialect(**{name: found[name] for name in _OF_A_DIALECT if name in found})


def raw_values(text: str, of: Dialect) -> Values | None:
    """The values of the one record that `text` is; `None` if it is broken."""
    parsed = records.parse_records(Lines([text.encode()]), None, of)
    try:
        first, more = next(parsed, None), next(parsed, None)
    except FileRefused:
        return None
    return None if first is None or more or first.fault else first.fields


_LONGEST_NAME = 100
"""Characters of a column's name that the ledger keeps."""

_RAW = "raw"
"""The column of rows whose file has none."""

_TO_QUOTE = re.compile(r'[,"\r\n]|^\s|\s$|^$')


class RejectFileWriter:
    """Writes RFC 4180 with LF, columns in the order of the file of `columns` and `format`, then the notes."""

    def __init__(self, columns: Sequence[Mapping[str, str | None]], found: Mapping[str, Any]) -> None:
        """Both as the ledger has them."""
        self._dialect = reject_dialect(found)
        self._places = [
            place for place, one in enumerate(columns) if one["name"] not in column_mapping.REJECT_COLUMNS
        ]
        has_names = found.get("header_line", 1) is not None
        self._names = [_error_column(columns[place], has_names=has_names) for place in self._places] or [_RAW]
        self._width = len(columns)

    def header(self) -> str:
        """The first line: names as the file has them, or the table's where it has none."""
        return _line([*self._names, *column_mapping.REJECT_COLUMNS])

    def record(self, line: int, text: str, errors: Sequence[Mapping[str, str | None]]) -> str:
        """One reject. Values too many follow behind the notes; of a broken one the text comes first."""
        values = (raw_values(text, self._dialect) if self._width else None) or [text]
        own = [values[place] if place < len(values) else None for place in self._places]
        return _line([*(own or [text]), str(line), _told(errors), *values[max(self._width, 1) :]])


def _error_column(column: Mapping[str, str | None], *, has_names: bool) -> str:
    """The file's own name, unless it has none or a longer one than is known."""
    name = column["name"] or ""
    is_whole = has_names and len(name) < _LONGEST_NAME
    return name if is_whole else column["column"] or name


def _told(errors: Sequence[Mapping[str, str | None]]) -> str:
    return "; ".join(
        f"{error['column']}: {error['message']}" if error["column"] else f"{error['message']}"
        for error in errors
    )


def _line(values: Sequence[str | None]) -> str:
    return ",".join("" if value is None else _cell(value) for value in values) + "\n"


def _cell(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if _TO_QUOTE.search(value) else value


MOST_BYTES = 32 * 1024 * 1024
"""Of one answer. The platform holds an answer whole and copies it, some four times its size in all, beside
the loads of the same process."""

_MOST_OF_A_PAGE = 4 * 1024 * 1024

_EVERY = 2**62

_MOST_NAMED = 1000
"""Files of an archive."""


@dataclass(frozen=True, slots=True)
class RejectFile:
    """A file of rejects: `content` is CSV; `next` is the line behind which others follow, if they do."""

    filename: str
    content: bytes
    next: int | None


def reject_page(
    engine: Engine, ingestion_id: uuid.UUID, after: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """At most `limit` rejects, fewer where they are long, and `after` for the next page.

    Raises `NotFound`, `Unavailable`, and `Conflict` where the files in an archive have them.
    """
    found: list[dict[str, Any]] = []
    size = 0
    with transactions.short_transaction(engine) as connection:
        _require_no_archive(connection, entries.get_entry(connection, ingestion_id))
        for reject in iterate_rejects(connection, ingestion_id, after or 0, limit + 1):
            if len(found) == limit or size > _MOST_OF_A_PAGE:
                return found, found[-1]["line"]
            found.append({"line": reject.line, "raw": reject.raw, "errors": reject.errors})
            size += len(reject.raw)
    return found, None


def reject_file(
    engine: Engine, ingestion_id: uuid.UUID, after: int | None, limit: int | None, most: int = MOST_BYTES
) -> RejectFile:
    """All rejects, or at most `limit`, as a CSV file that can be sent again once it is mended.

    Raises what `page` does, and `TooLarge` where they are more than `most` bytes.
    """
    with transactions.short_transaction(engine) as connection:
        entry = entries.get_entry(connection, ingestion_id)
        _require_no_archive(connection, entry)
        wanted = (ingestion_id, after or 0, _EVERY if limit is None else limit + 1)
        _require_less(most, ingestion_id, *reject_size(connection, *wanted))
        correction = RejectFileWriter(entry["columns"] or (), entry["format"] or {})
        content = bytearray(correction.header().encode())
        line, count = None, 0
        for reject in iterate_rejects(connection, *wanted):
            if count == limit:
                return RejectFile(_filename(entry), bytes(content), line)
            content += correction.record(reject.line, reject.raw, reject.errors).encode()
            line, count = reject.line, count + 1
            _require_less(most, ingestion_id, count, len(content))
    return RejectFile(_filename(entry), bytes(content), None)


_TOO_MANY = (
    "The rejects have more than {} MB, more than one answer can hold. Ask for a part at a time, "
    "?limit={} say, and follow the Link of each answer; or query the table ingest.rejects "
    "where ingestion_id = '{}'."
)


def _require_less(most: int, ingestion_id: uuid.UUID, count: int, size: int) -> None:
    if size > most:
        enough = max(count * most // size // 2, 1)  # the texts alone are shorter than the records
        raise TooLarge(_TOO_MANY.format(most // 2**20, enough, ingestion_id))


def _require_no_archive(connection: Connection, entry: RowMapping) -> None:
    """The files in an archive have columns, lines and thus rejects of their own, which its counts add up."""
    inside = [one for one in entries.members_of_entry(connection, entry) if one.counts.rejected]
    if inside:
        of_each = [
            {
                "file": one.member,
                "detail": f"Rejected rows: {one.counts.rejected}.",
                "ingestion_id": str(one.id),
            }
            for one in inside[:_MOST_NAMED]
        ]
        raise Conflict("It is an archive. Ask for the rejects of the files in it: see errors.", of_each)


def _filename(entry: Mapping[Any, Any]) -> str:
    stem = blob_version.stem(blob_version.safe_name(entry["filename"]))
    return f"{stem}.rejects.csv"
