"""`Contract`, the base class of every dataset's row model, and field types with one text form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from shared.formats.overrides import Overrides

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ISO_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)?"
)
_ZONED_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})"
)


def require_iso_date(value: Any) -> Any:
    """Let an ISO 8601 date through, and nothing else.

    pydantic reads a bare number as seconds since 1970, and drops a time that is midnight.
    """
    if isinstance(value, str) and not _ISO_DATE.fullmatch(value):
        raise ValueError("not an ISO 8601 date, such as 2019-07-01")
    return value


def require_iso_datetime(value: Any) -> Any:
    """Let ISO 8601 without a zone through, and nothing else.

    pydantic reads a bare number as seconds since 1970, so `20190701` would become a day of August 1970;
    a zone would be dropped by a column without one. Neither is to be guessed.
    """
    if isinstance(value, str) and not _ISO_DATETIME.fullmatch(value):
        raise ValueError("not an ISO 8601 date or date and time without a zone, such as 2019-07-01")
    return value


def require_zoned_datetime(value: Any) -> Any:
    """Let ISO 8601 with a zone through, and nothing else: no number of seconds, no zone to be assumed."""
    if isinstance(value, str) and not _ZONED_DATETIME.fullmatch(value):
        raise ValueError("not an ISO 8601 date and time with a zone, such as 2019-07-01T10:30:00+02:00")
    return value


Date = Annotated[date, BeforeValidator(require_iso_date)]
"""`2019-07-01`, and no other way to write a day."""

Timestamp = Annotated[datetime, BeforeValidator(require_iso_datetime)]
"""`2019-07-01`, `2019-07-01 10:30` or `2019-07-01T10:30:00.123456`; no zone."""

TimestampTz = Annotated[AwareDatetime, BeforeValidator(require_zoned_datetime)]
"""`2019-07-01T10:30:00+02:00` or `2019-07-01 08:30Z`; kept as the moment, in UTC."""

BigInt = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""A whole number that a `bigint` column holds."""


MOST_CONTRACTS = 256
"""Contracts of which a process keeps what it derived, some 70 KB each; files can bring ever new ones."""


OnConflict = Literal["update", "keep", "refuse"]
"""Names of the policies that `shared.loading.on_conflict` defines."""


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
    """Fields that identify a row. Empty: rows append, and a new version of a blob replaces the rows of the
    version before."""
    on_conflict: ClassVar[OnConflict] = "update"
    """What happens to a row whose key is already in the table: it replaces the existing row, or it is skipped
    and counted as unchanged, or the whole file is refused. Within a file the last row with a key wins."""
    max_reject_ratio: ClassVar[float] = 0.1
    """Rejected rows over rows read, 0 to 1; above it the file is refused and nothing of it is loaded."""
    file_format: ClassVar[Overrides] = Overrides()
    """What is known of the files' format, so that it is not detected; a file's own metadata count more."""
    null_spellings: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """For a field, texts that stand for a missing value, such as `NULL` or `N/A`."""
