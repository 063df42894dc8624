"""Pages of rows: each row once, in every order and with filters."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from azure.storage.blob import ContainerClient
from psycopg2 import sql
from sqlalchemy import Engine, text
from sqlalchemy.schema import CreateIndex, CreateTable

from shared.contracts import dataset_table
from shared.contracts.base import BigInt, Contract
from shared.contracts.sales import Sales
from shared.database import transactions
from shared.errors import InvalidRequest, NotFound, Unavailable
from shared.queries import filters, last_rows, row_page, rows_by_recency
from shared.queries.row_page import PageRequest
from shared.queries.rows import dataset_contract, read_page, row_by_key
from shared.use_cases import edit_row
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import csv, orders, row


class Notes(Contract):
    """A dataset without a key; its columns have names that the queries use, too."""

    dataset: ClassVar[str] = "notes"

    page: str
    limit: BigInt | None = None


@pytest.fixture
def notes(engine: Engine) -> type[Contract]:
    """The table of `Notes`, with a load of a hundred rows."""
    table = dataset_table.sqlalchemy_table(Notes)
    with engine.begin() as connection:
        connection.execute(CreateTable(table))
        for index in table.indexes:
            connection.execute(CreateIndex(index))
        connection.execute(
            text("insert into notes select to_char(n, 'FM000'), n, 1, n from generate_series(1, 100) n")
        )
    return Notes


@pytest.fixture
def loads(loader: BlobLoader, container: ContainerClient) -> None:
    """Three loads of sales; the third one updates rows of the others."""
    for name, content in (
        ("a", orders(100, 40)),
        ("b", orders(200, 40)),
        ("c", csv(*(row(n, price="1") for n in (103, 205, 300)))),
    ):
        container.upload_blob(f"sales/{name}.csv", content)
        loader.load(f"sales/{name}.csv")


def pages(
    engine: Engine, contract: type[Contract], limit: int, **options: Any
) -> Iterator[list[dict[str, Any]]]:
    """All pages; each cursor is sent as JSON, as by a client."""
    after = None
    while True:
        page = read_page(engine, contract, PageRequest(limit, after, **options))
        yield [json.loads(row) for row in page.rows]
        if page.next is None:
            return
        after = json.loads(json.dumps(page.next))


def read_all(engine: Engine, contract: type[Contract], limit: int, **options: Any) -> list[Any]:
    """The first value of each row, over all pages."""
    rows = itertools.chain.from_iterable(pages(engine, contract, limit, **options))
    return [next(iter(one.values())) for one in rows]


def filter_by(contract: type[Contract], **query: str) -> tuple[filters.Filter, ...]:
    return filters.parse_filters(contract, query, ("limit", "after", "order"))


EVERY_ORDER = [f"SO{n}" for n in (*range(100, 140), *range(200, 240), 300)]
OLD = {*range(100, 140), *range(200, 240)} - {103, 205}


def put(engine: Engine, number: int) -> None:
    """Edit the quantity of a row of `loads`."""
    key = filters.parse_key(Sales, f"SO{number},1")
    row = json.loads(str(row_by_key(engine, Sales, key))) | {"quantity": 7}
    edit_row.put_row(engine, edit_row.row_from_json(Sales, json.dumps(row).encode(), key), key)


@pytest.mark.usefixtures("loads")
def test_rows_with_a_key_are_ordered_by_key(engine: Engine) -> None:
    for limit in (1, 7, 81, 1000):
        assert read_all(engine, Sales, limit) == EVERY_ORDER


@pytest.mark.usefixtures("loads")
def test_every_page_except_the_last_is_full(engine: Engine) -> None:
    assert [len(page) for page in pages(engine, Sales, 27)] == [27, 27, 27]


@pytest.mark.usefixtures("loads")
def test_recent_rows_are_ordered_by_load_and_line_newest_first(engine: Engine) -> None:
    last, second = ["SO300", "SO205", "SO103"], [f"SO{n}" for n in range(239, 199, -1) if n != 205]
    first = [f"SO{n}" for n in range(139, 99, -1) if n != 103]

    for limit in (1, 7, 1000):
        assert read_all(engine, Sales, limit, recent=True) == [*last, *second, *first]


@pytest.mark.usefixtures("loads")
def test_recent_rows_of_a_long_file_are_found_across_gaps(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/d.csv", csv(row(400)) + b"\n" * 30_000 + csv(row(401)).partition(b"\n")[2])
    loader.load("sales/d.csv")

    assert read_all(engine, Sales, 2, recent=True)[:3] == ["SO401", "SO400", "SO300"]


def test_rows_without_a_key_are_in_table_order(engine: Engine, notes: type[Contract]) -> None:
    for limit in (1, 30, 50, 99, 100):
        assert read_all(engine, notes, limit) == [f"{n:03}" for n in range(1, 101)]


def test_many_blocks_without_rows_are_skipped(engine: Engine, notes: type[Contract]) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("insert into notes select repeat('x', 2000), n, 1, n from generate_series(101, 1000) n")
        )
        connection.execute(text("delete from notes where _line > 100 and _line < 1000"))

    assert len(read_all(engine, notes, 60)) == 101


def test_a_cursor_of_a_rewritten_table_is_refused(engine: Engine, notes: type[Contract]) -> None:
    after = read_page(engine, notes, PageRequest(10)).next
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum full notes"))

    with pytest.raises(InvalidRequest, match="Start again"):
        read_page(engine, notes, PageRequest(10, after))


def test_rows_of_partitions_are_read_by_load(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                'create table notes (page text, "limit" bigint, _load bigint, _line bigint)'
                "partition by hash (page)"
            )
        )
        for part in range(2):
            values = f"with (modulus 2, remainder {part})"
            connection.execute(text(f"create table notes_{part} partition of notes for values {values}"))
        connection.execute(
            text("insert into notes select n, n, 9223372036854775807, n from generate_series(1, 9) n")
        )
        connection.execute(text("insert into ingest.edits (dataset, after) values ('notes', '{}')"))

    assert read_all(engine, Notes, 2) == [str(n) for n in range(9, 0, -1)]


CHOICES: list[tuple[dict[str, str], int]] = [
    ({"page": "007"}, 1),
    ({"page__gte": "007", "page__lt": "010"}, 3),
    ({"limit__gt": "90"}, 10),
    ({"column.limit": "7"}, 1),
    ({"column.limit__lte": "7"}, 7),
    ({"page__in": '001,"003"'}, 2),
    ({"page__in": '""'}, 0),
    ({"limit__ne": "7"}, 99),
    ({"limit__null": "true"}, 0),
    ({"limit__null": "false", "limit__lt": "5"}, 4),
]


@pytest.mark.parametrize("recent", [False, True])
def test_filters_choose_rows(engine: Engine, notes: type[Contract], recent: bool) -> None:
    for query, count in CHOICES:
        found = read_all(engine, notes, 30, filters=filter_by(notes, **query), recent=recent)
        assert len(found) == count, query


@pytest.mark.usefixtures("loads")
def test_values_are_compared_in_the_type_of_their_column(engine: Engine) -> None:
    for query, count in (
        ({"unit_price": "1.0"}, 3),
        ({"unit_price__gt": "3399.98", "sales_order_number__gte": "SO2"}, 39),
        ({"order_date": "2019-07-01 00:00"}, 81),
        ({"order_date__gt": "2019-07-01"}, 0),
        ({"quantity__in": "1,2"}, 81),
    ):
        assert len(read_all(engine, Sales, 50, filters=filter_by(Sales, **query))) == count, query


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"colour": "red"}, ("colour", "limit, after, order", "quantity, unit_price")),
        ({"quantity__like": "1"}, ("quantity__like",)),
        ({"quantity": "many"}, ("quantity is bigint", "'many'")),
        ({"quantity": "99999999999999999999"}, ("quantity",)),
        ({"quantity__in": "1,many"}, ("quantity", "'many'")),
        ({"item__in": '"a'}, ("item__in",)),
        ({"quantity__null": "maybe"}, ("quantity__null", "'maybe'")),
        ({"order_date__gte": "20190701"}, ("order_date is timestamp", "'20190701'")),
        ({"unit_price": "1e999999999"}, ("unit_price is numeric",)),
        ({"item": "a\0"}, ("item is text",)),
        ({"item": "\ud800"}, ("item is text",)),
    ],
)
def test_the_error_for_an_invalid_filter_names_it(query: dict[str, str], words: tuple[str, ...]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        filter_by(Sales, **query)

    assert [word for word in words if word not in caught.value.message] == []


def test_an_invented_cursor_is_refused(engine: Engine) -> None:
    nonsense: list[list[Any]] = [[], ["key"], ["key", "SO1", "x"], ["key", None, 1, 2], ["place", 1, 2], [{}]]
    recent_cursors: list[list[Any]] = [
        ["recent", 1],
        *(
            ["recent", *numbers]
            for numbers in ((-1, 2, 3, 4), ("1", 2, 3, 4), (2**70, 1, 1, 1), (1, 1, True, 1))
        ),
    ]
    for after in [*nonsense, *recent_cursors]:
        for recent in (False, True):
            with pytest.raises(InvalidRequest, match="after"):
                read_page(engine, Sales, PageRequest(10, after, recent=recent))


def test_an_invented_table_position_is_refused(engine: Engine, notes: type[Contract]) -> None:
    for after in (["place", 1], ["place", 1, None], ["place", "1", "(0,1)"], ["place", 1, "(-1,1)"]):
        with pytest.raises(InvalidRequest, match="after"):
            read_page(engine, notes, PageRequest(10, after))


def test_filters_that_take_too_long_are_explained(
    engine: Engine, notes: type[Contract], monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.begin() as connection:
        connection.execute(text("insert into notes select n, n, 2, n from generate_series(1, 300000) n"))
    monkeypatch.setattr(transactions, "_QUERY_SETTINGS", sql.SQL("set local statement_timeout = '1ms'; "))

    with pytest.raises(Unavailable, match="an index"):
        read_all(engine, notes, 10, filters=filter_by(notes, limit__lt="0"))


@pytest.mark.parametrize("after", [["recent", 1, 25_000, 1, 5], ["key", "SO35000", "1"]])
def test_no_page_reads_the_whole_table(
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    after: list[Any],
) -> None:
    container.upload_blob("sales/a.csv", orders(10_000, 50_000))
    loader.load("sales/a.csv")
    plans: list[str] = []

    def explain(_engine: Engine, query: sql.Composable) -> list[Any]:
        prefix, last, statement = query.as_string(driver).rpartition(";")
        with driver.cursor() as cursor:
            cursor.execute(f"{prefix}{last} explain {statement}")
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return run_query(engine, query)

    run_query = transactions.run_query
    monkeypatch.setattr(transactions, "run_query", explain)
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        found = read_page(engine, Sales, PageRequest(10, after, recent=after[0] == "recent"))

    assert len(found.rows) == 10
    assert not [plan for plan in plans if "Seq Scan on sales" in plan]


def test_an_unknown_dataset_is_not_found(engine: Engine) -> None:
    with pytest.raises(NotFound, match="'nothing'"):
        dataset_contract(engine, "nothing")


@pytest.mark.usefixtures("loads")
def test_recent_rows_are_found_by_position_without_the_index_of_loads(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third load updated a row of each other load, so the lines of those loads have gaps."""
    by_index = []

    def record_and_run(_engine: Engine, _contract: type[Contract], load: Any, *rest: Any) -> Any:
        by_index.append(load.serial)
        return found_by_index(_engine, _contract, load, *rest)

    found_by_index = last_rows._by_index
    monkeypatch.setattr(last_rows, "_by_index", record_and_run)

    page = read_page(engine, Sales, PageRequest(3, recent=True))
    assert ([json.loads(one)["sales_order_number"] for one in page.rows], by_index) == (
        ["SO300", "SO205", "SO103"],
        [],
    )
    assert read_all(engine, Sales, 30, recent=True)[3:] == [f"SO{n}" for n in range(239, 99, -1) if n in OLD]
    assert set(by_index) == {1, 2}


@pytest.mark.usefixtures("loads")
def test_filtered_recent_rows_are_the_same_with_and_without_sorting_the_table(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent = read_all(engine, Sales, 100, recent=True)
    dear, new = filter_by(Sales, unit_price__gt="1"), filter_by(Sales, sales_order_number__gte="SO210")
    for windows in ((500, 20_000), (5, 10)):
        monkeypatch.setattr(last_rows, "_LINE_WINDOWS", windows)
        for limit in (3, 7, 100):
            assert read_all(engine, Sales, limit, recent=True, filters=dear) == recent[3:]
            assert read_all(engine, Sales, limit, recent=True, filters=new) == [
                n for n in recent if n >= "SO210"
            ]

    monkeypatch.setattr(rows_by_recency, "_filtered", None)
    assert len(read_page(engine, Sales, PageRequest(3, recent=True, filters=dear)).rows) == 3


@pytest.mark.usefixtures("loads")
def test_a_wrong_block_in_a_cursor_changes_no_result(engine: Engine) -> None:
    right = read_page(engine, Sales, PageRequest(10, ["recent", 2, 30, 3, 0], recent=True))
    for block in (1, 2**32 - 2, 2**32, 2**63 - 1):
        assert read_page(engine, Sales, PageRequest(10, ["recent", 2, 30, 3, block], recent=True)) == right


@pytest.mark.usefixtures("loads")
def test_a_page_of_several_loads_ends_early(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    # a row of JSON takes some 240, of which 60 are texts
    monkeypatch.setattr(row_page, "MAX_PAGE_BYTES", 600)

    found = list(pages(engine, Sales, 50, recent=True))

    assert (len(found[0]), sorted(one["sales_order_number"] for page in found for one in page)) == (
        3,
        EVERY_ORDER,
    )


@pytest.mark.usefixtures("loads")
def test_an_edited_row_that_a_new_load_updates_is_returned_once(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    for n in (110, 111, 112):
        put(engine, n)
    first = read_page(engine, Sales, PageRequest(2, recent=True))
    container.upload_blob("sales/d.csv", csv(row(111, price="7"), row(112, price="7")))
    loader.load("sales/d.csv")

    after, numbers = first.next, [json.loads(one)["sales_order_number"] for one in first.rows]
    while after:
        page = read_page(engine, Sales, PageRequest(2, after, recent=True))
        numbers += [json.loads(one)["sales_order_number"] for one in page.rows]
        after = page.next

    assert numbers[:4] == ["SO112", "SO111", "SO110", "SO300"]
    assert sorted(numbers) == EVERY_ORDER


@pytest.mark.parametrize("recent", [False, True])
def test_a_page_with_long_rows_ends_early(
    engine: Engine, notes: type[Contract], recent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_page, "MAX_PAGE_BYTES", 100)
    with engine.begin() as connection:
        connection.execute(text("update notes set _load = 9223372036854775807"))
        connection.execute(text("insert into ingest.edits (dataset, after) values ('notes', '{}')"))
        connection.execute(text("update notes set page = repeat('é', 60) where \"limit\" % 10 = 5"))

    for chosen in ((), filter_by(notes, limit__gt="0")):
        found = list(pages(engine, notes, 50, recent=recent, filters=chosen))
        assert sorted(one["limit"] for page in found for one in page) == list(range(1, 101))
        assert max(len([one for one in page if len(one["page"]) > 3]) for page in found) == 1


@pytest.mark.usefixtures("loads")
def test_a_page_ordered_by_key_ends_early(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_page, "MAX_PAGE_BYTES", 200)

    assert {len(page) for page in pages(engine, Sales, 50)} == {1, 4}
    assert read_all(engine, Sales, 50) == EVERY_ORDER
    assert sorted(read_all(engine, Sales, 50, recent=True)) == EVERY_ORDER
