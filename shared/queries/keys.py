"""The key of one row as the path of a request has it: its values as a record of CSV, `SO43697,1`."""

from __future__ import annotations

import re
from typing import Any

from psycopg2 import sql

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.errors import Conflict, InvalidRequest
from shared.queries import lists, values

Key = dict[str, Any]
"""The values by their columns, in the order of the key."""

_SLASH = re.compile("%2f", re.IGNORECASE)


def read(contract: type[Contract], text: str) -> Key:
    """The key that `text` is; raises `InvalidRequest`, and `Conflict` where the dataset has none.

    The platform decodes all of a path but `%2F`, so that is left to us.
    """
    if not contract.key:
        raise Conflict(
            f"The dataset {contract.dataset} has no key, so no row can be told from the others. Give "
            f"it one with PUT /api/datasets/{contract.dataset}, or in its contract where the app declares it."
        )
    fields = {field.name: field for field in dataset.fields(contract)}
    try:
        texts = lists.require(_SLASH.sub("/", text), len(contract.key), contract.key)
        return {name: values.read(fields[name], one) for name, one in zip(contract.key, texts, strict=True)}
    except ValueError as exc:
        raise InvalidRequest(str(exc), [{"parameter": "key", "detail": str(exc)}]) from None


def condition(key: Key) -> sql.Composable:
    """What the row with this key fulfils."""
    pairs = [
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value)) for name, value in key.items()
    ]
    return sql.SQL(" and ").join(pairs)
