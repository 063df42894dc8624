"""Dry run: predicts how posted files would be loaded; stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Engine

from shared.contracts.registry import CONTRACTS
from shared.database import transactions
from shared.datasets import schema_evolution
from shared.decoding.zip_archive import Archive, ArchiveMember, RangeFile
from shared.errors import FileRefused
from shared.formats.compressions import SIGNATURE_SIZE, detect_compression
from shared.storage.content import Content, content_of_bytes
from shared.use_cases import dry_run_file
from shared.use_cases.dry_run_report import FileDryRun
from shared.use_cases.upload_files import Destination, UploadedFile, check_files

Predict = Callable[[Content], FileDryRun]


@dataclass(frozen=True, slots=True)
class DryRunItem:
    """A posted file, or a `member` of a zip archive, which would be an ingestion of its own."""

    file: UploadedFile
    result: FileDryRun
    member: ArchiveMember | None = None
    is_archive: bool = False


@dataclass(frozen=True, slots=True)
class DryRun:
    """The predicted result of each of `items`, independent of each other, in the order of the request.

    `is_new`: the first of them that is loaded would create the dataset.
    """

    dataset: str
    is_declared: bool
    is_new: bool
    items: Sequence[DryRunItem]


def dry_run(
    engine: Engine,
    to: Destination,
    files: Sequence[UploadedFile],
    faults: Sequence[Mapping[str, Any]] = (),
) -> DryRun:
    """Predict the result of each file; the database is used for inferred datasets only.

    `faults` are errors found in the request before. Raises `InvalidRequest` if an upload of the files would
    be refused, and `Unavailable`.
    """
    check_files(to, files, faults)
    predict, is_new = _prediction(engine, to)
    return DryRun(to.dataset, to.dataset in CONTRACTS, is_new, list(_items(files, predict)))


def _prediction(engine: Engine, to: Destination) -> tuple[Predict, bool]:
    """The function that predicts the result of a file, and whether the dataset would be new."""
    overrides = to.options.overrides
    if to.dataset in CONTRACTS:
        contract = CONTRACTS[to.dataset]
        return partial(dry_run_file.predict_declared, contract=contract, overrides=overrides), False
    try:
        with transactions.short_transaction(engine) as connection:
            known = schema_evolution.find_or_check_name(connection, to.dataset)
    except FileRefused as exc:
        return partial(dry_run_file.predict_refused, overrides=overrides, refusal=exc), False
    predict = partial(dry_run_file.predict_inferred, name=to.dataset, known=known, options=to.options)
    return predict, known is None


def _items(files: Sequence[UploadedFile], predict: Predict) -> Iterator[DryRunItem]:
    for file in files:
        if detect_compression(file.content[:SIGNATURE_SIZE]) == "zip":
            yield from _members(file, predict)
        else:
            yield DryRunItem(file, predict(content_of_bytes(file.content)))


def _members(file: UploadedFile, predict: Predict) -> Iterator[DryRunItem]:
    """An item for each CSV file of an archive, or one for an archive that cannot be read."""
    try:
        archive = Archive(RangeFile(lambda at, length: file.content[at : at + length], len(file.content)))
    except FileRefused as exc:
        yield DryRunItem(file, FileDryRun(refusal=exc), is_archive=True)
        return
    for member in archive.members:
        if not member.skipped:
            content = Content(partial(archive.read, member), member.size)
            yield DryRunItem(file, predict(content), member, is_archive=True)
