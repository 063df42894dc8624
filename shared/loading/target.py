"""The dataset's table as the place that rows are appended to."""

from __future__ import annotations

import psycopg2.errors
from sqlalchemy import Connection

from shared.contracts.base import Contract
from shared.loading import copy
from shared.loading.encoding import EncodedRows
from shared.tables import dataset


def append(connection: Connection, contract: type[Contract], rows: EncodedRows) -> bool:
    """COPY `rows` straight into the table; `False`, and nothing appended, where a key is there already.

    A unique index of the table's owner answers `False` too; the merge will then fail and name it.
    """
    try:
        with connection.begin_nested():
            copy.copy_rows(connection, dataset.table(contract), rows)
    except psycopg2.errors.UniqueViolation:
        return False
    return True
