"""Marks loads as replaced by newer ones, and promotes duplicates that take over their rows."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, text

from shared.ledger.tables import State, ingestions
from shared.storage.blob_version import BlobVersion

_EARLIER = """
    container = :container and path = :path and dataset = :dataset and etag <> :etag
    and (:member = '' or member = :member) and member <> all (cast(:except_members as text[]))
    and id <> all (cast(:except_ids as uuid[]))
    and state in ('loaded', 'duplicate') and replaced_by is null"""
# The lock of `locks.ACQUIRE_CONTENT` for each of them: until this transaction commits, no load becomes a
# duplicate of an entry that is replaced here, or replaces an entry that takes over rows. If two transactions
# need each other's locks, Postgres ends the deadlock, and one of them loads again with the exclusive lock.
_ACQUIRE_CONTENTS = f"""
    select pg_advisory_xact_lock(hashtextextended(dataset || ' ' || sha256, 0))
    from (select distinct dataset, sha256 from ingest.ingestions where {_EARLIER} order by sha256)
    as earlier"""  # noqa: S608
# Two statements, so that the second one sees what was committed while the first one waited.
_REPLACE = text(f"""
    {_ACQUIRE_CONTENTS};
    update ingest.ingestions set replaced_by = cast(:id as uuid) where {_EARLIER} returning id, serial, state
    """).columns(ingestions.c.id, ingestions.c.serial, ingestions.c.state)  # noqa: S608
# Columns that a promoted duplicate copies from the load; the times of an entry remain its own.
_COPIED_COLUMNS = (
    *("sha256", "head_sha256", "size", "bytes_read", "ignored_columns", "format", "columns"),
    *("rows_read", "rows_inserted", "rows_updated", "rows_unchanged", "rows_duplicate", "rows_rejected"),
)
_PROMOTE = text(f"""
    with new_owner as (
        select id, serial from ingest.ingestions
        where duplicate_of = :replaced and state = 'duplicate' and replaced_by is null
        order by serial limit 1
    ), others as (
        update ingest.ingestions as entry set duplicate_of = new_owner.id from new_owner
        where entry.duplicate_of = :replaced and entry.state = 'duplicate' and entry.replaced_by is null
        and entry.id <> new_owner.id
    ), copied as (
        insert into ingest.rejects (ingestion_id, line, raw, errors)
        select new_owner.id, line, raw, errors from new_owner, ingest.rejects where ingestion_id = :replaced
    )
    update ingest.ingestions as entry
    set state = 'loaded', duplicate_of = null,
        {", ".join(f"{name} = load.{name}" for name in _COPIED_COLUMNS)}
    from new_owner, ingest.ingestions as load where entry.id = new_owner.id and load.id = :replaced
    returning entry.serial""").columns(ingestions.c.serial)  # noqa: S608

_REPLACE_ALL = text("""
    with replaced as (
        update ingest.ingestions set replaced_by = :id
        where dataset = :dataset and state = 'loaded' and replaced_by is null returning id
    )
    update ingest.ingestions set replaced_by = :id
    where duplicate_of in (select id from replaced) and state = 'duplicate' and replaced_by is null""")


def replace_all(connection: Connection, dataset: str, ingestion_id: uuid.UUID) -> None:
    """Mark all loads of `dataset` as replaced by the ingestion that creates its table again."""
    connection.execute(_REPLACE_ALL, {"id": ingestion_id, "dataset": dataset})


def replace_earlier(
    connection: Connection, version: BlobVersion, dataset: str, duplicate: uuid.UUID | None
) -> dict[int, int | None]:
    """Mark the entries of earlier versions of the blob, or of its member, as replaced by `version`.

    Returns the serials of the loads among them, each with the serial of the entry that takes over its rows.
    That is its oldest duplicate, since another blob still has these rows; `None` if there is none. The entry
    `duplicate`, which `version` is a duplicate of, is not replaced, even if it is about the same blob.
    """
    return _replace(connection, version, dataset, [duplicate] if duplicate else [], [])


def replace_rest(
    connection: Connection,
    archive: BlobVersion,
    dataset: str,
    except_ids: Collection[uuid.UUID],
    except_members: Collection[str],
) -> dict[int, int | None]:
    """As `replace_earlier`, for entries of earlier versions that the members of `archive` have not replaced.

    Except the entries that its members are duplicates of, and members that are refused now: the rows of their
    earlier versions remain, as for any refused file.
    """
    return _replace(connection, archive, dataset, except_ids, except_members)


def _replace(
    connection: Connection,
    version: BlobVersion,
    dataset: str,
    except_ids: Collection[uuid.UUID],
    except_members: Collection[str],
) -> dict[int, int | None]:
    facts = {
        "id": str(version.ingestion_id),
        "container": version.container,
        "path": version.path,
        "etag": version.etag.strip('"'),
        "member": version.member,
        "dataset": dataset,
        "except_ids": [str(id_) for id_ in except_ids],
        "except_members": list(except_members),
    }
    replaced = connection.execute(_REPLACE, facts).all()
    return {entry.serial: promote(connection, entry.id) for entry in replaced if entry.state == State.LOADED}


def promote(connection: Connection, replaced: uuid.UUID) -> int | None:
    """Make the oldest duplicate of an entry `loaded` in its place; returns its serial, or `None`.

    Other duplicates become duplicates of the new owner of the rows. Duplicates among the blob's own earlier
    versions are marked as replaced already.
    """
    serial: Any = connection.scalar(_PROMOTE, {"replaced": replaced})
    return None if serial is None else int(serial)
