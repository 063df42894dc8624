"""Rejects are read by page, or as a file that can be corrected and uploaded."""

from __future__ import annotations

import io
import json
import tracemalloc
import uuid
from csv import QUOTE_ALL, reader, writer
from decimal import Decimal
from typing import Annotated, ClassVar

import pytest
from azure.storage.blob import ContainerClient
from pydantic import Field
from sqlalchemy import Engine, text

from shared.contracts import registry
from shared.contracts.base import Contract
from shared.errors import Conflict, NotFound, TooLarge
from shared.formats.overrides import Overrides
from shared.ledger import entries
from shared.queries import rejects
from shared.use_cases.load_blob import BlobLoader
from shared.use_cases.migrate import migrate
from tests.fixtures.samples import HEADER, orders, row
from tests.integration.assertions import entry, table
from tests.integration.test_archives import zipped
from tests.integration.test_ingestions import enter

GOOD = [row(number) for number in range(1, 30)]
BAD = [row(90, quantity="many"), row(91, price='"1,5"')]


def load(
    loader: BlobLoader, container: ContainerClient, name: str, content: str, **metadata: str
) -> uuid.UUID:
    container.upload_blob(f"sales/{name}", content.encode(), metadata=metadata)
    ingestion_id = loader.load(f"sales/{name}").ingestion_id
    assert ingestion_id is not None
    return ingestion_id


def cells(reject_file: rejects.RejectFile) -> list[list[str]]:
    return list(reader(io.StringIO(reject_file.content.decode(), newline="")))


def test_pages_contain_each_reject_once_with_its_errors(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    ingestion_id = load(loader, container, "a.csv", "\n".join([HEADER, *GOOD, *BAD]))

    first, after = rejects.reject_page(engine, ingestion_id, None, 1)
    rest, end = rejects.reject_page(engine, ingestion_id, after, 1)

    assert [one["line"] for one in first + rest] == [31, 32]
    assert (after, end) == (31, None)
    assert first[0]["raw"] == BAD[0]
    assert first[0]["errors"][0].keys() == {"column", "code", "message", "value"}
    assert (first[0]["errors"][0]["column"], first[0]["errors"][0]["value"]) == ("quantity", "many")


def test_a_page_of_long_rejects_has_fewer_rejects(engine: Engine) -> None:
    ingestion_id = enter(engine, "a")
    _reject(engine, ingestion_id, 8, "repeat('x', 1000000)")

    found, after = rejects.reject_page(engine, ingestion_id, None, 50)
    assert (len(found), after) == (5, 5)
    assert len(rejects.reject_page(engine, ingestion_id, after, 50)[0]) == 3


def _reject(engine: Engine, ingestion_id: uuid.UUID, count: int, raw: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into ingest.rejects select :id, n, "  # noqa: S608 - the tests' own expression
                f"{raw}, cast(:errors as jsonb) from generate_series(1, {count}) n"
            ),
            {"id": ingestion_id, "errors": json.dumps([{"column": "a", "message": "no"}])},
        )


def test_a_corrected_reject_file_is_loaded(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    ingestion_id = load(loader, container, "june (1).csv", "\n".join([HEADER, *GOOD, *BAD]))

    reject_file = rejects.reject_file(engine, ingestion_id, None, None)

    assert reject_file.filename == "june_1_.rejects.csv"
    header, first, second = cells(reject_file)
    assert ",".join(header) == f"{HEADER},_line,_errors"
    assert (first[6], first[-2]) == ("many", "31")
    assert first[-1].startswith("quantity: ")
    assert (second[7], second[-2]) == ("1,5", "32")
    corrected = reject_file.content.decode().replace("many", "3").replace('"1,5"', "1.5")
    correction = load(loader, container, "corrected.csv", corrected, corrects=str(ingestion_id))
    found = entry(engine, "sales/corrected.csv")
    assert (found["state"], found["rows_inserted"], found["corrects"]) == ("loaded", 2, ingestion_id)
    assert found["ignored_columns"] == ["_line", "_errors"]
    assert len(table(engine)) == 31
    assert rejects.reject_page(engine, correction, None, 10) == ([], None)


class Export(Contract):
    """A dataset whose contract sets the format of its files."""

    dataset: ClassVar[str] = "exports"
    max_reject_ratio: ClassVar[float] = 0.9
    file_format: ClassVar[Overrides] = Overrides(
        delimiter=";", encoding="cp1252", quote="", header_line=2, decimal=","
    )

    name: str
    price: Annotated[Decimal, Field(max_digits=9, decimal_places=2)]


def test_a_reject_file_is_read_in_its_own_format_not_in_that_of_the_contract(
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
) -> None:
    monkeypatch.setitem(registry.CONTRACTS, Export.dataset, Export)
    migrate(database_url)
    original = 'Prices\nname;price\nMüller, "5";many\nB;1,50\n'.encode("cp1252")
    container.upload_blob("exports/a.csv", original)
    ingestion_id = loader.load("exports/a.csv").ingestion_id
    assert ingestion_id is not None
    reject_file = rejects.reject_file(engine, ingestion_id, None, None)
    in_quotes = io.StringIO()
    writer(in_quotes, quoting=QUOTE_ALL).writerows(cells(reject_file))
    for name, content, encoding, price in (
        ("plain", reject_file.content.decode(), "utf-8", "2,50"),
        ("spreadsheet", reject_file.content.decode().replace("\n", "\r\n"), "cp1252", "3,50"),
        ("quoted", in_quotes.getvalue(), "utf-8-sig", "4,50"),
    ):
        corrected = content.replace('"many"', "many").replace("many", f'"{price}"')
        container.upload_blob(f"exports/{name}.csv", corrected.encode(encoding))
        loader.load(f"exports/{name}.csv")
        found = entry(engine, f"exports/{name}.csv")
        assert (found["state"], found["rows_inserted"]) == ("loaded", 1)
        assert (found["format"]["delimiter"], found["format"]["told"]) == (",", ["decimal"])
    with engine.connect() as connection:
        rows = connection.execute(text("select name, price from exports order by _load")).all()
    assert [(name, str(price)) for name, price in rows] == [
        ("B", "1.50"),
        ('Müller, "5"', "2.50"),
        ('Müller, "5"', "3.50"),
        ('Müller, "5"', "4.50"),
    ]


def test_the_rejects_of_an_archive_are_read_for_each_of_its_files(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    few = "\n".join([HEADER, *GOOD, *BAD]).encode()
    container.upload_blob("sales/both.zip", zipped(few=few, none=orders(200, 2)))
    ingestion_id = loader.load("sales/both.zip").ingestion_id
    assert ingestion_id is not None

    for read in (rejects.reject_page, rejects.reject_file):
        with pytest.raises(Conflict, match="archive") as caught:
            read(engine, ingestion_id, None, 10)
    (fault,) = caught.value.faults
    assert (fault["file"], fault["detail"]) == ("few.csv", "Rejected rows: 2.")
    found, _ = rejects.reject_page(engine, uuid.UUID(fault["ingestion_id"]), None, 10)
    assert len(found) == 2


def test_the_reject_file_of_a_correction_has_the_reject_columns_once(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    ingestion_id = load(loader, container, "a.csv", "\n".join([HEADER, *GOOD, *BAD]))
    again = rejects.reject_file(engine, ingestion_id, None, None).content.decode()

    unchanged = load(loader, container, "b.csv", again, corrects=str(ingestion_id))

    assert entry(engine, "sales/b.csv")["state"] == "refused"
    header, *rows = cells(rejects.reject_file(engine, unchanged, None, None))
    assert ",".join(header) == f"{HEADER},_line,_errors"
    assert [(one[6], one[-2]) for one in rows] == [("many", "2"), ("1", "3")]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('a,"b', ['a,"b', "", "7", "x: no; odd"]),
        ("a", ["a", "", "7", "x: no; odd"]),
        ("a,b,c,d", ["a", "b", "7", "x: no; odd", "c", "d"]),
        ('"a,""1""",b\n', ['a,"1"', "b", "7", "x: no; odd"]),
    ],
)
def test_a_row_with_another_number_of_values_or_an_open_quote_keeps_all_values(
    engine: Engine, raw: str, expected: list[str]
) -> None:
    ingestion_id = _entry_with_reject(
        engine, [{"name": "A", "column": "a"}, {"name": "B", "column": "b"}], {}, raw
    )
    assert cells(rejects.reject_file(engine, ingestion_id, None, None)) == [
        ["A", "B", "_line", "_errors"],
        expected,
    ]


def _entry_with_reject(
    engine: Engine, columns: list[dict[str, str | None]], form: dict[str, object], raw: str
) -> uuid.UUID:
    ingestion_id = enter(engine, "a", columns=json.dumps(columns), format=json.dumps(form))
    errors = [{"column": "x", "message": "no"}, {"column": None, "message": "odd"}]
    with engine.begin() as connection:
        connection.execute(
            text("insert into ingest.rejects values (:id, 7, :raw, cast(:errors as jsonb))"),
            {"id": ingestion_id, "raw": raw, "errors": json.dumps(errors)},
        )
    return ingestion_id


@pytest.mark.parametrize(
    ("form", "raw"),
    [
        ({"delimiter": ";"}, "1,5;b"),
        ({"delimiter": "\t", "quote": ""}, "1,5\tb"),
        ({"delimiter": "|", "quote": "'"}, "'1,5'|b"),
        ({"delimiter": ",", "escape": "\\"}, "1\\,5,b"),
    ],
)
def test_values_are_split_in_the_format_of_their_file(
    engine: Engine, form: dict[str, object], raw: str
) -> None:
    columns: list[dict[str, str | None]] = [{"name": "A", "column": "a"}, {"name": "B", "column": None}]
    ingestion_id = _entry_with_reject(engine, columns, form, raw)
    assert cells(rejects.reject_file(engine, ingestion_id, None, None))[1][:2] == ["1,5", "b"]


def test_columns_without_a_header_get_the_names_of_the_table(engine: Engine) -> None:
    columns: list[dict[str, str | None]] = [
        {"name": "1.", "column": "column_1"},
        {"name": "2.", "column": None},
    ]
    ingestion_id = _entry_with_reject(engine, columns, {"header_line": None}, "a,b")
    assert cells(rejects.reject_file(engine, ingestion_id, None, None))[0][:2] == ["column_1", "2."]


def test_a_reject_file_too_large_for_a_response_is_refused_with_a_limit_that_works(engine: Engine) -> None:
    ingestion_id = enter(engine, "a")
    _reject(engine, ingestion_id, 2000, "repeat('x', 1000)")

    with pytest.raises(TooLarge, match=r"\?limit=\d+ .* ingest\.rejects") as caught:
        rejects.reject_file(engine, ingestion_id, None, None, max_bytes=2**20)

    limit = int(caught.value.message.partition("?limit=")[2].partition(" ")[0])
    lines, after = 0, None
    while lines == 0 or after is not None:
        part = rejects.reject_file(engine, ingestion_id, after, limit, max_bytes=2**20)
        lines, after = lines + len(cells(part)) - 1, part.next
    assert lines == 2000


def test_memory_does_not_grow_with_the_rejects(engine: Engine) -> None:
    peaks = []
    for count in (6_000, 8_000, 32_000):
        ingestion_id = enter(engine, f"a{count}")
        # without `_line` and `_errors` the lines are below the limit
        _reject(engine, ingestion_id, count, "'x'")
        tracemalloc.start()
        with pytest.raises(TooLarge):
            rejects.reject_file(engine, ingestion_id, None, None, max_bytes=2**16)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    _, few, many = peaks  # the first one also compiles statements
    assert many < 1.3 * few
    assert max(peaks) < 4 * 2**18


def test_rejects_of_an_unknown_ingestion_are_not_found(engine: Engine) -> None:
    with pytest.raises(NotFound):
        rejects.reject_page(engine, uuid.UUID(int=0), None, 1)
    with pytest.raises(NotFound):
        rejects.reject_file(engine, uuid.UUID(int=0), None, None)


def test_a_correction_uses_the_number_options_of_the_file_that_it_corrects(engine: Engine) -> None:
    form = {"decimal": ",", "thousands": ".", "currency": "", "delimiter": ";"}
    with_options = enter(
        engine, "a", format=json.dumps({**form, "told": ["decimal", "thousands", "delimiter"]})
    )
    without_number_options = enter(engine, "b", format=json.dumps({**form, "told": ["delimiter"]}))
    without_format = enter(engine, "c")

    with engine.connect() as connection:
        found = [
            entries.number_options_of_corrected(connection, {"corrects": str(one)}).given()
            for one in (with_options, without_number_options, without_format, uuid.UUID(int=0), "nothing")
        ]
        found.append(entries.number_options_of_corrected(connection, {}).given())

    assert found == [{"decimal": ",", "thousands": "."}, {}, {}, {}, {}, {}]
