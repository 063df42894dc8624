"""`Contract`, the base of every dataset's row model, and the field types whose text form is unambiguous."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_ISO_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?"
)


def _require_iso_datetime(value: Any) -> Any:
    """Let ISO 8601 without a zone through, and nothing else.

    pydantic reads a bare number as seconds since 1970, so `20190701` would become a day of August 1970;
    a zone would be dropped by a column without one. Neither is to be guessed.
    """
    if isinstance(value, str) and not _ISO_DATETIME.fullmatch(value):
        raise ValueError("not an ISO 8601 date or date and time without a zone, such as 2019-07-01")
    return value


Timestamp = Annotated[datetime, BeforeValidator(_require_iso_datetime)]
"""`2019-07-01`, `2019-07-01 10:30` or `2019-07-01T10:30:00.123456`; no zone."""

BigInt = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""A whole number that a `bigint` column holds."""


class Contract(BaseModel):
    """One row of a dataset. A row is accepted exactly when this model accepts it.

    Fields are the columns, in the table's order; values arrive as text. A value that is missing in the file
    (nothing between two commas) is absent from the model's input, so a default or "Field required" applies;
    a quoted empty value (`""`) is the empty text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    dataset: ClassVar[str]
    """The dataset's name, which is its table's name: lower case letters, digits and underscores."""
    key: ClassVar[tuple[str, ...]] = ()
    """Fields that identify a row; a row that comes again replaces the earlier one. Empty: rows append."""
    max_reject_ratio: ClassVar[float] = 0.1
    """Rejected rows over rows read, 0 to 1; above it the file is refused and nothing of it is loaded."""
