"""`CsvReader`: the batches of a file, and its facts at the end."""

from __future__ import annotations

import hashlib
import re

import pytest

from shared.contracts.sales import Sales
from shared.error_codes import warning_text
from shared.errors import FileRefused
from shared.formats.overrides import Overrides
from shared.parsing.column_mapping import AllColumns, Columns, ContractColumns
from shared.parsing.reader import Batch, CsvReader
from tests.fixtures.samples import HEADER, csv, orders, row


def cut(content: bytes, block: int) -> list[bytes]:
    return [content[at : at + block] for at in range(0, len(content), block)]


def raws(batch: Batch) -> list[str]:
    return [batch.raw(position) for position in range(len(batch.lines))]


@pytest.mark.parametrize("block", [1, 100, 1 << 23])
def test_rows_and_rejects_have_their_lines_and_text(block: int) -> None:
    broken = row(3).replace("Mountain-100", 'Mountain"100')
    content = csv(row(1), "", "SO2,1", broken, row(4).replace(", 44", ",\n44"), row(5)).replace(
        b"\n", b"\r\n"
    )
    reading = CsvReader(cut(content, block), ContractColumns(Sales))

    (batch,) = reading

    assert batch.lines.tolist() == [2, 6, 8]
    assert raws(batch) == [row(1), row(4).replace(", 44", ",\r\n44"), row(5)]
    assert batch.text["sales_order_number"].tolist() == ["SO1", "SO4", "SO5"]
    assert [(reject.line, reject.raw) for reject in batch.rejects] == [(4, "SO2,1"), (5, broken)]
    assert batch.rejects[0].errors[0].message == "the row has 2 fields, the header has 9"
    assert reading.rows == 5
    assert reading.size == len(content)
    assert reading.sha256 == hashlib.sha256(content).hexdigest()


def test_a_byte_order_mark_is_removed_before_the_header_and_preserved_in_a_value() -> None:
    content = csv('"\ufeffSO1"' + row(1).removeprefix("SO1"), row(2))
    (batch,) = CsvReader([b"\xef\xbb\xbf" + content], ContractColumns(Sales))
    assert batch.text["sales_order_number"].tolist() == ["\ufeffSO1", "SO2"]


@pytest.mark.parametrize("count", [1, 500])
@pytest.mark.parametrize("columns", [ContractColumns(Sales), AllColumns()])
def test_a_byte_order_mark_between_concatenated_files_makes_a_reject(count: int, columns: Columns) -> None:
    rows = [row(number) for number in range(count)]
    glued = [*rows, "\ufeff" + row(1), *rows, "\ufeff" + HEADER, *rows, HEADER, *rows]
    batches = list(CsvReader([csv(*glued)], columns, Overrides(header_line=1)))
    rejects = [(reject.line, reject.errors[0].code) for batch in batches for reject in batch.rejects]
    assert sum(len(batch.lines) for batch in batches) == 4 * count
    assert rejects == [
        (count + 2, "glued"),
        (2 * count + 3, "repeated_header"),
        (3 * count + 4, "repeated_header"),
    ]


@pytest.mark.parametrize("count", [1, 5_000])
def test_a_line_end_with_two_crs_is_one_line_end(count: int) -> None:
    content = csv(*map(row, range(count)), '"a\r\r\nb"' + row(1).removeprefix("SO1"))
    content = content.replace(b"\n", b"\r\r\n").replace(b"\r\r\r\r\n", b"\r\r\n")
    reading = CsvReader([content], ContractColumns(Sales))
    batches = list(reading)
    found = [raw for batch in batches for raw in map(batch.raw, range(len(batch.lines)))]
    assert found[:-1] == [row(number) for number in range(count)]
    assert batches[-1].text["sales_order_number"].tolist()[-1] == "a\r\r\nb"
    assert not any("\r" in value for batch in batches for value in batch.text.iloc[:, -1].dropna())
    assert warning_text("double_cr") in reading.format.doubts


def test_columns_that_are_not_loaded_are_left_out() -> None:
    content = f"Colour,{HEADER},\nred,{row(1)},x\nblue,{row(2)},\n".encode()
    (batch,) = CsvReader([content], ContractColumns(Sales))
    assert list(batch.text.columns) == list(Sales.model_fields)
    assert batch.text["sales_order_number"].tolist() == ["SO1", "SO2"]


def test_missing_and_empty_values_differ_in_every_column() -> None:
    (batch,) = CsvReader(
        [f'{HEADER}\n,"",,"","","",,"",\n"","","","","","",,"",'.encode()], ContractColumns(Sales)
    )
    missing = batch.text.isna().to_numpy().tolist()
    assert missing[0] == [True, False, True, False, False, False, True, False, True]
    assert missing[1] == [False, False, False, False, False, False, True, False, True]


def test_a_file_with_only_a_header_has_no_batches() -> None:
    for content in (HEADER, f"{HEADER}\n", f"{HEADER}\r\n\r\n\n"):
        assert list(CsvReader([content.encode()], ContractColumns(Sales))) == []


def test_the_batches_of_a_long_file_have_each_row_once() -> None:
    content = orders(1, 150_000)
    batches = list(CsvReader(cut(content, 8 << 20), ContractColumns(Sales)))
    assert [line for batch in batches for line in batch.lines.tolist()] == list(range(2, 150_002))
    assert all(len(batch.lines) <= 150_000 for batch in batches)
    assert len(batches) > 1
    assert batches[-1].raw(len(batches[-1].lines) - 1) == row(150_000)


def test_rows_before_a_refusal_are_returned_and_counted() -> None:
    reading = CsvReader([csv(row(1), "too,few", row(2)) + b"x" * 2_000_000], ContractColumns(Sales))
    batches = iter(reading)

    batch = next(batches)
    assert (batch.lines.tolist(), len(batch.rejects)) == ([2, 4], 1)
    with pytest.raises(FileRefused, match=re.escape("Line 5 is longer")):
        next(batches)
    assert reading.rows == 3
