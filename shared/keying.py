"""The use case of giving an inferred dataset the key that it has not yet: once, and for good."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from shared.catalog import Dataset


def set_key(engine: Engine, dataset_name: str, key: Sequence[str]) -> Dataset:
    """Make `key`, names of columns or of the files' headers, the primary key of the dataset's table.

    Rows of later files replace those that have their key, as for declared datasets. The same key again does
    nothing. Waits some seconds for loads of the dataset to end. Raises `NotFound` without such a dataset,
    `InvalidRequest` for names that it has no columns for, `Unavailable`, and `Conflict` where it has another
    key, a contract declares it, or rows have no key or the same one: then `faults` has up to ten of them,
    each `{"ingestion_id", "load", "line", "detail"}`.
    """
    raise NotImplementedError
