"""A table of any cells, written in any dialect, is loaded and read back from Postgres."""

from __future__ import annotations

import random
from collections.abc import Sequence

from azure.storage.blob import ContainerClient
from psycopg2 import sql
from sqlalchemy import Engine

from shared.datasets import alter_table, catalog
from shared.ledger.tables import State
from shared.use_cases.load_blob import BlobLoader
from tests.integration.assertions import entry
from tests.unit.parsing.csv_writer import CsvWriter, Row
from tests.unit.parsing.test_round_trip import COMPRESSIONS, DIALECTS, ENCODINGS, can_encode

TABLES = 60

_WORDS = (
    *(None, "", " ", "0", "7", "007", "-1", "1.5", "1.50", "1e3", "12345678901234567890", "true", "FALSE"),
    *("2024-02-29", "2024-02-29 10:30:00", "2024-02-29T10:30:00Z", "01/02/2024", "NULL", "N/A", "-", "NaN"),
    *('"', "''", "a,b;c\td|e^f", "two\nlines", "\r\n", "\\", "\\N", "Zürich", "日本", "\U0001f600", "\x1f"),
    *("\ufeff", "\u2028", "=1+1", "Total", "sep=;"),
)
_KINDS: Sequence[Sequence[str | None]] = (
    _WORDS,
    ("1", "22", "-3", "9223372036854775807", None),
    ("1.50", "2.25", "0.00"),
    ("1.5", "20", "0.125", None),
    ("true", "false", None),
    ("2024-02-29", "1999-12-31"),
    ("2024-02-29 10:30:00", "1999-12-31 00:00:01", None),
    ("2024-02-29T10:30:00Z", "1999-12-31T23:59:59Z"),
    ("1e-07", "2.5e+20", None),
)


def cell(chance: random.Random, kind: Sequence[str | None]) -> str | None:
    if kind is _WORDS and chance.random() < 0.3:
        points = [
            chance.choice((chance.randrange(1, 0x300), chance.randrange(1, 0x110000))) for _ in range(4)
        ]
        return "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)
    return chance.choice(kind)


def table(chance: random.Random, writer: CsvWriter, encoding: str) -> list[Row]:
    kinds = [chance.choice(_KINDS) for _ in range(chance.randrange(1, 6) if writer.delimiter else 1)]

    def fitting(kind: Sequence[str | None]) -> str | None:
        while True:
            value = cell(chance, kind)
            is_changed = writer.line_end == "\r" and value is not None and "\r" in value
            if writer.can_write(value, len(kinds)) and can_encode(value, encoding) and not is_changed:
                return value

    usable = [kind if any(writer.can_write(one, len(kinds)) for one in kind) else _WORDS for kind in kinds]
    return [[fitting(kind) for kind in usable] for _ in range(chance.randrange(1, 25))]


def read_back(
    engine: Engine, dataset: str, serial: int
) -> tuple[list[list[str | None]], list[frozenset[str]]]:
    """The cells of a load as its file has them, and for each column the texts that are missing values."""
    with engine.connect() as connection:
        known = catalog.find_dataset(connection, dataset)
        assert known is not None
        assert known.columns is not None
        columns = known.columns
        values = sql.SQL(", ").join(alter_table.text_expression(column) for column in columns)
        query = sql.SQL("select {} from {} where _load = {} order by _line").format(
            values, sql.Identifier(dataset), sql.Literal(serial)
        )
        raw = connection.connection.cursor()
        raw.execute(query)
        return [list(row) for row in raw.fetchall()], [frozenset(column.nulls) for column in columns]


def test_a_table_of_any_cells_is_read_back_from_postgres(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    for seed in range(TABLES):
        chance = random.Random(seed)  # noqa: S311 - a failure must be repeatable
        writer = chance.choice(DIALECTS)
        encoding, compression = chance.choice(ENCODINGS), chance.choice(list(COMPRESSIONS))
        rows = table(chance, writer, encoding)
        space = "" if writer.delimiter == " " else " "
        names = [f"name{space}{number}" for number in range(len(rows[0]))]
        path = f"table_{seed}/a.csv"
        content = COMPRESSIONS[compression](writer.write(names, rows).encode(encoding))
        options = {f"csv_{name}": str(value) for name, value in writer.overrides.given().items()}
        options |= {"csv_encoding": encoding}
        metadata = {name: "".join(f"%{byte:02x}" for byte in text.encode()) for name, text in options.items()}
        container.upload_blob(path, content, metadata=metadata)

        state = loader.load(path).state

        recorded = entry(engine, path)
        assert state is State.LOADED, (seed, recorded["error"])
        cells, nulls = read_back(engine, f"table_{seed}", recorded["serial"])
        expected = [
            [None if text in missing else text for text, missing in zip(row, nulls, strict=True)]
            for row in rows
        ]
        assert cells == expected, (seed, writer, encoding)
