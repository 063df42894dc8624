"""`Contract`, the base class of the row models of datasets, and field types that accept one text form."""

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
    """Accept only an ISO 8601 date.

    Without this check, pydantic reads a number as seconds since 1970, and drops a time of midnight.
    """
    if isinstance(value, str) and not _ISO_DATE.fullmatch(value):
        raise ValueError("not a date; write it like 2019-07-01")
    return value


def require_iso_datetime(value: Any) -> Any:
    """Accept only an ISO 8601 date, or date and time, without a time zone.

    Without this check, pydantic reads a number as seconds since 1970: `20190701` would be a day in August
    1970. A column without a time zone would drop one.
    """
    if isinstance(value, str) and not _ISO_DATETIME.fullmatch(value):
        raise ValueError(
            "not a date, or a date and time without a time zone; write it like 2019-07-01 or 2019-07-01 10:30"
        )
    return value


def require_zoned_datetime(value: Any) -> Any:
    """Accept only an ISO 8601 date and time with a time zone."""
    if isinstance(value, str) and not _ZONED_DATETIME.fullmatch(value):
        raise ValueError("not a date and time with a time zone; write it like 2019-07-01T10:30:00+02:00")
    return value


Date = Annotated[date, BeforeValidator(require_iso_date)]
"""`2019-07-01` only."""

Timestamp = Annotated[datetime, BeforeValidator(require_iso_datetime)]
"""`2019-07-01`, `2019-07-01 10:30` or `2019-07-01T10:30:00.123456`; no time zone."""

TimestampTz = Annotated[AwareDatetime, BeforeValidator(require_zoned_datetime)]
"""`2019-07-01T10:30:00+02:00` or `2019-07-01 08:30Z`; stored in UTC."""

BigInt = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
"""A whole number that fits a `bigint` column."""

Double = Annotated[float, Field(allow_inf_nan=False)]
"""A number in double precision, without NaN and infinity."""


MAX_CONTRACTS = 256
"""Contracts whose derived data a process caches, about 70 KB each. Files may define more."""


OnConflict = Literal["update", "keep", "refuse"]
"""Names of the policies that `shared.loading.on_conflict` defines."""


class Contract(BaseModel):
    """One row of a dataset. A row is accepted exactly when this model accepts it.

    Fields are the columns in the table's order; values arrive as text. A missing value (nothing between two
    commas) is absent from the model's input, so a default or "Field required" applies. A quoted empty value
    (`""`) is the empty text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    dataset: ClassVar[str]
    """Name of the dataset and its table: lower-case letters, digits and underscores."""
    key: ClassVar[tuple[str, ...]] = ()
    """Fields that identify a row. Without a key, rows are appended, and a new version of a blob replaces the
    rows of the version before."""
    on_conflict: ClassVar[OnConflict] = "update"
    """What happens to a row whose key is in the table: it replaces the existing row, or it is skipped and
    counted as unchanged, or the whole file is refused. Within a file, the last row of a key counts."""
    max_reject_ratio: ClassVar[float] = 0.1
    """Rejected rows divided by rows read, 0 to 1. Above this the whole file is refused."""
    file_format: ClassVar[Overrides] = Overrides()
    """Format options of all files of the dataset; options of a single file take precedence."""
    null_spellings: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """For each field, texts that mean a missing value, such as `NULL` or `N/A`."""
