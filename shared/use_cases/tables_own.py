"""What Postgres has against an edit that the contract allows: rules of the table's owner, its own bounds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import psycopg2.errors

from shared.errors import Conflict, InvalidRequest
from shared.faults import ROW_TOO_LARGE

_KINDS: dict[type[psycopg2.Error], str] = {
    psycopg2.errors.CheckViolation: "its check {0} does not allow this row",
    psycopg2.errors.UniqueViolation: "another row has the values that {0} allows once",
    psycopg2.errors.ForeignKeyViolation: "its link {0} with another table does not allow that",
    psycopg2.errors.ExclusionViolation: "another row excludes it by {0}",
    psycopg2.errors.NotNullViolation: "its column {0}, which the contract does not have, needs a value",
    psycopg2.errors.RaiseException: "a trigger of it refused",
}


@contextmanager
def said() -> Iterator[None]:
    """Such errors leave it as `Conflict` or `InvalidRequest`, without Postgres' text, which quotes rows."""
    try:
        yield
    except psycopg2.errors.ProgramLimitExceeded:
        raise InvalidRequest(f"The row is {ROW_TOO_LARGE}") from None
    except tuple(_KINDS) as exc:
        name = exc.diag.constraint_name or exc.diag.column_name or "a rule"
        raise Conflict(
            f"The table {exc.diag.table_name or ''} has rules of its own: {_KINDS[type(exc)].format(name)}."
        ) from None
