"""The type of a column, from all of its cells."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.inference.inferred_columns import Texts, columns, infer, infer_one

TYPES: list[tuple[str, list[str | None]]] = [
    ("bigint", ["0", "-5", "9223372036854775807"]),
    ("numeric(19, 0)", ["1", "9223372036854775808"]),
    ("numeric(38, 0)", ["9" * 38]),
    ("text", ["9" * 39]),
    ("numeric(38, 8)", ["9" * 30, "1.12345678"]),
    ("text", ["9" * 30, "1.123456789"]),
    ("numeric(3, 2)", ["1.50", "2.25"]),
    ("numeric(3, 1)", ["1", "20.5"]),
    ("numeric(4, 2)", ["5.0", "10.25"]),
    ("numeric(3, 2)", ["5", "1.50"]),
    ("text", ["1.9", "1.10"]),
    ("text", ["5", "5.0"]),
    ("text", ["5.00", "1.5", "1.25"]),
    ("text", ["5.0", "1.50", "1.25"]),
    ("text", ["5", "5.00", "1.50"]),
    ("text", ["007", "8"]),
    ("text", ["00.5"]),
    ("text", ["+5"]),
    ("text", [" 5"]),
    ("text", ["5 "]),
    ("text", ["1_000"]),
    ("text", ["1,000"]),
    ("text", ["5."]),
    ("text", [".5"]),
    ("text", ["-0"]),
    ("text", ["0x1F"]),
    ("text", ["\u0661"]),
    ("text", ["nan"]),
    ("text", ["inf", "1e5"]),
    ("text", ["1E5", "2E3", "7E2"]),
    ("double precision", ["1e+5"]),
    ("double precision", ["1.5E-07", "12", "0.25", "0e+0"]),
    ("double precision", ["1.7976931348623157e+308", "5e-324"]),
    ("double precision", ["1.100000000000000089e+00"]),
    ("text", ["1e999"]),
    ("text", ["1e-400"]),
    ("text", ["12E4"]),
    ("text", ["1.5e-07", "9007199254740993"]),
    ("text", ["1.2345678901234567890123e5"]),
    ("boolean", ["true", "false"]),
    ("boolean", ["TRUE", "FALSE"]),
    ("text", ["true", "True"]),
    ("text", ["tRue"]),
    ("text", ["t", "f"]),
    ("text", ["yes", "no"]),
    ("bigint", ["1", "0"]),
    ("text", ["true", "1"]),
    ("date", ["2024-02-29", "0001-01-01"]),
    ("text", ["2023-02-29"]),
    ("text", ["01/02/2024"]),
    ("text", ["13/02/2024"]),
    ("text", ["2024-1-2"]),
    ("bigint", ["20240101"]),
    ("timestamp", ["2024-01-01", "2024-01-01 10:30"]),
    ("timestamp", ["2024-01-01T10:30:00.123456"]),
    ("text", ["2024-01-01T10:30:00.1234567"]),
    ("text", ["2024-01-01T24:00"]),
    ("timestamptz", ["2024-01-01T10:30:00Z", "2024-01-01 10:30+0200"]),
    ("text", ["2024-01-01T10:30:00Z", "2024-01-01T10:30:00"]),
    ("text", ["2024-01-01T10:30:00Z", "2024-01-01"]),
    ("text", ["1", "2024-01-01"]),
    ("text", ["1", "x"]),
    ("text", []),
    ("text", [None, None]),
    ("text", ["NULL", None, "-"]),
    ("bigint", ["NULL", "1", "-", "N/A", "NA", "", None]),
    ("text", ["null", "1"]),
    ("text", ["NULL", "x"]),
]


@pytest.mark.parametrize(("expected", "texts"), TYPES)
def test_a_column_has_the_type_of_all_its_cells_and_text_a_reason(expected: str, texts: Texts) -> None:
    column = infer_one(texts)
    assert str(column.type) == expected
    assert (column.why_text is None) is (expected != "text")
    assert str(infer_one(*([text] for text in texts), []).type) == expected


def test_the_last_cell_of_a_long_column_counts() -> None:
    column = infer_one(["1"] * 100_000, ["2"] * 100_000 + ["0815"])
    assert str(column.type) == "text"
    assert column.because == "0815"


def test_null_spellings_are_counted_and_make_a_column_nullable() -> None:
    column = infer_one(["1", "N/A", "2"], ["N/A", "-"])
    assert column.spelled == (("-", 1), ("N/A", 2))
    assert (column.missing, column.nullable) == (0, True)


def test_null_spellings_are_values_in_a_text_column() -> None:
    column = infer_one(["N/A"], ["x"], ["NULL"])
    assert column.spelled == ()
    assert not column.nullable


def test_missing_cells_and_the_longest_text_are_counted_for_text_columns() -> None:
    column = infer_one(["x", None], ["\u00e4\u00f6\u00fc", None], ["ab"])
    assert (column.rows, column.missing, column.longest) == (5, 2, 3)
    assert column.nullable


def test_columns_are_inferred_independently() -> None:
    found = infer({"a": ["1", "2"], "b": ["x", None]})
    assert {name: str(column.type) for name, column in found.items()} == {"a": "bigint", "b": "text"}


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(columns(), min_size=1, max_size=4))
def test_the_order_and_size_of_batches_do_not_matter(batches: list[list[str | None]]) -> None:
    whole = infer_one([text for texts in batches for text in texts])
    reversed_ = infer_one(*(texts[::-1] for texts in batches[::-1]))
    for other in (infer_one(*batches), reversed_):
        assert replace(other, because=None) == replace(whole, because=None)
