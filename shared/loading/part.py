"""A part of the file: the accepted rows of a batch on their way to the server, the rejects beside them."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from shared.loading.comparing import Comparison
from shared.reading.reject import Reject


@dataclass(frozen=True, slots=True)
class Part:
    """`rows` with their lineage, and the `rejects` of the same batch.

    `seen` is what a look at the table found of them, if there was one. `rows_read` and `bytes_read` say how
    far the file was read with this part.
    """

    rows: pa.RecordBatch
    rejects: list[Reject]
    rows_read: int
    bytes_read: int
    seen: Comparison | None = None
