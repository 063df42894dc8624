"""Loads one file inside the caller's transaction, which commits the rows and the ledger entry together.

`docs/explanation/architecture.md` explains how this and four other mechanisms guarantee exactly-once loading.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2.errors

from shared.datasets import reassign_rows, tables
from shared.errors import FileRefused, UnknownDataset, WrongOverride
from shared.loading.file_loader import FileLoader
from shared.loading.reject_spool import RejectSpool
from shared.storage.content import Content
from shared.use_cases import read_plan, record_outcome
from shared.use_cases.load_context import LoadContext, LoadOutcome, ReadProgress
from shared.use_cases.read_plan import KnownDuplicate, ReadPlan


def load_file(ctx: LoadContext, content: Content, *, is_inferred: bool, exclusive: bool) -> LoadOutcome:
    """Load `content`, or record why it cannot be loaded; the caller commits.

    For a declared dataset the caller holds the dataset's lock. For an inferred one this function takes it,
    `exclusive` or shared, once the table fits the file. Raises `ConcurrencyConflict` and `Unavailable`.
    """
    with RejectSpool(ctx.ingestion_id) as inference_rejects, RejectSpool(ctx.ingestion_id) as rejects:
        progress = ReadProgress(inference_rejects)
        try:
            if is_inferred:
                plan = read_plan.plan_inferred(ctx, content, progress, exclusive=exclusive)
            else:
                plan = read_plan.plan_declared(ctx)
            if isinstance(plan, KnownDuplicate):
                return record_outcome.duplicate(ctx, plan)
            if known := read_plan.find_duplicate(ctx, content, plan):
                return record_outcome.duplicate(ctx, known)
            return _load_rows(ctx, content, plan, rejects, progress)
        except (FileRefused, UnknownDataset, WrongOverride) as exc:
            return record_outcome.refused(ctx, exc, content, progress)


def _load_rows(
    ctx: LoadContext, content: Content, plan: ReadPlan, rejects: RejectSpool, progress: ReadProgress
) -> LoadOutcome:
    contract = plan.contract
    reader = plan.open(content)
    loader = FileLoader(ctx.connection, contract, ctx.serial, rejects, ctx.timer)
    progress.begin(reader, loader, rejects)
    tables.check_table_schema(ctx.connection, contract, is_declared=plan.inferred is None)
    # The savepoint: a file that is refused half-way, or turns out to be a duplicate, leaves no rows.
    with _bounded(), ctx.connection.begin_nested() as savepoint:
        if ctx.is_reload:
            reassign_rows.reassign_rows(ctx.connection, contract, {ctx.serial: None})
        loader.run(reader, ctx.upload.size, ctx.report)
        duplicate = ctx.duplicates.lock_and_find(reader.sha256)
        if duplicate:
            savepoint.rollback()
        else:
            counts = loader.finish(reader)
    if duplicate:
        # The rollback released the lock that protects the duplicate, so it is searched once more.
        duplicate = ctx.duplicates.lock_and_require(reader.sha256)
        return record_outcome.duplicate(ctx, KnownDuplicate(contract, duplicate, reader.sha256))
    return record_outcome.loaded(
        ctx, contract, content=content, reader=reader, loader=loader, counts=counts, rejects=rejects
    )


@contextmanager
def _bounded() -> Iterator[None]:
    """Refuse a file with a row that no page of Postgres has room for."""
    try:
        yield
    except psycopg2.errors.ProgramLimitExceeded:
        # The error's message names the table only, but its context quotes the row: it is not passed on.
        raise FileRefused("row_too_large") from None
