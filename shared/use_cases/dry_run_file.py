"""Predicts how one file would be loaded, with the stages of a load except the last."""

from __future__ import annotations

from collections.abc import Sequence

from shared.contracts.base import Contract
from shared.datasets import schema_evolution
from shared.datasets.alter_table import column_changes
from shared.datasets.catalog import Dataset
from shared.errors import FileRefused
from shared.formats.overrides import Overrides
from shared.inference.contract_builder import build_contract
from shared.inference.infer_file import FileInference
from shared.parsing.column_mapping import AllColumns, ContractColumns, FixedColumns
from shared.parsing.reader import CsvReader
from shared.parsing.rejects import Reject
from shared.storage.content import Content
from shared.storage.upload_options import UploadOptions
from shared.use_cases import dry_run_report as report
from shared.use_cases.dry_run_report import MAX_REJECTS, FileDryRun, RowCollector


def predict_refused(content: Content, overrides: Overrides, refusal: FileRefused) -> FileDryRun:
    """A file that is refused before its rows are read: its format and columns, if they can be read."""
    try:
        reader = CsvReader(content, AllColumns(), overrides)
    except FileRefused:
        return FileDryRun(refusal=refusal)
    return FileDryRun(reader.format, report.unloaded_columns(reader.header), refusal=refusal)


def predict_declared(content: Content, contract: type[Contract], overrides: Overrides) -> FileDryRun:
    """A file of a dataset with a declared contract; the database is not needed."""
    overrides = overrides.merged_with(contract.file_format)
    try:
        reader = CsvReader(content, ContractColumns(contract), overrides)
    except FileRefused as exc:
        return predict_refused(content, overrides, exc)
    collector = RowCollector(contract)
    collector.run(reader, content.size)
    return collector.result(reader.format, report.declared_columns(reader.header, contract))


def predict_inferred(
    content: Content, name: str, known: Dataset | None, options: UploadOptions
) -> FileDryRun:
    """A file of the inferred dataset `name`; `known` is `None` for its first file."""
    overrides = options.overrides
    try:
        inference = schema_evolution.start_inference(known, content, overrides, options.key, content.size)
    except FileRefused as exc:
        return predict_refused(content, overrides, exc)
    rejects = _FirstRejects()
    try:
        inferred = inference.run(rejects.add)
        table = schema_evolution.evolved_columns(known, inferred)
    except FileRefused as exc:
        return _refused_by_inference(inference, rejects, exc)
    contract = build_contract(name, table, inferred.key)
    fields = [field if field in contract.model_fields else None for field in inferred.header.fields]
    columns = FixedColumns(fields)
    reader = CsvReader(content, columns, overrides, format=inferred.format, footers=inferred.footers)
    collector = RowCollector(contract)
    collector.run(reader, content.size)
    return collector.result(
        inferred.format,
        report.inferred_columns(inferred, table),
        column_changes((known and known.columns) or table, table),
    )


class _FirstRejects:
    """Counts the rejects of an inference and keeps the first ones."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[Reject] = []

    def add(self, rejects: Sequence[Reject]) -> None:
        """Add the rejects of a batch."""
        self.count += len(rejects)
        self.first += rejects[: MAX_REJECTS - len(self.first)]


def _refused_by_inference(
    inference: FileInference, rejects: _FirstRejects, refusal: FileRefused
) -> FileDryRun:
    columns = report.unloaded_columns(inference.reader.header)
    accepted = inference.rows_read - rejects.count
    return FileDryRun(inference.reader.format, columns, (), rejects.first, accepted, rejects.count, refusal)
