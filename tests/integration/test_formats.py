"""Files with other compressions, encodings and dialects: the rows are loaded and the format is recorded."""

from __future__ import annotations

import bz2
import gzip

import pyarrow as pa
import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.ledger.tables import State
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import csv, orders, row
from tests.integration.assertions import entry, table

NAMES = ["Müller", "Zhu", "Łukasz", "O'Neill"]


def zstd(content: bytes) -> bytes:
    return pa.Codec("zstd").compress(content, asbytes=True)


def rows_of(*names: str) -> bytes:
    return csv(*(row(number).replace("Christy Zhu", name) for number, name in enumerate(names)))


@pytest.mark.parametrize(
    ("name", "compress", "kind"),
    [
        ("a.csv.gz", gzip.compress, "gzip"),
        ("a.csv.bz2", bz2.compress, "bz2"),
        ("a.csv.zst", zstd, "zstd"),
        ("without-extension.csv", gzip.compress, "gzip"),
        ("not-compressed.csv.gz", bytes, ""),
    ],
)
def test_a_compressed_file_is_decompressed_by_its_content(
    name: str,
    compress: type[bytes],
    kind: str,
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
) -> None:
    container.upload_blob(f"sales/{name}", compress(orders(1, 60_000)))

    assert loader.load(f"sales/{name}").state is State.LOADED

    ingestion = entry(engine, f"sales/{name}")
    assert (ingestion["rows_inserted"], ingestion["format"]["compression"]) == (60_000, kind)


@pytest.mark.parametrize(
    ("encoding", "names", "recorded"),
    [
        ("utf-8-sig", NAMES, "utf-8-sig"),
        ("utf-16", NAMES, "utf-16-le"),
        ("utf-16-be", NAMES, "utf-16-be"),
        ("cp1252", ["Zhu", "Müller", "Žižek", "O\u2019Neill"], "cp1252"),
    ],
)
def test_a_file_in_another_encoding_keeps_its_letters(
    encoding: str,
    names: list[str],
    recorded: str,
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
) -> None:
    container.upload_blob("sales/a.csv", rows_of(*names).decode().encode(encoding))

    assert loader.load("sales/a.csv").state is State.LOADED

    assert [loaded["customer_name"] for loaded in table(engine)] == names
    assert entry(engine, "sales/a.csv")["format"]["encoding"] == recorded


def test_the_first_letter_beyond_ascii_decides_the_encoding_however_late(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    late = rows_of(*["Zhu"] * 3000, "Müller").decode().encode("cp1252")
    container.upload_blob("sales/a.csv", late)

    loader.load("sales/a.csv")

    assert table(engine)[-1]["customer_name"] == "Müller"


def test_lines_in_another_encoding_are_rejected_rather_than_loaded_with_wrong_letters(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    first, second = rows_of(*["Müller"] * 50), csv(row(99).replace("Zhu", "Müller"))
    container.upload_blob("sales/a.csv", first + second.split(b"\n", 1)[1].decode().encode("cp1252"))

    assert loader.load("sales/a.csv").state is State.LOADED

    assert {loaded["customer_name"] for loaded in table(engine)} == {"Müller"}
    with engine.connect() as connection:
        reject = connection.execute(text("select line, raw from ingest.rejects")).one()
    assert (reject.line, r"M\xfcller" in reject.raw) == (52, True)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (gzip.compress(orders(1, 1000), mtime=0)[:-20], "compression_truncated"),
        (gzip.compress(orders(1, 1000), mtime=0) + b"more", "compression_trailing"),
        (gzip.compress(orders(1, 10), mtime=0)[:-8] + b"\1" * 8, "compression_corrupt"),
        (gzip.compress(csv(*[""] * 30_000_000), mtime=0), "expands_too_far"),
    ],
    ids=["truncated", "other data follow", "corrupt", "a bomb"],
)
def test_a_file_that_cannot_be_decompressed_is_refused(
    content: bytes, code: str, loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/a.csv", content)

    assert loader.load("sales/a.csv").state is State.REFUSED

    assert entry(engine, "sales/a.csv")["error"]["code"] == code
    assert table(engine) == []


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("semicolons", rows_of(*NAMES).replace(b", 44", b" 44").replace(b",", b";"), {"delimiter": ";"}),
        ("no quotes", rows_of(*NAMES).replace(b", 44", b"").replace(b'"', b""), {"quote": '"'}),
        ("single quotes", rows_of(*NAMES[:3]).replace(b'"', b"'"), {"quote": "'"}),
        ("CR", rows_of(*NAMES).replace(b"\n", b"\r"), {"line_end": "\r"}),
        ("preamble", b"Orders of July\nby Ada\n\n" + rows_of(*NAMES), {"header_line": 4}),
        ("excel", b"sep=,\r\n" + rows_of(*NAMES).replace(b"\n", b"\r\n"), {"sep_line": True}),
    ],
)
def test_a_dialect_is_detected_and_recorded(
    name: str,
    content: bytes,
    expected: dict[str, object],
    loader: BlobLoader,
    container: ContainerClient,
    engine: Engine,
) -> None:
    container.upload_blob(f"sales/{name}.csv", content)

    assert loader.load(f"sales/{name}.csv").state is State.LOADED

    assert {loaded["customer_name"] for loaded in table(engine)} <= {*NAMES}
    ingestion = entry(engine, f"sales/{name}.csv")
    assert (ingestion["rows_rejected"], ingestion["format"] | expected) == (0, ingestion["format"])


def test_a_file_with_several_tables_is_refused_with_their_lines(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    content = orders(1, 3) + b"\nname,city\n" + b"Ada,London\n" * 20_000 + b"\n" + orders(4, 3)
    container.upload_blob("sales/a.csv", content)

    assert loader.load("sales/a.csv").state is State.REFUSED

    error = entry(engine, "sales/a.csv")["error"]
    assert (error["code"], error["lines"]) == ("several_tables", [6, 20_008])
    assert table(engine) == []
