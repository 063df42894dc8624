"""A file of made-up sales: any number of rows, the same ones every time, in several editions."""

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
LINES_OF_AN_ORDER = 2
FAULTY_EVERY = 20
_FIRST_FAULTY = 7
_FIRST_ORDER = 43_000
_CHUNK = 50_000
_PERIOD = 4_200
"""Rows after which all but the order's number comes again: the columns' own periods all divide it."""


class Edition(StrEnum):
    """What a file says about its rows: a row's number fixes its key, the edition its values."""

    FIRST = "first"
    CHANGED = "changed"
    """Every row has another quantity."""
    FAULTY = "faulty"
    """Every twentieth row breaks the contract, in one of five ways in turn."""


def write(path: Path, numbers: range, edition: Edition = Edition.FIRST) -> None:
    """Write the order lines of these `numbers`, two lines of an order; a range can go down, and skip."""
    ends = [_end(number, edition) for number in range(_PERIOD)]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        for first in range(0, len(numbers), _CHUNK):
            file.write("".join(_rows(numbers[first : first + _CHUNK], ends)))


def faulty(rows: int) -> int:
    """How many of the first `rows` rows the faulty edition breaks."""
    return len(range(_FIRST_FAULTY, rows, FAULTY_EVERY))


def _rows(numbers: range, ends: list[str]) -> Iterator[str]:
    return (f"SO{_FIRST_ORDER + n // LINES_OF_AN_ORDER}{ends[n % _PERIOD]}" for n in numbers)


def _end(number: int, edition: Edition) -> str:
    order, line = divmod(number, LINES_OF_AN_ORDER)
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
"""No number, no day, no address, too many decimals, nothing: column after the order's number → text."""
