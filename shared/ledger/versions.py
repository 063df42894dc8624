"""Replaces the rows of a blob's earlier versions where the contract has no key."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, text

from shared.ledger.tables import State, ingestions
from shared.storage.blob_version import BlobVersion

_EARLIER = """
    container = :container and path = :path and dataset = :dataset and etag <> :etag
    and (:member = '' or member = :member) and member <> all (cast(:kept as text[]))
    and id <> all (cast(:spared as uuid[])) and state in ('loaded', 'duplicate') and replaced_by is null"""
# The lock of `locks.ACQUIRE_CONTENT` for each: until we commit, nobody becomes a duplicate of an entry that
# is replaced here, or replaces one that takes rows over. Two that want them crosswise are a deadlock, after
# which one of them loads again, alone.
_ACQUIRE_CONTENTS = f"""
    select pg_advisory_xact_lock(hashtextextended(dataset || ' ' || sha256, 0))
    from (select distinct dataset, sha256 from ingest.ingestions where {_EARLIER} order by sha256)
    as earlier"""  # noqa: S608
# Two statements, so that the second one sees what was committed while the first one waited.
_REPLACE = text(f"""
    {_ACQUIRE_CONTENTS};
    update ingest.ingestions set replaced_by = cast(:id as uuid) where {_EARLIER} returning id, serial, state
    """).columns(ingestions.c.id, ingestions.c.serial, ingestions.c.state)  # noqa: S608
# What a load says of itself, but not when it ran: that is each entry's own.
_OF_THE_LOAD = (
    *("sha256", "head_sha256", "size", "bytes_read", "ignored_columns", "format", "columns"),
    *("rows_read", "rows_inserted", "rows_updated", "rows_unchanged", "rows_duplicate", "rows_rejected"),
)
_PROMOTE = text(f"""
    with heir as (
        select id, serial from ingest.ingestions
        where duplicate_of = :replaced and state = 'duplicate' and replaced_by is null
        order by serial limit 1
    ), others as (
        update ingest.ingestions as entry set duplicate_of = heir.id from heir
        where entry.duplicate_of = :replaced and entry.state = 'duplicate' and entry.replaced_by is null
        and entry.id <> heir.id
    ), copied as (
        insert into ingest.rejects (ingestion_id, line, raw, errors)
        select heir.id, line, raw, errors from heir, ingest.rejects where ingestion_id = :replaced
    )
    update ingest.ingestions as entry
    set state = 'loaded', duplicate_of = null, {", ".join(f"{name} = load.{name}" for name in _OF_THE_LOAD)}
    from heir, ingest.ingestions as load where entry.id = heir.id and load.id = :replaced
    returning entry.serial""").columns(ingestions.c.serial)  # noqa: S608

_REPLACE_ALL = text("""
    with gone as (
        update ingest.ingestions set replaced_by = :id
        where dataset = :dataset and state = 'loaded' and replaced_by is null returning id
    )
    update ingest.ingestions set replaced_by = :id
    where duplicate_of in (select id from gone) and state = 'duplicate' and replaced_by is null""")


def replace_all(connection: Connection, dataset: str, ingestion_id: uuid.UUID) -> None:
    """Mark what was loaded into `dataset` as replaced by the ingestion that makes its table anew."""
    connection.execute(_REPLACE_ALL, {"id": ingestion_id, "dataset": dataset})


def replace_earlier(
    connection: Connection, version: BlobVersion, dataset: str, duplicate: uuid.UUID | None
) -> dict[int, int | None]:
    """Mark the entries of earlier versions of the blob, or of its member, as replaced by `version`.

    Returns the serials of the loads among them, each with the serial of the entry that takes its rows over:
    the oldest duplicate of it, since another blob still holds those rows. `None` where no blob does. `twin`
    is the entry that `version` is a duplicate of; it stays even if it is of the same blob.
    """
    return _replace(connection, version, dataset, [duplicate] if duplicate else [], [])


def replace_rest(
    connection: Connection,
    archive: BlobVersion,
    dataset: str,
    spared: Collection[uuid.UUID],
    kept: Collection[str],
) -> dict[int, int | None]:
    """As `replace_earlier`, for what is left of earlier versions once the members of `archive` are loaded.

    That is all but the entries `spared`, which ours are duplicates of, and the members `kept`: of a member
    that is refused now, the version before stays, as of any file.
    """
    return _replace(connection, archive, dataset, spared, kept)


def _replace(
    connection: Connection,
    version: BlobVersion,
    dataset: str,
    spared: Collection[uuid.UUID],
    kept: Collection[str],
) -> dict[int, int | None]:
    facts = {
        "id": str(version.ingestion_id),
        "container": version.container,
        "path": version.path,
        "etag": version.etag.strip('"'),
        "member": version.member,
        "dataset": dataset,
        "spared": [str(one) for one in spared],
        "kept": list(kept),
    }
    replaced = connection.execute(_REPLACE, facts).all()
    return {entry.serial: promote(connection, entry.id) for entry in replaced if entry.state == State.LOADED}


def promote(connection: Connection, replaced: uuid.UUID) -> int | None:
    """Make the oldest duplicate of an entry the load in its place, if there is one; returns its serial.

    Other duplicates become its duplicates. Those of the blob itself are marked as replaced already.
    """
    serial: Any = connection.scalar(_PROMOTE, {"replaced": replaced})
    return None if serial is None else int(serial)
