"""A dataset declared as the docs say: a contract, an entry in the registry, `migrate`."""

from __future__ import annotations

import re
from typing import Any

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from dev.paths import ROOT
from shared.contracts import registry
from shared.contracts.base import Contract
from shared.errors import SettingsError
from shared.ledger.tables import State
from shared.use_cases import migrate
from shared.use_cases.load_blob import BlobLoader
from tests.integration.assertions import entry

README = (ROOT / "README.md").read_text()


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> type[Contract]:
    """The README's contract, in the registry for this test."""
    source = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert source is not None
    code = compile(re.sub(r"^   ", "", source[1], flags=re.MULTILINE), "README.md", "exec", dont_inherit=True)
    names: dict[str, Any] = {"__name__": "readme"}
    exec(code, names)  # noqa: S102 - our own README
    contract: type[Contract] = names["Visits"]
    monkeypatch.setitem(registry.CONTRACTS, contract.dataset, contract)
    return contract


def test_migrate_creates_the_table_and_files_load_into_it(
    visits: type[Contract],
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    database_url: str,
) -> None:
    assert migrate.migrate(database_url) == ["table visits: created from contract Visits"]
    assert migrate.migrate(database_url) == ["the database is up to date"]
    container.upload_blob(
        "visits/a.csv", b'Visit,at,PAGE,Seconds,code\n7,2026-01-01,/start,5,\n8,2026-01-02,/about,6,""\n'
    )

    assert loader.load("visits/a.csv").state is State.LOADED

    with engine.connect() as connection:
        found = connection.execute(text("select visit, code from visits order by seconds")).all()
    assert [tuple(one) for one in found] == [(7, None), (8, "")]


def test_the_example_file_fits_the_contract_of_the_readme(
    visits: type[Contract],
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    database_url: str,
) -> None:
    migrate.migrate(database_url)
    container.upload_blob("visits/example.csv", (ROOT / "docs/examples/visits.csv").read_bytes())

    assert loader.load("visits/example.csv").state is State.LOADED

    with engine.connect() as connection:
        found = connection.execute(text("select visit, page, seconds, code from visits order by visit")).all()
    assert [tuple(one) for one in found] == [
        (1, "/start", 12.5, "007"),
        (2, "/about", None, "12"),
        (3, "/start", 3.0, "015"),
    ]


def test_an_optional_column_may_be_absent_from_a_file(
    visits: type[Contract],
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    database_url: str,
) -> None:
    migrate.migrate(database_url)
    container.upload_blob("visits/a.csv", b"visit,at,page\n1,2026-01-01,/start\n")

    loader.load("visits/a.csv")

    assert entry(engine, "visits/a.csv")["rows_inserted"] == 1


def test_a_table_that_differs_from_its_contract_is_refused_with_each_difference(
    visits: type[Contract], engine: Engine, database_url: str
) -> None:
    with engine.begin() as connection:
        connection.execute(text("create table visits (visit bigint primary key, seconds text, extra text)"))

    with pytest.raises(SettingsError) as caught:
        migrate.migrate(database_url)

    message = str(caught.value)
    assert "column at is missing" in message
    assert "column seconds is TEXT, the contract wants DOUBLE PRECISION" in message
    assert "extra" not in message


def test_rows_of_a_dataset_without_a_key_are_appended(
    visits: type[Contract],
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(visits, "key", ())
    migrate.migrate(database_url)
    container.upload_blob("visits/a.csv", b"visit,at,page\n1,2026-01-01,/a\n1,2026-01-01,/a\n")

    loader.load("visits/a.csv")

    assert entry(engine, "visits/a.csv")["rows_inserted"] == 2
    with engine.connect() as connection:
        assert connection.execute(text("select _line from visits order by 1")).scalars().all() == [2, 3]


def test_a_fresh_database_gets_the_ledger_and_the_tables(empty_database_url: str) -> None:
    assert migrate.migrate(empty_database_url) == [
        "schema ingest: revision none -> 0006",
        "table sales: created from contract Sales",
    ]
