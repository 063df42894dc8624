"""Footers: rows of sums at the end of a table, distinguished from rows that only begin like them."""

from __future__ import annotations

import pytest

from shared.parsing import further_tables
from shared.parsing.column_mapping import AllColumns
from shared.parsing.further_tables import Tail
from shared.parsing.reader import CsvReader

ABOVE: Tail = [(2, ["1", "Ada", "London", "2"]), (3, ["2", "Bob", None, "3"])]


@pytest.mark.parametrize(
    ("below", "lines"),
    [
        ([], set()),
        ([(4, ["Total:", None, None, "5"])], {4}),
        ([(4, [None, "Grand Total", None, "5"])], {4}),
        ([(4, ["subtotal", "", "", "5"]), (5, ["TOTAL :", None, None, "5"])], {4, 5}),
        ([(4, ["Gesamtsumme", None, None, "5"])], {4}),
        ([(4, ["合計", None, None, "5"])], {4}),
        ([(4, ["Total: 3", None, None, None])], {4}),
        ([(4, ["Summe: 1.234,50 €", "", "", ""])], {4}),
        ([(4, ["Total: 3", "Ada", "London", "5"])], set()),
        ([(4, ["Totalgaz: 3", None, None, None])], set()),
        ([(4, ["Total", None, "2 cities", "5"])], set()),
        ([(4, ["Total", "Ada", "London", "5"])], set()),
        ([(5, ["Total", "2 people", "2 cities", "5"])], {5}),
        ([(4, ["Total", None, None, "5"]), (5, ["3", "Eve", "Rome", "4"])], set()),
        ([(4, ["Totalgaz", None, None, "5"])], set()),
        ([(5, ["3", None, None, "4"])], set()),
    ],
)
def test_the_last_rows_are_a_footer_if_they_name_a_sum_and_differ_from_rows(
    below: Tail, lines: set[int]
) -> None:
    assert further_tables.footer_lines([*ABOVE, *below]) == lines


def test_a_footer_of_a_small_table_has_fewer_values_than_any_row() -> None:
    assert further_tables.footer_lines(
        [(2, ["Ada", "1", "2"]), (3, ["Bob", "2", "4"]), (4, ["Total", None, "6"])]
    ) == {4}


def test_the_lines_of_a_value_are_not_blank_lines() -> None:
    assert further_tables.footer_lines([(2, ["1", "two\nlines"]), (4, ["Total", "5"])]) == set()
    assert further_tables.footer_lines([(2, ["1", "two\nlines"]), (5, ["Total", "5"])]) == {5}


def test_without_rows_above_there_is_no_footer() -> None:
    assert further_tables.footer_lines([]) == set()
    assert further_tables.footer_lines([(2, ["Total", None, None])]) == set()


def test_rows_on_the_lines_of_a_footer_are_rejects() -> None:
    content = b"name,amount\nAda,1\nx\nSum,1\nBob,2\n\nTotal,3\n"
    reading = CsvReader([content], AllColumns(), footers={4, 7, 100})
    (batch,) = reading
    assert batch.text["name"].tolist() == ["Ada", "Bob"]
    assert batch.lines.tolist() == [2, 5]
    assert [batch.raw(place) for place in range(2)] == ["Ada,1", "Bob,2"]
    rejects = [(reject.line, reject.raw, reject.errors[0].code) for reject in batch.rejects]
    assert rejects == [(3, "x", "ragged"), (4, "Sum,1", "footer"), (7, "Total,3", "footer")]
    assert reading.rows == 5
