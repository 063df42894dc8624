"""A contract with aliases for the columns of files: rows, defaults and rejects."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Annotated, ClassVar

import pytest
from azure.storage.blob import ContainerClient
from pydantic import AliasChoices, Field, field_validator
from sqlalchemy import Engine, text

from shared.contracts import registry
from shared.contracts.base import BigInt, Contract
from shared.ledger.tables import State
from shared.queries import first_rows
from shared.use_cases import migrate
from shared.use_cases.load_blob import BlobLoader
from tests.integration.assertions import entry


class Orders(Contract):
    """Orders of a partner, with the partner's column names."""

    dataset: ClassVar[str] = "orders"
    key: ClassVar[tuple[str, ...]] = ("order",)
    max_reject_ratio: ClassVar[float] = 1.0

    order: BigInt = Field(alias="Auftrags-Nr.")
    item: str = Field(validation_alias=AliasChoices("Artikel", "Article"), min_length=1)
    price: Annotated[Decimal, Field(validation_alias="Preis (EUR)", max_digits=9, decimal_places=2)]
    note: str = Field(alias="Bemerkung", default="none")

    @field_validator("note")
    @classmethod
    def _is_polite(cls, note: str) -> str:
        if note == "rude":
            raise ValueError("be polite")
        return note


@pytest.fixture
def loaded(
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Engine:
    """A database with two files of `orders`, with different column names."""
    monkeypatch.setitem(registry.CONTRACTS, Orders.dataset, Orders)
    migrate.migrate(database_url)
    partner = "Preis (EUR),Bemerkung,AUFTRAGS-NR.,article\n5.50,,1,Zelt\n x,rude,oops,\n1_0,thanks,2,Seil\n"
    ours = "order,item,price\n2,Seil,11\n3,Axt,7\n"
    for name, content in (("partner", partner), ("ours", ours)):
        container.upload_blob(f"orders/{name}.csv", content)
        assert loader.load(f"orders/{name}.csv").state is State.LOADED
    return engine


def test_columns_are_matched_by_alias(loaded: Engine) -> None:
    assert json.loads(first_rows.first_chunk(loaded, Orders, 10)) == [
        {"order": 1, "item": "Zelt", "price": 5.5, "note": "none"},
        {"order": 2, "item": "Seil", "price": 11, "note": "none"},
        {"order": 3, "item": "Axt", "price": 7, "note": "none"},
    ]
    found = entry(loaded, "orders/ours.csv")
    assert (found["rows_inserted"], found["rows_updated"], found["ignored_columns"]) == (1, 1, None)


def test_row_errors_name_fields_and_values(loaded: Engine) -> None:
    with loaded.connect() as connection:
        reject = connection.execute(text("select line, errors from ingest.rejects")).one()
    assert reject.line == 3
    assert {(reason["column"], reason["value"]) for reason in reject.errors} == {
        ("order", "oops"),
        ("item", ""),
        ("price", " x"),
        ("note", "rude"),
    }


def test_two_columns_for_one_field_refuse_the_file(
    loaded: Engine, loader: BlobLoader, container: ContainerClient
) -> None:
    container.upload_blob("orders/twice.csv", "order,Artikel,Article,price\n1,a,b,2\n")

    assert loader.load("orders/twice.csv").state is State.REFUSED

    error = entry(loaded, "orders/twice.csv")["error"]
    assert (error["code"], error["repeated"]) == ("header_mismatch", ["item"])
