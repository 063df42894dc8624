"""A file of made-up sales: any number of rows, the same ones every time."""

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
_CHUNK = 10_000


def write(path: Path, rows: int, *, reverse: bool = False) -> None:
    """Write `rows` order lines, two of each order; `reverse` has the same rows in the other order."""
    numbers = range(rows - 1, -1, -1) if reverse else range(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(HEADER)
        for first in range(0, rows, _CHUNK):
            file.writelines(map(_row, numbers[first : first + _CHUNK]))


def _row(number: int) -> str:
    order, line = divmod(number, LINES_OF_AN_ORDER)
    name = NAMES[order * 7 % len(NAMES)]
    item, price, tax = ITEMS[number * 5 % len(ITEMS)]
    email = f"{name.split()[0].lower()}{order % 100}@adventure-works.com"
    date = f"20{10 + order % 15:02d}-{1 + order % 12:02d}-{1 + order % 28:02d}"
    return f"SO{order + 43_000},{line + 1},{date},{name},{email},{item},{1 + number % 4},{price},{tax}\n"
