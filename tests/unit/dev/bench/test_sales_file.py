"""The benchmark's CSV file: always the same bytes, and the properties of its editions."""

import csv
import hashlib
from pathlib import Path

import pytest
from pydantic import ValidationError

from dev.bench import sales_file
from dev.bench.sales_file import FAULTY_EVERY, HEADER, Edition
from shared.contracts.sales import Sales

ROWS = 10_000
KEY = 2


def lines(folder: Path, numbers: range, edition: Edition = Edition.FIRST) -> list[str]:
    path = folder / "sales.csv"
    sales_file.write(path, numbers, edition)
    head, *rest = path.read_text().splitlines(keepends=True)
    assert head == HEADER
    return rest


def is_accepted(line: str) -> bool:
    (cells,) = csv.reader([line])
    try:
        Sales.model_validate(
            {name: cell for name, cell in zip(Sales.model_fields, cells, strict=True) if cell}, by_name=True
        )
    except ValidationError:
        return False
    return True


def keys(rows: list[str]) -> list[tuple[str, ...]]:
    return [tuple(row.split(",")[:KEY]) for row in rows]


def test_the_bytes_of_the_file_never_change(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    sales_file.write(path, range(9_999))
    hashed = hashlib.sha256(path.read_bytes()).hexdigest()
    assert hashed == "3e14e5a26ae185b6a819290560859cdbd0c822ef129123dcb9fef583d8345525"


def test_a_file_has_the_rows_of_a_range_in_its_order(tmp_path: Path) -> None:
    every = lines(tmp_path, range(ROWS))
    assert len(set(keys(every))) == ROWS
    assert lines(tmp_path, range(ROWS)[::-1]) == every[::-1]
    assert lines(tmp_path, range(0, ROWS, 100)) == every[::100]
    assert lines(tmp_path, range(250, 500)) == every[250:500]


def test_a_long_file_has_no_repeated_or_missing_rows(tmp_path: Path) -> None:
    rows = lines(tmp_path, range(120_001))
    assert len(rows) == len(set(keys(rows))) == 120_001


def test_the_changed_edition_has_the_same_keys_and_no_equal_row(tmp_path: Path) -> None:
    first, changed = lines(tmp_path, range(ROWS)), lines(tmp_path, range(ROWS), Edition.CHANGED)
    assert keys(first) == keys(changed)
    assert not set(first) & set(changed)


@pytest.mark.parametrize("edition", [Edition.FIRST, Edition.CHANGED])
def test_every_row_satisfies_the_contract(tmp_path: Path, edition: Edition) -> None:
    assert all(map(is_accepted, lines(tmp_path, range(ROWS), edition)))


def test_every_twentieth_row_of_the_faulty_edition_violates_the_contract(tmp_path: Path) -> None:
    refused = [not is_accepted(line) for line in lines(tmp_path, range(ROWS), Edition.FAULTY)]
    assert sum(refused) == sales_file.faulty(ROWS) == ROWS // FAULTY_EVERY
    assert len({number % FAULTY_EVERY for number, one in enumerate(refused) if one}) == 1


@pytest.mark.parametrize(("rows", "count"), [(1, 0), (7, 0), (8, 1), (27, 1), (28, 2)])
def test_the_count_of_faulty_rows_is_exact(tmp_path: Path, rows: int, count: int) -> None:
    written = lines(tmp_path, range(rows), Edition.FAULTY)
    assert sum(not is_accepted(line) for line in written) == sales_file.faulty(rows) == count
