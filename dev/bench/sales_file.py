"""Generates a CSV file of invented sales: any number of rows, always the same bytes, in several editions."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

HEADER = (
    "SalesOrderNumber,SalesOrderLineNumber,OrderDate,CustomerName,EmailAddress,Item,"
    "Quantity,UnitPrice,TaxAmount\n"
)
NAMES = ("Christy Zhu", "Julio Ruiz", "Curtis Lu", "Ruben Prasad", "Albert Alvarez", "Cole Watson")
ITEMS = (
    ('"Mountain-100 Silver, 44"', "3399.99", "271.9992"),
    ('"Road-650 Black, 62"', "699.0982", "55.9279"),
    ("Water Bottle - 30 oz.", "4.99", "0.3992"),
    ('"Sport-100 Helmet, Red"', "34.99", "2.7992"),
)
LINES_PER_ORDER = 2
FAULTY_EVERY = 20
_FIRST_FAULTY = 7
_FIRST_ORDER = 43_000
_CHUNK = 50_000
_PERIOD = 4_200
"""After so many rows, all values but the order number repeat: a multiple of the period of every column."""


class Edition(StrEnum):
    """A variant of the file: a row's number determines its key, the edition its values."""

    FIRST = "first"
    CHANGED = "changed"
    """Every row has another quantity than in the first edition."""
    FAULTY = "faulty"
    """Every twentieth row violates the contract, with one of five faults in turn."""


def write(path: Path, numbers: range, edition: Edition = Edition.FIRST) -> None:
    """Write the order lines `numbers`, two per order; the range may have any step, also a negative one."""
    ends = [_end(number, edition) for number in range(_PERIOD)]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        for first in range(0, len(numbers), _CHUNK):
            file.write("".join(_rows(numbers[first : first + _CHUNK], ends)))


def faulty(rows: int) -> int:
    """Return how many of the first `rows` rows are faulty in the faulty edition."""
    return len(range(_FIRST_FAULTY, rows, FAULTY_EVERY))


def _rows(numbers: range, ends: list[str]) -> Iterator[str]:
    return (f"SO{_FIRST_ORDER + n // LINES_PER_ORDER}{ends[n % _PERIOD]}" for n in numbers)


def _end(number: int, edition: Edition) -> str:
    order, line = divmod(number, LINES_PER_ORDER)
    name = NAMES[order * 7 % len(NAMES)]
    item, price, tax = ITEMS[number * 5 % len(ITEMS)]
    cells = [
        str(line + 1),
        f"20{10 + order % 15:02d}-{1 + order % 12:02d}-{1 + order % 28:02d}",
        name,
        f"{name.split()[0].lower()}{order % 100}@adventure-works.com",
        item,
        str(1 + number % 4 + (10 if edition is Edition.CHANGED else 0)),
        price,
        tax,
    ]
    fault, rest = divmod(number - _FIRST_FAULTY, FAULTY_EVERY)
    if edition is Edition.FAULTY and rest == 0:
        column, text = _FAULTS[fault % len(_FAULTS)]
        cells[column] = text
    return "," + ",".join(cells) + "\n"


_FAULTS = ((5, "none"), (1, "2019-02-30"), (3, "christy at adventure-works.com"), (6, "4.99999"), (4, ""))
"""No number, no date, no address, too many decimals, empty: (column after the order number, text)."""
