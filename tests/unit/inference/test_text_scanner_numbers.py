"""The scan of bytes finds the same numbers as a regular expression and Decimal."""

from __future__ import annotations

import re
from decimal import Decimal

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.contracts.column_types import MAX_DIGITS, Kind
from shared.inference import text_scanner
from shared.inference.widening import TEXT_TYPE
from tests.unit.inference.inferred_columns import CELLS

_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")

nearly = st.text("0123456789.-", max_size=6)
texts = st.lists(
    nearly | st.text("019.-+ _,e\u0661\n", max_size=5) | CELLS["whole"] | CELLS["long"] | CELLS["money"]
)


def is_plain(text: str) -> bool:
    if not _PLAIN.fullmatch(text) or sum(map(str.isdigit, text)) > 38:
        return False
    return not (text.startswith("-") and Decimal(text) == 0)


@settings(deadline=None)
@given(texts, st.integers(0, 3))
@example(["1.2.3", "1", "-", "", ".", "-.5", "5.", "1-", "--1", "1.-2"], 0)
@example(["-0", "-0.0", "-0.1", "0", "0.0", "00", "-01", "01.5"], 0)
@example(["9223372036854775807", "-9223372036854775808"], 0)
@example(["9223372036854775808"], 0)
@example(["9" * 30, "1.123456789"], 0)
@example(["-9223372036854775809"], 0)
def test_the_scan_finds_the_same_plain_numbers_as_a_regular_expression(cells: list[str], start: int) -> None:
    array = pa.array(cells, pa.string()).slice(start)
    if not len(array):
        return
    cells = cells[start:]
    found = text_scanner.scan_numbers(array)
    plain = [text for text in cells if is_plain(text)]
    assert found.fits.tolist() == [is_plain(text) for text in cells]
    if not plain:
        assert found.type.kind is Kind.UNKNOWN
        return
    parts = [text.lstrip("-").partition(".") for text in plain]
    whole, places = (max(len(part[side]) for part in parts) for side in (0, 2))
    if whole + places > MAX_DIGITS:
        assert found.type == TEXT_TYPE
        return
    assert (found.type.whole, found.type.places) == (whole, places)
    assert found.type.as_double == all(Decimal(repr(float(text))) == Decimal(text) for text in plain)
    is_bigint = all(-(2**63) <= Decimal(text) < 2**63 and "." not in text for text in plain)
    assert found.type.kind is (Kind.BIGINT if is_bigint else Kind.NUMERIC)
