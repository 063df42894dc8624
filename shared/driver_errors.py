"""Translates errors of the drivers (psycopg2, Azure SDK) into the app's own, in one place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.errors import ConcurrencyConflict, LoadFailed, Superseded, Unavailable

POSTGRES = "postgres"
STORAGE = "storage"

TOO_SLOW = "it did not answer in time"
"""The reason where a statement takes longer than it may."""

ROW_TOO_LARGE = (
    "too large for the table: its key, or another column with an index, is longer than about 2,700 bytes, "
    "or its columns do not fit into a page of 8 kB."
)
"""What a row is of which Postgres says `ProgramLimitExceeded`; its own words may quote the row."""

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING_CLASSES = {
    "08",  # connection exception
    "40",  # transaction rollback: serialization failure, deadlock
    "53",  # insufficient resources: too many connections, disk full, out of memory
    "57",  # operator intervention: shutdown, starting up, cancelled
    "58",  # system error
}
_PASSING_CODES = {
    "55P03": "a lock was not available in time",
    "57014": TOO_SLOW,
    "25006": "the server is read-only, as a standby is",
    "42P01": "a table is missing; run `python3 dev migrate`",
    "3F000": "a schema is missing; run `python3 dev migrate`",
    "42501": "the app's role lacks a privilege",
}
_CONTENTION = {
    "40P01": "a deadlock with another load",
    "40001": "a conflict with another transaction",
}
_LOST = "the connection could not be made or was lost"
_REASONS_BEFORE_LOGIN = {
    "password authentication failed": "the password was refused",
    "no password supplied": "DATABASE_URL has no password",
    "does not exist": "the database or the role does not exist",
    "too many clients": "it has no free connection slots",
    "starting up": "it is starting up",
    "shutting down": "it is shutting down",
}

_SERVER_FAULT = 500
_PASSING_STATUSES = {401, 403, 408, 429}


@contextmanager
def translate_errors() -> Iterator[None]:
    """Errors of SQLAlchemy and of the Azure SDK leave it as `Unavailable`, `Superseded` or `LoadFailed`."""
    try:
        yield
    except (DBAPIError, psycopg2.Error) as exc:  # the latter from COPY, which SQLAlchemy does not see
        ours = _of_postgres(exc.orig if isinstance(exc, DBAPIError) else exc)
        # Postgres quotes the row in its messages about data, and the host logs the whole chain: it is cut.
        raise ours from (exc if isinstance(ours, Unavailable) else None)
    except PoolTimeout as exc:
        raise Unavailable(POSTGRES, "no connection became free in time") from exc
    except SQLAlchemyError as exc:
        raise LoadFailed(f"SQLAlchemy refused the statement: {type(exc).__name__}") from exc
    except (ResourceModifiedError, ResourceNotFoundError) as exc:
        raise _of_missing_blob(exc) from exc
    except AzureError as exc:
        raise _of_storage(exc) from exc


def _of_postgres(error: BaseException | None) -> Unavailable | LoadFailed:
    code: str | None = getattr(error, "pgcode", None)
    if code in _CONTENTION:
        return ConcurrencyConflict(POSTGRES, _CONTENTION[code])
    if code in _PASSING_CODES:
        return Unavailable(POSTGRES, _PASSING_CODES[code])
    if code and code[:2] in _PASSING_CLASSES:
        return Unavailable(POSTGRES, f"the server answered {code}")
    if code is None and isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return Unavailable(POSTGRES, _REASONS_BEFORE_LOGIN.get(_is_login_failure(error), _LOST))
    return LoadFailed(f"Postgres refused the statement: {_diagnosis(error)}")


def _is_login_failure(error: BaseException) -> str:
    """The known reason that libpq's message holds: an error before login comes without its code."""
    return next((sign for sign in _REASONS_BEFORE_LOGIN if sign in str(error)), "")


def _diagnosis(error: BaseException | None) -> str:
    """What Postgres says of an error, without its message and detail, which can quote rows."""
    diagnosis = getattr(error, "diag", None)
    facts = {
        "SQLSTATE": getattr(diagnosis, "sqlstate", None),
        "table": getattr(diagnosis, "table_name", None),
        "column": getattr(diagnosis, "column_name", None),
        "constraint": getattr(diagnosis, "constraint_name", None),
    }
    return ", ".join([type(error).__name__, *(f"{name} {fact}" for name, fact in facts.items() if fact)])


def _of_missing_blob(error: HttpResponseError) -> Superseded | Unavailable:
    if _code(error) == "ContainerNotFound":
        return Unavailable(STORAGE, "the container does not exist; run `python3 dev up` or create it")
    return Superseded()


def _of_storage(error: AzureError) -> Unavailable | LoadFailed:
    status: int | None = getattr(error, "status_code", None)
    if isinstance(error, ClientAuthenticationError) or status in _PASSING_STATUSES:
        return Unavailable(STORAGE, f"access was refused or throttled (status {status})")
    if isinstance(error, HttpResponseError) and status is not None and status < _SERVER_FAULT:
        return LoadFailed(f"storage refused the request: status {status}, {_code(error)}")
    return Unavailable(STORAGE, "no answer, or an error of the service")


def _code(error: HttpResponseError) -> str:
    """Storage's own name of the error; the SDK adds it to the exception as it goes."""
    return str(getattr(error, "error_code", None))
