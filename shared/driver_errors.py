"""Translates errors of the drivers (psycopg2, Azure SDK) into the app's own errors."""

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
"""The reason for a statement timeout."""

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_TRANSIENT_CLASSES = {
    "08",  # connection exception
    "40",  # transaction rollback: serialization failure, deadlock
    "53",  # insufficient resources: too many connections, disk full, out of memory
    "57",  # operator intervention: shutdown, starting up, cancelled
    "58",  # system error
}
_TRANSIENT_CODES = {
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
_CONNECTION_LOST = "the connection could not be made or was lost"
_LOGIN_FAILURES = {
    "password authentication failed": "the password was refused",
    "no password supplied": "DATABASE_URL has no password",
    "does not exist": "the database or the role does not exist",
    "too many clients": "it has no free connection slots",
    "starting up": "it is starting up",
    "shutting down": "it is shutting down",
}

_SERVER_ERROR = 500
_TRANSIENT_STATUSES = {401, 403, 408, 429}


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise errors of SQLAlchemy and of the Azure SDK as `Unavailable`, `Superseded` or `LoadFailed`."""
    try:
        yield
    except (DBAPIError, psycopg2.Error) as exc:  # psycopg2's own errors come from COPY
        translated = _translate_postgres(exc.orig if isinstance(exc, DBAPIError) else exc)
        # Messages of Postgres about data quote the row, and the host logs all causes of an error: no cause.
        raise translated from (exc if isinstance(translated, Unavailable) else None)
    except PoolTimeout as exc:
        raise Unavailable(POSTGRES, "no connection became free in time") from exc
    except SQLAlchemyError as exc:
        raise LoadFailed(f"SQLAlchemy refused the statement: {type(exc).__name__}") from exc
    except (ResourceModifiedError, ResourceNotFoundError) as exc:
        raise _translate_missing_blob(exc) from exc
    except AzureError as exc:
        raise _translate_storage(exc) from exc


def _translate_postgres(error: BaseException | None) -> Unavailable | LoadFailed:
    code: str | None = getattr(error, "pgcode", None)
    if code in _CONTENTION:
        return ConcurrencyConflict(POSTGRES, _CONTENTION[code])
    if code in _TRANSIENT_CODES:
        return Unavailable(POSTGRES, _TRANSIENT_CODES[code])
    if code and code[:2] in _TRANSIENT_CLASSES:
        return Unavailable(POSTGRES, f"the server answered {code}")
    if code is None and isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError):
        return Unavailable(POSTGRES, _connection_failure(error))
    return LoadFailed(f"Postgres refused the statement: {_diagnosis(error)}")


def _connection_failure(error: BaseException) -> str:
    """The reason, from the text of libpq's message: an error before login has no code."""
    reasons = (reason for text, reason in _LOGIN_FAILURES.items() if text in str(error))
    return next(reasons, _CONNECTION_LOST)


def _diagnosis(error: BaseException | None) -> str:
    """The facts that Postgres reports, without its message and detail, which can quote rows."""
    diagnosis = getattr(error, "diag", None)
    facts = {
        "SQLSTATE": getattr(diagnosis, "sqlstate", None),
        "table": getattr(diagnosis, "table_name", None),
        "column": getattr(diagnosis, "column_name", None),
        "constraint": getattr(diagnosis, "constraint_name", None),
    }
    return ", ".join([type(error).__name__, *(f"{name} {fact}" for name, fact in facts.items() if fact)])


def _translate_missing_blob(error: HttpResponseError) -> Superseded | Unavailable:
    if _code(error) == "ContainerNotFound":
        return Unavailable(STORAGE, "the container does not exist; run `python3 dev up` or create it")
    return Superseded()


def _translate_storage(error: AzureError) -> Unavailable | LoadFailed:
    status: int | None = getattr(error, "status_code", None)
    if isinstance(error, ClientAuthenticationError) or status in _TRANSIENT_STATUSES:
        return Unavailable(STORAGE, f"access was refused or throttled (status {status})")
    if isinstance(error, HttpResponseError) and status is not None and status < _SERVER_ERROR:
        return LoadFailed(f"storage refused the request: status {status}, {_code(error)}")
    return Unavailable(STORAGE, "no answer, or an error of the service")


def _code(error: HttpResponseError) -> str:
    """The error code of Azure Storage, which the SDK adds to the exception."""
    return str(getattr(error, "error_code", None))
