"""The last look before the commit: rows that a load left as they are must still be as it saw them.

Where one load leaves a row that another changes, and the other one leaves a row that the first changes, the
table would end as no order of the two could have made it. So loads that met present rows commit one at a
time, and one whose rows were changed by a load that committed meanwhile begins anew.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
from psycopg2 import sql
from sqlalchemy import Connection

from shared.contracts import dataset
from shared.contracts.base import Contract
from shared.database import copy
from shared.database.driving import cursor
from shared.errors import Contended
from shared.faults import POSTGRES
from shared.ledger import commits as ledger

_COUNT = sql.SQL("select count(*) from {} where tableoid = %s and ctid = any (%s::tid[])")


def settle(
    connection: Connection, contract: type[Contract], commits: int, left: Iterable[tuple[int, list[str]]]
) -> None:
    """Wait for our turn to commit, and look at the rows `left` when the dataset had seen `commits`.

    Raises `Contended`.
    """
    if ledger.take_turn(connection, contract.dataset) == commits + 1:
        return
    statement = _COUNT.format(copy.identifier(dataset.table(contract)))
    with cursor(connection) as driver:
        for part, places in left:
            driver.execute(statement, (part, copy.places(pa.array(places))))
            if driver.fetchall()[0][0] != len(places):
                raise Contended(POSTGRES, "another load changed rows that this one had seen")
