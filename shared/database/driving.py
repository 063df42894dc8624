"""The driver's cursor in a transaction of SQLAlchemy's, for statements with composed identifiers."""

from __future__ import annotations

import psycopg2.extensions
from sqlalchemy import Connection


def cursor(connection: Connection) -> psycopg2.extensions.cursor:
    """A psycopg2 cursor in the transaction of `connection`."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg2.extensions.connection)  # noqa: S101 - resources made it so
    return driver.cursor()
