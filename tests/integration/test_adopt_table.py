"""A dataset that was made from files becomes a declared one."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from shared.contracts import registry
from shared.contracts.base import Contract
from shared.errors import SettingsError
from shared.inference.contract_source import contract_source
from shared.use_cases.migrate import migrate
from tests.integration.inferred_datasets import InferredDatasets

Declare = Callable[[str], type[Contract]]


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Puts the contract of a module's source into the registry for this test."""

    def register(text: str) -> type[Contract]:
        module = types.ModuleType("declared_zoo")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        exec(text, module.__dict__)  # noqa: S102 - what the app made, or this test
        (made,) = [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Contract) and value is not Contract
        ]
        monkeypatch.setitem(registry.CONTRACTS, made.dataset, made)
        return made

    return register


def declared(*fields: str, key: str = "()") -> str:
    """The source of a contract of `zoo`."""
    lines = [
        "from typing import Annotated, ClassVar",
        "from pydantic import Field",
        "from decimal import Decimal",
        "from shared.contracts.base import BigInt, Contract, Date, Timestamp",
        "class Zoo(Contract):",
        "    dataset: ClassVar[str] = 'zoo'",
        f"    key: ClassVar[tuple[str, ...]] = {key}",
        *(f"    {field}" for field in fields),
    ]
    return "\n".join(lines)


def test_the_source_of_an_inferred_contract_declares_it_without_a_change(
    inferred: InferredDatasets, declare: Declare, database_url: str
) -> None:
    inferred.write(
        "zoo/a.csv", "Order No,price,day,Größe,date", "A,1.50,2024-01-01,N/A,2024-01-01", key="order no"
    )
    known = inferred.dataset("zoo")
    before = inferred.types("zoo")

    declare(contract_source("zoo", known.columns or (), known.contract.key))

    assert migrate(database_url) == ["table zoo: declared (ZooRow)"]
    assert migrate(database_url) == ["the database is up to date"]
    assert inferred.types("zoo") == before
    assert inferred.dataset("zoo").is_declared
    found = inferred.write(
        "zoo/b.csv",
        "order_no,price,day,Größe,date",
        "A,2.5,2024-01-02,7,2024-01-01",
        "B,1,2024-01-02,x,2024-01-01",
    )
    assert (found["state"], found["rows_updated"], found["rows_inserted"]) == ("loaded", 1, 1)
    assert [one["change"] for one in inferred.changes("zoo")] == ["created", "declared"]


def test_a_table_is_changed_for_its_contract_where_the_rows_allow_it(
    inferred: InferredDatasets, declare: Declare, database_url: str
) -> None:
    inferred.write("zoo/a.csv", "id,number,day,more,note", "1,5,2024-01-01,x,y")
    inferred.write("zoo/b.csv", "id,number,day,more,note", "2,6,2024-01-02,x,")
    inferred.run("delete from zoo where note is null")
    declare(
        declared(
            "id: BigInt",
            "number: Annotated[Decimal, Field(max_digits=9, decimal_places=2)] | None = None",
            "day: Timestamp",
            "note: str",
            "added: str | None = None",
            key="('id',)",
        )
    )

    assert migrate(database_url) == [
        "table zoo: column number widened (numeric(1, 0))",
        "table zoo: column number made nullable (numeric(1, 0))",
        "table zoo: column day widened (timestamp)",
        "table zoo: column added added (text)",
        "table zoo: column more made nullable (text)",
        "table zoo: key set (id)",
        "table zoo: column note required",
        "table zoo: declared (Zoo)",
    ]

    assert inferred.types("zoo") == {
        "id": "bigint",
        "number": "numeric?",
        "day": "timestamp without time zone",
        "more": "text?",
        "note": "text",
        "added": "text?",
    }
    found = inferred.write("zoo/c.csv", "id,number,day,note", "1,5.25,2024-01-01 10:30,y", "3,,2024-01-01,z")
    assert (found["rows_updated"], found["rows_inserted"]) == (1, 1)
    assert inferred.query("select number from zoo order by id") == [(Decimal("5.25"),), (None,)]


def test_a_table_whose_rows_do_not_fit_is_refused_with_every_difference(
    inferred: InferredDatasets, declare: Declare, database_url: str, engine: Engine
) -> None:
    inferred.write("zoo/a.csv", "id,number,name", "1,5.5,x", "1,6,")
    declare(declared("id: BigInt", "number: BigInt", "name: str", "day: Date", key="('id',)"))

    with pytest.raises(SettingsError) as caught:
        migrate(database_url)

    told = caught.value.message
    assert "column number is numeric(2, 1), the contract wants bigint" in told
    assert "column name has no value in 1 rows" in told
    assert "column day has no value in 2 rows" in told
    assert "1 rows repeat the key (id)" in told
    assert inferred.types("zoo") == {"id": "bigint", "number": "numeric", "name": "text?"}


def test_another_key_than_the_tables_is_refused(
    inferred: InferredDatasets, declare: Declare, database_url: str
) -> None:
    inferred.write("zoo/a.csv", "id,name", "1,x", key="id")
    declare(declared("id: BigInt", "name: str", key="('name',)"))

    with pytest.raises(SettingsError, match=r"the key is \(id\), the contract's is \(name\)"):
        migrate(database_url)


@pytest.mark.parametrize(("digits", "places"), [(4, 2), (9, 1)])
def test_numbers_with_more_digits_than_the_contract_takes_are_a_difference(
    digits: int, places: int, inferred: InferredDatasets, declare: Declare, database_url: str
) -> None:
    inferred.write("zoo/a.csv", "id,number", "1,123.25", "2,5.50")
    decimal = f"Annotated[Decimal, Field(max_digits={digits}, decimal_places={places})]"
    declare(declared("id: BigInt", f"number: {decimal}"))

    with pytest.raises(SettingsError, match="numbers with 3 digits before the point and 2 after it"):
        migrate(database_url)


def test_a_column_without_a_header_does_not_keep_its_file_from_the_declared_dataset(
    inferred: InferredDatasets, declare: Declare, database_url: str
) -> None:
    inferred.write("zoo/a.csv", "id,,name", "1,a,x")
    known = inferred.dataset("zoo")
    declare(contract_source("zoo", known.columns or (), known.contract.key))
    migrate(database_url)

    found = inferred.write("zoo/b.csv", "id,,name", "2,b,y")
    assert (found["state"], found["rows_inserted"]) == ("loaded", 1)
