"""Plans how a file is read: contract, columns and options, inferred from the file if undeclared."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from shared.contracts import registry
from shared.contracts.base import Contract
from shared.datasets import catalog, schema_evolution
from shared.errors import FileRefused
from shared.formats.overrides import Overrides
from shared.inference.infer_file import FileInference, InferredFile
from shared.ledger import entries
from shared.parsing.column_mapping import Columns, ContractColumns, FixedColumns
from shared.parsing.reader import CsvReader
from shared.storage import blob_version, upload_options
from shared.storage.content import Content
from shared.use_cases.load_context import LoadContext, ReadProgress


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """How a file is read, and into which contract; `inferred` if a first pass inferred it from the file."""

    contract: type[Contract]
    columns: Columns
    overrides: Overrides
    inferred: InferredFile | None = None

    def open(self, content: Content) -> CsvReader:
        """A reader of the whole file. Raises `FileRefused`."""
        if self.inferred is None:
            return CsvReader(content, self.columns, self.overrides)
        found = self.inferred
        return CsvReader(content, self.columns, self.overrides, format=found.format, footers=found.footers)


@dataclass(frozen=True, slots=True)
class KnownDuplicate:
    """A file whose bytes ingestion `ingestion_id` has loaded into the dataset of `contract`."""

    contract: type[Contract]
    ingestion_id: uuid.UUID
    sha256: str


def plan_declared(ctx: LoadContext) -> ReadPlan:
    """Plan the read of a file whose dataset has a declared contract.

    Raises `UnknownDataset`, `FileRefused` and `WrongOverride`.
    """
    contract = registry.find(ctx.dataset)
    _check_extension(ctx)
    upload_options.check_key(contract, upload_options.requested_key(ctx.upload.metadata))
    return ReadPlan(contract, ContractColumns(contract), _overrides(ctx).merged_with(contract.file_format))


def plan_inferred(
    ctx: LoadContext, content: Content, progress: ReadProgress, *, exclusive: bool
) -> ReadPlan | KnownDuplicate:
    """Infer the columns from the whole file, and create or evolve the table for it.

    Takes the dataset's lock, `exclusive` or shared, after the table fits the file. A file whose bytes are
    already loaded is not inferred again. Raises `FileRefused`, `WrongOverride` and `ConcurrencyConflict`.
    """
    _check_extension(ctx)
    sha256 = ctx.duplicates.sha256_if_similar_exists(content)
    overrides = _overrides(ctx)
    if sha256 and ctx.duplicates.find(sha256) and catalog.find_dataset(ctx.connection, ctx.dataset):
        if upload_options.requested_key(ctx.upload.metadata):  # another key than the dataset's is refused
            _start_inference(ctx, content, overrides)
        dataset = schema_evolution.lock_dataset(ctx.connection, ctx.dataset, exclusive=exclusive)
        return KnownDuplicate(dataset.contract, ctx.duplicates.lock_and_require(sha256), sha256)
    inference = _start_inference(ctx, content, overrides)
    progress.begin(inference.reader, inference, progress.rejects)
    with ctx.timer.stage("infer"):
        inferred = inference.run(progress.rejects.add, report=ctx.report)
    prepared = schema_evolution.prepare_table(
        ctx.connection, ctx.dataset, inferred, ctx.ingestion_id, exclusive=exclusive
    )
    return ReadPlan(prepared.dataset.contract, FixedColumns(prepared.fields), overrides, inferred)


def _start_inference(ctx: LoadContext, content: Content, overrides: Overrides) -> FileInference:
    dataset = schema_evolution.find_or_check_name(ctx.connection, ctx.dataset)
    key = upload_options.requested_key(ctx.upload.metadata)
    return schema_evolution.start_inference(dataset, content, overrides, key, ctx.upload.size)


def find_duplicate(ctx: LoadContext, content: Content, plan: ReadPlan) -> KnownDuplicate | None:
    """Find an earlier load of the same bytes before any row is read; its rows stay until this commit."""
    known = plan.inferred.sha256 if plan.inferred else None
    sha256 = ctx.duplicates.sha256_if_similar_exists(content, known)
    duplicate = ctx.duplicates.lock_and_find_if_likely(plan.contract, sha256) if sha256 else None
    return KnownDuplicate(plan.contract, duplicate, sha256) if sha256 and duplicate else None


def _overrides(ctx: LoadContext) -> Overrides:
    """The options of the upload; a correction also inherits the number format of the corrected file."""
    overrides = Overrides.parse(ctx.upload.metadata, "csv_")
    return overrides.merged_with(entries.number_options_of_corrected(ctx.connection, ctx.upload.metadata))


def _check_extension(ctx: LoadContext) -> None:
    if not blob_version.is_supported(ctx.upload.version.path):
        raise FileRefused("unsupported_extension", supported=list(blob_version.EXTENSIONS))
