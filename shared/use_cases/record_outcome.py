"""Records the outcome of a load in the ledger: loaded, duplicate or refused."""

from __future__ import annotations

import uuid
from typing import Any

from shared.contracts import registry
from shared.contracts.base import Contract
from shared.datasets import reassign_rows
from shared.errors import FileRefused, UnknownDataset, WrongOverride
from shared.ledger import entries, versions
from shared.ledger.tables import Counts, State
from shared.loading import reject_spool
from shared.loading.file_loader import FileLoader
from shared.loading.reject_spool import RejectSpool
from shared.parsing.reader import CsvReader
from shared.storage.content import Content
from shared.use_cases.load_context import LoadContext, LoadOutcome, ReadProgress
from shared.use_cases.read_plan import KnownDuplicate


def loaded(
    ctx: LoadContext,
    contract: type[Contract],
    *,
    content: Content,
    reader: CsvReader,
    loader: FileLoader,
    counts: Counts,
    rejects: RejectSpool,
) -> LoadOutcome:
    """Replace the rows of earlier versions of the blob, keep the rejects, finish the entry."""
    _replace_earlier_versions(ctx, contract, None)
    with ctx.timer.stage("rejects", rejects.count):
        rejects.keep(ctx.connection)
    facts = _read_facts(ctx, content, reader)
    facts["format"]["last_line"] = loader.last_line
    return _finish(ctx, State.LOADED, counts, **facts)


def duplicate(ctx: LoadContext, known: KnownDuplicate) -> LoadOutcome:
    """Record that the rows of the file are those of an earlier load of the same bytes."""
    _remove_previous_rows(ctx, State.DUPLICATE)
    _replace_earlier_versions(ctx, known.contract, known.ingestion_id)
    reject_spool.clear_rejects(ctx.connection, ctx.ingestion_id)
    return _finish(ctx, State.DUPLICATE, None, duplicate_of=known.ingestion_id, sha256=known.sha256)


def refused(
    ctx: LoadContext,
    exc: FileRefused | UnknownDataset | WrongOverride,
    content: Content,
    progress: ReadProgress,
) -> LoadOutcome:
    """Record why nothing of the file is loaded, with its first rejects and how far it was read."""
    error = _error_json(exc)
    _remove_previous_rows(ctx, State.REFUSED)
    kept = progress.rejects.keep(ctx.connection, only_few=True)
    if kept < progress.rejects.count:
        error["rejects_kept"] = kept
    if progress.reader is None or progress.counter is None:
        return _finish(ctx, State.REFUSED, None, error=error)
    counts = Counts(read=progress.counter.rows_read, rejected=progress.rejects.count)
    return _finish(ctx, State.REFUSED, counts, error=error, **_read_facts(ctx, content, progress.reader))


def _error_json(exc: FileRefused | UnknownDataset | WrongOverride) -> dict[str, Any]:
    if isinstance(exc, FileRefused):
        return exc.as_json()
    if isinstance(exc, UnknownDataset):
        return FileRefused("unknown_dataset", {"name": exc.name, "known": list(registry.CONTRACTS)}).as_json()
    return FileRefused("wrong_override", {"faults": exc.message}).as_json()


def _replace_earlier_versions(
    ctx: LoadContext, contract: type[Contract], duplicate_of: uuid.UUID | None
) -> None:
    """Without a key, rows of a new version cannot be matched to old ones, so they replace all of them."""
    if not contract.key:
        with ctx.timer.stage("replace"):
            new_owners = versions.replace_earlier(
                ctx.connection, ctx.upload.version, ctx.dataset, duplicate_of
            )
            reassign_rows.reassign_rows(ctx.connection, contract, new_owners)


def _remove_previous_rows(ctx: LoadContext, state: State) -> None:
    """Remove the rows of the previous load of this version, if it is replayed."""
    if ctx.is_reload:
        reassign_rows.remove_load_rows(ctx.connection, ctx.ingestion_id, state)


def _read_facts(ctx: LoadContext, content: Content, reader: CsvReader) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "ignored_columns": list(reader.header.ignored) or None,
        "format": reader.format.as_json(),
        "columns": reader.header.as_json(),
    }
    if reader.size == ctx.upload.size:  # else the file was refused half-way, and the hash is not the file's
        facts["sha256"] = reader.sha256
        facts["head_sha256"] = content.head_sha256
    return facts


def _finish(ctx: LoadContext, state: State, counts: Counts | None, **facts: Any) -> LoadOutcome:
    numbers = entries.count_columns(counts)
    with ctx.timer.stage("record"):
        entries.finish(ctx.connection, ctx.ingestion_id, state, **numbers, **facts)
    return LoadOutcome(ctx.ingestion_id, state, counts)
