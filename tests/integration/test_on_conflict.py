"""Rows whose key is already in the table, by `on_conflict`, and new versions of files without a key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, ClassVar

import pytest
from azure.storage.blob import ContainerClient
from pydantic import Field
from sqlalchemy import Engine, text

from dev.postgres import Postgres
from shared import settings
from shared.contracts import registry
from shared.contracts.base import BigInt, Contract, OnConflict, Timestamp, TimestampTz
from shared.ledger.tables import State
from shared.resources import Resources
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.migrate import migrate
from tests.fixtures.databases import cloned
from tests.integration.assertions import entry
from tests.integration.test_load import small_batches

Register = Callable[[type[Contract]], None]


class Things(Contract):
    """A contract with a column of each type, and a key of two columns."""

    dataset: ClassVar[str] = "things"
    key: ClassVar[tuple[str, ...]] = ("name", "day")

    name: Annotated[str, Field(max_length=100)]
    day: Timestamp
    at: TimestampTz | None = None
    amount: Annotated[Decimal, Field(max_digits=18, decimal_places=4)] | None = None
    share: float | None = None
    count: BigInt | None = None
    is_good: bool | None = None
    note: str | None = None


class KeepingThings(Things):
    """Existing rows are kept."""

    dataset: ClassVar[str] = "keeping"
    on_conflict: ClassVar[OnConflict] = "keep"


class RefusingThings(Things):
    """A file with an existing key is refused."""

    dataset: ClassVar[str] = "refusing"
    on_conflict: ClassVar[OnConflict] = "refuse"


class Keyless(Contract):
    """A contract without a key: rows are appended."""

    dataset: ClassVar[str] = "keyless"

    name: str


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    for contract in (Things, KeepingThings, RefusingThings, Keyless):
        monkeypatch.setitem(registry.CONTRACTS, contract.dataset, contract)
    migrate(database_url)


VALUES_OF_EACH_TYPE = [
    'a,2026-01-01,2026-01-01T10:00:00+02:00,1.5,NaN,-9223372036854775808,true,"a ""quote"", (x) \\ \\\\"',
    "a,2026-01-02 10:30,,,,,,",
    'a,2026-01-03,2026-01-01T10:00:00.000001Z,-0.0001,-0.0,0,false,""',
    '" b",2026-01-01,2026-01-01 00:00:00Z,99999999999999.9999,1e300,9223372036854775807,true,"two\nlines"',
    "é€😀,0001-01-01,9999-12-31T23:59:59.999999Z,0,inf,1,,\tx ",
    "\\,2026-01-01,,,,,,\\N",
]
HEADER = "name,day,at,amount,share,count,is_good,note"


def csv(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


def counts(engine: Engine, path: str) -> tuple[int, ...]:
    """The numbers of rows inserted, updated, unchanged and duplicate."""
    found = entry(engine, path)
    return tuple(found[f"rows_{name}"] for name in ("inserted", "updated", "unchanged", "duplicate"))


def rows(engine: Engine, dataset: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(f"select * from {dataset} order by 1, 2"))]  # noqa: S608


@pytest.mark.parametrize("batches", ["one", "many"])
def test_rows_of_every_type_are_unchanged_in_a_second_load(
    batches: str,
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if batches == "many":
        small_batches(monkeypatch)
    container.upload_blob("things/a.csv", csv(*VALUES_OF_EACH_TYPE))
    container.upload_blob("things/b.csv", csv(*reversed(VALUES_OF_EACH_TYPE)))
    loader.load("things/a.csv")
    before = str(rows(engine, "things"))  # as text, since NaN is not equal to itself

    loader.load("things/b.csv")

    assert counts(engine, "things/b.csv") == (0, 0, len(VALUES_OF_EACH_TYPE), 0)
    assert str(rows(engine, "things")) == before


@pytest.mark.parametrize("column", range(2, 8))
def test_a_row_is_updated_if_any_one_value_differs(
    column: int, loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    values = ["k", "2026-01-01", "2026-01-01T10:00:00Z", "1.0000", "1.5", "1", "true", "x"]
    others = ["", "", "2026-01-01T10:00:00.000001Z", "1.0001", "1.5000000000000002", "2", "false", '""']
    missing = [*values[:column], "", *values[column + 1 :]]
    other = [*values[:column], others[column], *values[column + 1 :]]
    for name, content in (("a", values), ("b", other), ("c", missing), ("d", missing), ("e", values)):
        container.upload_blob(f"things/{name}.csv", csv(",".join(content)) + b"\n" * ord(name))
        loader.load(f"things/{name}.csv")

    results = [counts(engine, f"things/{name}.csv") for name in "abcde"]
    assert results == [(1, 0, 0, 0), (0, 1, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0)]


def test_existing_rows_with_values_beyond_the_contract_are_replaced(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("things/a.csv", csv("k,2026-01-01,,1.5,,,,", "l,2026-01-01,,2.5,,,,"))
    loader.load("things/a.csv")
    with engine.begin() as connection:
        for statement in (
            "update things set amount = 1.500001, note = repeat('x', 100000) where name = 'k'",
            "update things set amount = 2.50000000 where name = 'l'",
            "insert into things (name, day, _load, _line) values ('k', 'infinity', 0, 0)",
        ):
            connection.execute(text(statement))
    again = ["k,2026-01-01,,1.5,,,,", "l,2026-01-01,,2.5,,,,", "m,2026-01-01,,,,,,"]
    container.upload_blob("things/b.csv", csv(*again))

    loader.load("things/b.csv")

    assert counts(engine, "things/b.csv") == (1, 1, 1, 0)
    with engine.connect() as connection:
        found = connection.execute(text("select name, amount from things where day < 'infinity' order by 1"))
        assert [tuple(row) for row in found] == [("k", Decimal("1.5")), ("l", Decimal("2.5")), ("m", None)]


def test_keys_scattered_over_a_larger_table_are_found(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    many = [f"{number:05d},2026-01-01,,{number},,,," for number in range(2000)]
    few = [many[0], many[1999], many[1000].replace("1000,,", "7,,"), "x,2026-01-01,,,,,,", many[0]]
    container.upload_blob("things/a.csv", csv(*many))
    container.upload_blob("things/b.csv", csv(*few))
    loader.load("things/a.csv")

    loader.load("things/b.csv")

    assert counts(engine, "things/b.csv") == (1, 1, 2, 1)
    assert len(rows(engine, "things")) == 2001


def test_keep_leaves_existing_rows_unchanged(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("keeping/a.csv", csv("k,2026-01-01,,1,,,,"))
    container.upload_blob(
        "keeping/b.csv", csv("k,2026-01-01,,2,,,,", "l,2026-01-01,,3,,,,", "l,2026-01-01,,4,,,,")
    )
    loader.load("keeping/a.csv")

    loader.load("keeping/b.csv")

    assert counts(engine, "keeping/b.csv") == (1, 0, 1, 1)
    assert [(row[0], row[3]) for row in rows(engine, "keeping")] == [("k", 1), ("l", 4)]


def test_refuse_refuses_a_file_with_an_existing_key(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("refusing/a.csv", csv("k,2026-01-01,,1,,,,"))
    container.upload_blob("refusing/b.csv", csv("m,2026-01-01,,2,,,,", "k,2026-01-01,,1,,,,"))
    container.upload_blob("refusing/c.csv", csv("m,2026-01-01,,2,,,,", "m,2026-01-01,,3,,,,"))
    loader.load("refusing/a.csv")

    assert loader.load("refusing/b.csv").state is State.REFUSED

    error = entry(engine, "refusing/b.csv")["error"]
    assert (error["code"], error["lines"]) == ("key_conflict", [3])
    assert [row[0] for row in rows(engine, "refusing")] == ["k"]
    assert loader.load("refusing/c.csv").state is State.LOADED  # a key twice in one file is no conflict
    assert counts(engine, "refusing/c.csv") == (1, 0, 0, 1)


@pytest.mark.parametrize(
    "change",
    [
        "alter table things add column mine text",
        "create table others (name text, day timestamp, foreign key (name, day) references things)",
        "create publication everything for all tables",
    ],
)
def test_rows_are_updated_in_place_where_a_replacement_would_be_noticed(
    change: str, loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text(change))
    container.upload_blob("things/a.csv", csv("k,2026-01-01,,1,,,,", "l,2026-01-01,,1,,,,"))
    loader.load("things/a.csv")
    with engine.begin() as connection:
        if "mine" in change:
            connection.execute(text("update things set mine = 'kept'"))
        if "others" in change:
            connection.execute(text("insert into others select name, day from things"))
    container.upload_blob(
        "things/b.csv", csv("k,2026-01-01,,1,,,,", "l,2026-01-01,,2,,,,", "m,2026-01-01,,2,,,,")
    )

    assert loader.load("things/b.csv").state is State.LOADED

    assert counts(engine, "things/b.csv") == (1, 1, 1, 0)
    assert [row[3] for row in rows(engine, "things")] == [1, 2, 2]
    if "mine" in change:
        assert [row[-1] for row in rows(engine, "things")] == ["kept", "kept", None]


def test_a_new_version_without_a_key_replaces_the_rows_of_the_earlier_version(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    for path, names in (("keyless/a.csv", "ab"), ("keyless/other.csv", "x"), ("keyless/a.csv", "cd")):
        container.upload_blob(path, "\n".join(["name", *names]), overwrite=True)
        assert loader.load(path).state is State.LOADED

    assert {row[0] for row in rows(engine, "keyless")} == {"c", "d", "x"}
    newest = entry(engine, "keyless/a.csv")
    with engine.connect() as connection:
        replaced = connection.scalar(
            text("select replaced_by from ingest.ingestions order by serial limit 1")
        )
    assert replaced == newest["id"]


def test_bytes_whose_rows_were_replaced_are_loaded_again(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    for names in ("ab", "cd", "ab"):
        container.upload_blob("keyless/a.csv", "\n".join(["name", *names]), overwrite=True)
        assert loader.load("keyless/a.csv").state is State.LOADED

    assert sorted(row[0] for row in rows(engine, "keyless")) == ["a", "b"]


def test_a_refused_new_version_leaves_the_rows_of_the_earlier_version(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("keyless/a.csv", b"name\na\n")
    loader.load("keyless/a.csv")
    container.upload_blob("keyless/a.csv", b"other\na\n", overwrite=True)

    assert loader.load("keyless/a.csv").state is State.REFUSED
    assert [row[0] for row in rows(engine, "keyless")] == ["a"]


class Until(Contract):
    """A contract whose key has a timestamp, a float and a number with many digits."""

    dataset: ClassVar[str] = "until"
    key: ClassVar[tuple[str, ...]] = ("at", "share", "amount")

    at: TimestampTz
    share: float
    amount: Annotated[Decimal, Field(max_digits=38, decimal_places=4)]
    note: str | None = None


def test_keys_that_are_equal_in_postgres_are_equal_in_the_comparison(
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    monkeypatch.setitem(registry.CONTRACTS, "until", Until)
    migrate(database_url)
    late, many = "9999-12-31T23:59:59.5-08:00", "1234567890123456789012345678901234.5678"
    first = [f"{late},0.0,1,a", f"{late},NaN,{many},b", f"0001-01-01T00:00:00+08:00,1e300,{many},c"]
    second = [f"{late},-0.0,1.0,a", f"{late},nan,{many},B", f"0001-01-01T00:00:00+08:00,1e300,{many[:-1]}7,d"]
    for name, lines in (("a", first), ("b", second)):
        container.upload_blob(f"until/{name}.csv", "\n".join(["at,share,amount,note", *lines]))
        assert loader.load(f"until/{name}.csv").state is State.LOADED

    assert counts(engine, "until/b.csv") == (1, 1, 1, 0)


def test_long_texts_are_compared_by_their_digests(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    like_digest = "\x02" + hashlib.sha256(b"y" * 1000).hexdigest()
    notes = {"same": "x" * 1000, "other": "y" * 1000, "shorter": "y" * 1000, "marked": "y" * 1000}
    again = notes | {"other": "z" * 1000, "shorter": "y", "marked": like_digest, "new": "é" * 200}
    for name, texts in (("a", notes), ("b", again), ("c", dict(reversed(again.items())))):
        lines = [f"{key},2026-01-01,,,,,,{note}" for key, note in texts.items()]
        container.upload_blob(f"things/{name}.csv", csv(*lines))
        loader.load(f"things/{name}.csv")

    assert counts(engine, "things/b.csv") == (1, 3, 1, 0)
    assert counts(engine, "things/c.csv") == (0, 0, 5, 0)
    assert {row[0]: row[7] for row in rows(engine, "things")} == again


def test_the_primary_key_of_a_partition_may_have_another_name(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    with engine.begin() as connection:
        for statement in (
            "alter table things rename to plain",
            "create table things (like plain, primary key (name, day)) partition by hash (name)",
            "create table things_0 partition of things for values with (modulus 2, remainder 0)",
            "create table things_1 partition of things for values with (modulus 2, remainder 1)",
        ):
            connection.execute(text(statement))
    container.upload_blob("things/a.csv", csv(*(f"{name},2026-01-01,,1,,,," for name in "abcd")))
    container.upload_blob("things/b.csv", csv(*(f"{name},2026-01-01,,2,,,," for name in "defa")))
    container.upload_blob("things/c.csv", csv(*(f"{name},2026-01-01,,2,,,," for name in "def")))
    for name in "abc":
        assert loader.load(f"things/{name}.csv").state is State.LOADED

    assert (counts(engine, "things/b.csv"), counts(engine, "things/c.csv")) == ((2, 2, 0, 0), (0, 0, 3, 0))


@pytest.mark.parametrize(
    "body",
    ["return null", "new.name := 'always'; return new"],
    ids=["drops updates", "changes keys"],
)
def test_a_trigger_that_prevents_every_write_fails_the_load(
    body: str, loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("things/a.csv", csv("always,2026-01-01,,1,,,,"))
    loader.load("things/a.csv")
    event = "update" if "null" in body else "insert"
    with engine.begin() as connection:
        connection.execute(
            text(f"create function change_rows() returns trigger language plpgsql as $$ begin {body}; end $$")
        )
        connection.execute(
            text(f"create trigger t before {event} on things for each row execute function change_rows()")
        )
    container.upload_blob("things/b.csv", csv("always,2026-01-01,,2,,,,", "other,2026-01-01,,2,,,,"))

    assert loader.load("things/b.csv").state is State.FAILED
    assert "trigger" in entry(engine, "things/b.csv")["error"]["detail"]


def test_a_database_in_another_encoding_gets_the_same_characters(
    postgres: Postgres, container: ContainerClient, storage: str
) -> None:
    with cloned(postgres, "template0", "LATIN1") as url:
        migrate(url)
        own = Resources(settings.load({"DATABASE_URL": url, "UPLOADS": storage}))
        container.upload_blob("things/a.csv", csv("Müller,2026-01-01,,1,,,,ü"))
        assert BlobLoader(own.engine, container, "things").load("things/a.csv").state is State.LOADED
        assert [(row[0], row[7]) for row in rows(own.engine, "things")] == [("Müller", "ü")]
        own.engine.dispose()
