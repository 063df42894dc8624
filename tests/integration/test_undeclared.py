"""A dataset that nobody declared: the first file makes its table, later ones let it grow."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine

from shared.ingesting import Ingesting
from tests.integration.inferred_tables import Shelf

TYPES = {
    "whole": (["1", "-20"], "bigint", [1, -20]),
    "long": (["12345678901234567890", "1"], "numeric", [Decimal(12345678901234567890), Decimal(1)]),
    "money": (["1.50", "20.25"], "numeric", [Decimal("1.50"), Decimal("20.25")]),
    "versions": (["1.9", "1.10"], "text", ["1.9", "1.10"]),
    "measured": (["1.5e-07", "2"], "double precision", [1.5e-07, 2.0]),
    "flag": (["true", "false"], "boolean", [True, False]),
    "day": (["2024-01-31", "2024-02-01"], "date", [date(2024, 1, 31), date(2024, 2, 1)]),
    "digits of a day": (["20240131", "20240201"], "bigint", [20240131, 20240201]),
    "ambiguous": (["01/02/2024", "03/04/2024"], "text", ["01/02/2024", "03/04/2024"]),
    "at": (
        ["2024-01-31 10:30", "2024-02-01T00:00:00"],
        "timestamp without time zone",
        [datetime(2024, 1, 31, 10, 30), datetime(2024, 2, 1)],  # noqa: DTZ001
    ),
    "zoned": (
        ["2024-01-31T10:30Z", "2024-01-31T10:30:00+02:00"],
        "timestamp with time zone",
        [datetime(2024, 1, 31, 10, 30, tzinfo=UTC), datetime(2024, 1, 31, 8, 30, tzinfo=UTC)],
    ),
    "half zoned": (["2024-01-31T10:30Z", "2024-01-31T10:30"], "text", ["2024-01-31T10:30Z", "2024-01-31T10:30"]),
    "code": (["007", "12"], "text", ["007", "12"]),
    "mixed": (["1", "x"], "text", ["1", "x"]),
    "empty": (["", ""], "text?", [None, None]),
    "quoted empty": (['""', "x"], "text", ["", "x"]),
    "absent": (["5", "N/A"], "bigint?", [5, None]),
    "absent text": (["x", "N/A"], "text", ["x", "N/A"]),
}  # fmt: skip


@pytest.fixture
def shelf(ingesting: Ingesting, container: ContainerClient, engine: Engine) -> Shelf:
    return Shelf(ingesting, container, engine)


def test_the_first_file_makes_a_table_with_the_types_that_all_its_values_have(shelf: Shelf) -> None:
    rows = zip(*(texts for texts, _, _ in TYPES.values()), strict=True)

    found = shelf.bring("zoo/a.csv", ",".join(TYPES), *(",".join(row) for row in rows))

    assert (found["state"], found["error"], found["rows_inserted"]) == ("loaded", None, 2)
    names = [name.replace(" ", "_") for name in TYPES]
    assert shelf.types("zoo") == dict(zip(names, (kind for _, kind, _ in TYPES.values()), strict=True))
    values = dict(zip(names, zip(*shelf.rows("zoo"), strict=True), strict=True))
    assert {name: list(found) for name, found in values.items()} == {
        name: expected for name, (_, _, expected) in zip(names, TYPES.values(), strict=True)
    }
    assert found["columns"][7] == {"name": "digits of a day", "column": "digits_of_a_day"}
    (created,) = shelf.changes("zoo")
    assert (created["change"], created["columns"]["money"]) == ("created", "numeric(4, 2)")
    (absent,) = [one for one in shelf.dataset("zoo").columns or () if one.name == "absent"]
    assert (absent.nulls, absent.headers) == (("N/A",), ("absent",))
