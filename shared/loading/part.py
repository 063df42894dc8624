"""A part of the file: the accepted rows of a batch on their way to the server, the rejects beside them."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from shared.loading.comparing import Comparison
from shared.parsing.reject import Reject


@dataclass(frozen=True, slots=True)
class Part:
    """`rows` with their lineage, and the `rejects` of the same batch.

    `seen` is what a look at the table found of them, if there was one. `rows_read` are those of the file so
    far, `most_bytes_left` bounds what may come after them, where the file's size tells.
    """

    rows: pa.RecordBatch
    rejects: list[Reject]
    rows_read: int
    most_bytes_left: int | None
    seen: Comparison | None = None
