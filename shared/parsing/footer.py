"""Footers: sums below a table that look like rows of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import median_high

_TOTAL = re.compile(
    r"(?:(?:grand|sub|overall|page|running)[ -]?)?totals?|sums?|summen?|gesamt(?:summe|betrag)?|zwischensumme"
    r"|insgesamt|totaal|subtotaal|sommes?|total (?:g[eé]n[eé]ral|general|geral)|totale|totali|totaux|somma"
    r"|suma|soma|razem|celkem|[oö]sszesen|summa|yhteens[aä]|toplam|итого|всего|合計|小計|总计|合计|합계|σύνολο",
    re.IGNORECASE,
)

Tail = Sequence[tuple[int, Sequence[str | None]]]
"""The last records of a file: the line of each and its values, in order."""


def lines(tail: Tail) -> set[int]:
    """The lines of those that are a footer: the last ones, which begin with a word such as `Total:`.

    Such a row fills at most half of the cells that those above it fill, or fewer than any of them, or it
    stands below a blank line. Without rows above there is no footer.
    """
    count = 0
    while count < len(tail) and _is_total(tail[-count - 1][1]):
        count += 1
    body, ends = tail[: len(tail) - count], tail[len(tail) - count :]
    if not body or not ends:
        return set()
    filled = [_filled(values) for _, values in body]
    most = max(median_high(filled) // 2, min(filled) - 1)
    is_below_blank = ends[0][0] > _line_below(body[-1])
    return {line for line, values in ends if is_below_blank or _filled(values) <= most}


def is_total(text: str) -> bool:
    """Whether this is a word for a sum; behind a `:` the sum itself may follow, as in `Total: 3`."""
    return _TOTAL.fullmatch(text.partition(":")[0].strip()) is not None


def is_label(text: str) -> bool:
    """Whether a value follows that it names, as in a footer."""
    return text.strip().endswith(":") or is_total(text)


def _is_total(values: Sequence[str | None]) -> bool:
    first = next((value for value in values if value and value.strip()), "")
    return is_total(first)


def _filled(values: Sequence[str | None]) -> int:
    return sum(1 for value in values if value and value.strip())


def _line_below(record: tuple[int, Sequence[str | None]]) -> int:
    line, values = record
    return line + 1 + sum(value.count("\n") for value in values if value)
