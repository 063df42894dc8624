"""Response models of the dataset endpoints: datasets, changes of their tables, loads by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from shared.http.ingestion_models import Counts, Text
from shared.http.models import ResponseModel, as_text

if TYPE_CHECKING:
    from shared.queries.describe_datasets import DatasetDescription


class Column(ResponseModel):
    """A column of a dataset; `headers` are its names in files, `nulls` are texts for missing values."""

    name: str
    type: str
    nullable: bool
    headers: list[str]
    nulls: list[str]


class LastLoad(ResponseModel):
    """The most recent load of a dataset."""

    ingestion_id: Text
    filename: str
    finished_at: Text
    counts: Counts


class Dataset(ResponseModel):
    """A destination of files; `rows` is null if the number is not known, and `problem` says why."""

    name: str
    declared: bool
    key: list[str]
    columns: list[Column]
    rows: int | None
    rows_estimated: bool
    problem: str | None
    last_load: LastLoad | None

    @classmethod
    def from_description(cls, description: DatasetDescription, **more: Any) -> Self:
        """The dataset, with values for the fields of a subclass in `more`."""
        dataset, count, last = description.dataset, description.count, description.last_load
        last_load = last and {**last, "ingestion_id": last["id"], "counts": Counts.from_entry(last)}
        return cls.model_validate(
            {
                "name": dataset.name,
                "declared": dataset.is_declared,
                "key": dataset.contract.key,
                "columns": description.columns,
                "rows": count.rows,
                "rows_estimated": count.is_estimate,
                "problem": count.problem,
                "last_load": last_load,
                **more,
            }
        )


class ChangedDataset(Dataset):
    """A dataset with a page of the changes of its table, newest first."""

    changes: list[dict[str, Any]]
    next: str | None

    @classmethod
    def with_changes(
        cls, description: DatasetDescription, changes: Sequence[Mapping[Any, Any]], cursor: str | None
    ) -> Self:
        """The dataset with `changes`, entries of the ledger, and the cursor of the next page of them."""
        listed = [
            {
                **entry["change"],
                "ingestion_id": as_text(entry["ingestion_id"]),
                "changed_at": as_text(entry["changed_at"]),
            }
            for entry in changes
        ]
        return cls.from_description(description, changes=listed, next=cursor)


class Datasets(ResponseModel):
    """A page of datasets."""

    datasets: list[Dataset]
    next: str | None


class Day(ResponseModel):
    """The rows and ingestions loaded on one day."""

    day: Text
    rows: int
    ingestions: int


class Days(ResponseModel):
    """The last days."""

    days: list[Day]
