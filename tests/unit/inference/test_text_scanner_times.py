"""The scan of times accepts common times, and only times that the rules of validation accept."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.contracts.column_types import Kind
from shared.inference import text_scanner
from shared.validation import rules

_RULES = {
    Kind.DATE: rules.date_rule({"type": "date"}),
    Kind.TIMESTAMP: rules.datetime_rule({"type": "datetime"}),
    Kind.TIMESTAMPTZ: rules.datetime_rule({"type": "datetime", "tz_constraint": "aware"}),
}

numbers = st.integers(0, 99).map("{:02}".format) | st.sampled_from(["1", "", "123", "-1"])
dates = st.one_of(
    st.dates().map(str),
    st.builds(
        "{}-{}-{}".format,
        st.sampled_from(["2023", "0000", "0001", "9999", "10000", "-001"]),
        numbers,
        numbers,
    ),
)
clocks = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from("T t"),
    numbers,
    st.sampled_from(":. "),
    numbers,
    st.sampled_from(["", ":00", ":59", ":60", ":9", ":"]),
)
fractions = st.sampled_from(["", ".", ".5", ".123456", ".1234567", ",5"])
zones = st.sampled_from(
    ["", "Z", "z", "+02", "+0200", "+02:00", "-23:59", "+24:00", "-00:60", "+2:00", "UTC", " Z"]
)
nearly = dates | st.builds("{}{}{}{}".format, dates, clocks, fractions, zones)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(list(_RULES)), nearly)
@example(Kind.TIMESTAMP, "2024-01-01 10")
@example(Kind.TIMESTAMPTZ, "2024-01-01 10Z")
@example(Kind.TIMESTAMPTZ, "2024-01-01 10+02:00")
@example(Kind.TIMESTAMPTZ, "2024-01-01 10:30+02")
@example(Kind.TIMESTAMPTZ, "2024-01-01T10:30:00.1+02")
@example(Kind.DATE, "0000-01-01")
@example(Kind.TIMESTAMP, "0000-12-31 10:30")
def test_the_scan_accepts_only_times_that_the_rule_accepts(kind: Kind, text: str) -> None:
    texts = pa.array([text], pa.string())
    if text_scanner.are_all_times(texts, kind):
        rule = _RULES[kind]
        assert rule is not None
        accepted = rule.read(texts).accepted
        assert accepted is None or accepted.to_pylist() == [True]


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (Kind.DATE, ["2024-02-29", "0001-01-01"]),
        (Kind.TIMESTAMP, ["2024-02-29", "2024-02-29 10:30", "2024-02-29T10:30:59.123456"]),
        (Kind.TIMESTAMPTZ, ["2024-02-29T10:30Z", "2024-02-29 10:30:59.5-0330", "2024-02-29T10:30:59+02:00"]),
    ],
)
def test_the_scan_accepts_common_times_and_rejects_a_column_with_another_text(
    kind: Kind, texts: list[str]
) -> None:
    assert text_scanner.are_all_times(pa.array(["x", *texts], pa.string()).slice(1), kind)
    for other in ("", "x", "2024-02-30", "2024-02-29 10", "2024-02-29T10:30+0200x"):
        assert not text_scanner.are_all_times(pa.array([*texts, other], pa.string()), kind)
