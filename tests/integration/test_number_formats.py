"""Numbers are loaded in the number format of the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.formats.format import Format
from shared.ledger.tables import State
from shared.parsing.reader import CsvReader
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import csv, row
from tests.integration.assertions import entry, table


def test_numbers_in_the_given_format_are_loaded_and_others_rejected_unchanged(
    loader: BlobLoader, container: ContainerClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    detected: Callable[[CsvReader], Format] = CsvReader.__dict__["format"].fget

    def with_number_format(reader: CsvReader) -> Format:
        return replace(detected(reader), decimal=",", thousands=".")

    monkeypatch.setattr(CsvReader, "format", property(with_number_format))
    rows = [row(number, price='"1.399,99"').replace("271.9992", '"271,9992"') for number in range(30)]
    container.upload_blob("sales/a.csv", csv(*rows, row(99, price="3399.99")))

    assert loader.load("sales/a.csv").state is State.LOADED

    found = entry(engine, "sales/a.csv")
    assert (found["rows_inserted"], found["rows_rejected"], found["format"]["decimal"]) == (30, 1, ",")
    assert {one["unit_price"] for one in table(engine)} == {Decimal("1399.99")}
    with engine.connect() as connection:
        reject = connection.execute(text("select line, raw, errors from ingest.rejects")).one()
    assert (reject.line, reject.raw) == (32, row(99, price="3399.99"))
    assert [(one["column"], one["code"], one["value"]) for one in reject.errors] == [
        ("unit_price", "number_format", "3399.99"),
        ("tax_amount", "number_format", "271.9992"),
    ]
