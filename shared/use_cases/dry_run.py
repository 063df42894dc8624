"""Dry run: predicts how posted files would be loaded; stores nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Engine

from shared.contracts import column_types, dataset_table
from shared.contracts.base import Contract
from shared.contracts.registry import CONTRACTS
from shared.database import transactions
from shared.datasets import schema_evolution
from shared.datasets.alter_table import column_changes
from shared.datasets.catalog import Dataset
from shared.decoding import compression
from shared.decoding.range_file import RangeFile
from shared.decoding.zip_archive import Archive, ArchiveMember
from shared.errors import FileRefused
from shared.formats.overrides import Overrides
from shared.inference.contract_builder import build_contract
from shared.inference.infer_file import FileInference, InferredFile
from shared.inference.table_columns import TableColumn
from shared.inference.widening import TEXT_TYPE
from shared.parsing.column_mapping import AllColumns, ColumnMapping, ContractColumns, FixedColumns
from shared.parsing.reader import CsvReader
from shared.parsing.rejects import Reject
from shared.storage.content import TrialContent, of_bytes
from shared.storage.upload_options import UploadOptions
from shared.use_cases.dry_run_report import (
    MAX_REJECTS,
    DryRunColumn,
    FileDryRun,
    RowCollector,
    unloaded_columns,
)
from shared.use_cases.upload_files import Destination, UploadedFile, check_files


def predict_refused(content: TrialContent, overrides: Overrides, refusal: FileRefused) -> FileDryRun:
    """Its format and columns, unless they are the reason of the `refusal`."""
    try:
        reading = CsvReader(content, AllColumns(), overrides)
    except FileRefused:
        return FileDryRun(refusal=refusal)
    return FileDryRun(reading.format, unloaded_columns(reading.header), refusal=refusal)


def predict_declared(content: TrialContent, contract: type[Contract], overrides: Overrides) -> FileDryRun:
    """What a load by `contract` would do, read as it is `told`."""
    overrides = overrides.merged_with(contract.file_format)
    try:
        reading = CsvReader(content, ContractColumns(contract), overrides)
    except FileRefused as exc:
        return predict_refused(content, overrides, exc)
    trial = RowCollector(contract)
    trial.run(reading, content.size)
    return trial.outlook(reading.format, _declared_columns(reading.header, contract))


def _declared_columns(header: ColumnMapping, contract: type[Contract]) -> list[DryRunColumn]:
    fields = {field.name: field for field in dataset_table.contract_fields(contract)}
    columns = []
    for one in header.as_json():
        shown, field = str(one["name"]), fields.get(one["column"] or "")
        if field is None:
            columns.append(DryRunColumn(shown))
            continue
        nulls = tuple(contract.null_spellings.get(field.name, ()))
        columns.append(DryRunColumn(shown, field.name, column_types.type_name(field), field.nullable, nulls))
    return columns


def predict_inferred(
    content: TrialContent, name: str, known: Dataset | None, options: UploadOptions
) -> FileDryRun:
    """What a load into the dataset of that name would do, which is `known` unless this is its first file."""
    try:
        look = schema_evolution.infer_against(known, content, options.overrides, options.key, content.size)
    except FileRefused as exc:
        return predict_refused(content, options.overrides, exc)
    rejects = _Rejects()
    try:
        found = look.run(rejects.keep)
        table = schema_evolution.evolved_columns(known, found)
    except FileRefused as exc:
        return rejects.outlook(look, exc)
    contract = build_contract(name, table, found.key)
    fields = [field if field in contract.model_fields else None for field in found.header.fields]
    trial = RowCollector(contract)
    reading = CsvReader(
        content, FixedColumns(fields), options.overrides, format=found.format, footers=found.footers
    )
    trial.run(reading, content.size)
    return trial.outlook(
        found.format,
        _inferred_columns(found, table),
        column_changes((known and known.columns) or table, table),
    )


class _Rejects:
    """The rejects of a look, which are all that is left of it where the file is refused."""

    def __init__(self) -> None:
        self._count = 0
        self._first: list[Reject] = []

    def keep(self, more: Sequence[Reject]) -> None:
        """Take those of a batch."""
        self._count += len(more)
        self._first += more[: MAX_REJECTS - len(self._first)]

    def outlook(self, look: FileInference, refusal: FileRefused) -> FileDryRun:
        """For the file of `look`, whose columns are not all known."""
        columns = unloaded_columns(look.reading.header)
        accepted = look.rows_read - self._count
        return FileDryRun(look.reading.format, columns, (), self._first, accepted, self._count, refusal)


def _inferred_columns(found: InferredFile, table: Sequence[TableColumn]) -> list[DryRunColumn]:
    known = {column.name: column for column in table}
    whys = {column.name: column.why_text for column in found.columns}
    return [_column(str(one["name"]), known.get(one["column"] or ""), whys) for one in found.header.as_json()]


def _column(header: str, column: TableColumn | None, whys: Mapping[str, str | None]) -> DryRunColumn:
    if column is None:
        return DryRunColumn(header)
    kind, why = str(column.type.kind), whys.get(column.name) if column.type == TEXT_TYPE else None
    return DryRunColumn(header, column.name, kind, column.nullable, column.nulls, why)


Predict = Callable[[TrialContent], FileDryRun]


@dataclass(frozen=True, slots=True)
class DryRunItem:
    """A posted file, or a `member` of a zip archive, which is an ingestion of its own."""

    file: UploadedFile
    outlook: FileDryRun
    member: ArchiveMember | None = None
    is_archive: bool = False


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would become of `items`, each by itself, in order.

    `is_new` says whether the first of them to be loaded would make the dataset.
    """

    dataset: str
    is_declared: bool
    is_new: bool
    items: Sequence[DryRunItem]


def dry_run(
    engine: Engine,
    to: Destination,
    files: Sequence[UploadedFile],
    found: Sequence[Mapping[str, Any]] = (),
) -> DryRun:
    """Try `files`; only a dataset that nobody declared is looked up in the database.

    `found` are faults of the request. Raises `InvalidRequest` where they would not even be stored, and
    `Unavailable`.
    """
    check_files(to, files, found)
    foresee, is_new = _foresight(engine, to)
    return DryRun(to.dataset, to.dataset in CONTRACTS, is_new, list(_items(files, foresee)))


def _foresight(engine: Engine, to: Destination) -> tuple[Predict, bool]:
    """What tells the outlook for a file, and whether there is no such dataset yet."""
    overrides = to.options.overrides
    if to.dataset in CONTRACTS:
        return partial(predict_declared, contract=CONTRACTS[to.dataset], overrides=overrides), False
    try:
        with transactions.short_transaction(engine) as connection:
            known = schema_evolution.find_or_check_name(connection, to.dataset)
    except FileRefused as exc:
        return partial(predict_refused, overrides=overrides, refusal=exc), False
    return partial(predict_inferred, name=to.dataset, known=known, options=to.options), known is None


def _items(files: Sequence[UploadedFile], foresee: Predict) -> Iterator[DryRunItem]:
    for file in files:
        if compression.compression_kind(file.content[: compression.HEAD]) == "zip":
            yield from _members(file, foresee)
        else:
            yield DryRunItem(file, foresee(of_bytes(file.content)))


def _members(file: UploadedFile, foresee: Predict) -> Iterator[DryRunItem]:
    """An item for each CSV file of an archive, or one for an archive that is none."""
    try:
        archive = Archive(RangeFile(lambda at, length: file.content[at : at + length], len(file.content)))
    except FileRefused as exc:
        yield DryRunItem(file, FileDryRun(refusal=exc), is_archive=True)
        return
    for member in archive.members:
        if not member.skipped:
            yield DryRunItem(file, foresee(_content(archive, member)), member, is_archive=True)


def _content(archive: Archive, member: ArchiveMember) -> TrialContent:
    return TrialContent(lambda: archive.read(member), member.size)
