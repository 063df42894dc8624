"""The use case of correcting a file: its rejects, to be looked at, or to be mended and sent again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping

from shared.database import brief
from shared.errors import Conflict, NotFound, TooLarge
from shared.ledger import ingestions, members
from shared.queries import rejected
from shared.queries.correction import Correction
from shared.storage import names

MOST_BYTES = 32 * 1024 * 1024
"""Of one answer. The platform holds an answer whole and copies it, some four times its size in all, beside
the loads of the same process."""

_MOST_OF_A_PAGE = 4 * 1024 * 1024

_EVERY = 2**62

_MOST_NAMED = 1000
"""Files of an archive."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file of rejects: `content` is CSV; `next` is the line behind which others follow, if they do."""

    filename: str
    content: bytes
    next: int | None


def page(
    engine: Engine, ingestion_id: uuid.UUID, after: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """At most `limit` rejects, fewer where they are long, and `after` for the next page.

    Raises `NotFound`, `Unavailable`, and `Conflict` where the files in an archive have them.
    """
    found: list[dict[str, Any]] = []
    size = 0
    with brief.connect(engine) as connection:
        _require_no_archive(connection, _find(connection, ingestion_id))
        for reject in rejected.every(connection, ingestion_id, after or 0, limit + 1):
            if len(found) == limit or size > _MOST_OF_A_PAGE:
                return found, found[-1]["line"]
            found.append({"line": reject.line, "raw": reject.raw, "errors": reject.errors})
            size += len(reject.raw)
    return found, None


def sheet(
    engine: Engine, ingestion_id: uuid.UUID, after: int | None, limit: int | None, most: int = MOST_BYTES
) -> Sheet:
    """All rejects, or at most `limit`, as a CSV file that can be sent again once it is mended.

    Raises what `page` does, and `TooLarge` where they are more than `most` bytes.
    """
    with brief.connect(engine) as connection:
        entry = _find(connection, ingestion_id)
        _require_no_archive(connection, entry)
        wanted = (ingestion_id, after or 0, _EVERY if limit is None else limit + 1)
        _require_less(most, ingestion_id, *rejected.size(connection, *wanted))
        correction = Correction(entry["columns"] or (), entry["format"] or {})
        content = bytearray(correction.header().encode())
        line, count = None, 0
        for reject in rejected.every(connection, *wanted):
            if count == limit:
                return Sheet(_name(entry), bytes(content), line)
            content += correction.record(reject.line, reject.raw, reject.errors).encode()
            line, count = reject.line, count + 1
            _require_less(most, ingestion_id, count, len(content))
    return Sheet(_name(entry), bytes(content), None)


_TOO_MANY = (
    "The rejects have more than {} MB, more than one answer can hold. Ask for a part at a time, "
    "?limit={} say, and follow the Link of each answer; or query the table ingest.rejects "
    "where ingestion_id = '{}'."
)


def _require_less(most: int, ingestion_id: uuid.UUID, count: int, size: int) -> None:
    if size > most:
        enough = max(count * most // size // 2, 1)  # the texts alone are shorter than the records
        raise TooLarge(_TOO_MANY.format(most // 2**20, enough, ingestion_id))


def _find(connection: Connection, ingestion_id: uuid.UUID) -> RowMapping:
    entry = ingestions.find(connection, ingestion_id)
    if entry is None:
        raise NotFound(f"There is no ingestion {ingestion_id}.")
    return entry


def _require_no_archive(connection: Connection, entry: RowMapping) -> None:
    """The files in an archive have columns, lines and thus rejects of their own, which its counts add up."""
    inside = [one for one in members.within(connection, entry) if one.counts.rejected]
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


def _name(entry: Mapping[Any, Any]) -> str:
    stem = names.stem(names.safe(entry["filename"]))
    return f"{stem}.rejects.csv"
