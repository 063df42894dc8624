"""Splitting a single line gives the same values as the scan, or nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.parsing import exact_parser
from shared.parsing.exact_parser import QuotedScan, TextAfterQuote

LINE = st.lists(st.sampled_from(['"', '""', ",", ",", "a", " ", "é", '"b,c"', ',"d",'])).map("".join)


@settings(max_examples=1000)
@given(LINE)
def test_splitting_a_line_agrees_with_the_scan(line: str) -> None:
    try:
        scanned = QuotedScan().feed(line, "\n")
    except TextAfterQuote:
        scanned = None
    assert exact_parser.split_line(line) in (None, scanned)


def test_a_line_without_doubled_quotes_is_split() -> None:
    assert exact_parser.split_line('1,"a, b",,2') == ["1", "a, b", None, "2"]
    assert exact_parser.split_line('"","a","b",') == ["", "a", "b", None]
    assert exact_parser.split_line('"say ""x""",2') is None
