"""The known differences between how Arrow and pydantic read a text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pyarrow as pa
import pytest
from pydantic import Field, create_model

from shared.contracts.base import BigInt, Contract, Timestamp, TimestampTz
from shared.validation.contract_compiler import compile_contract
from tests.unit.validation.field_kinds import Colour
from tests.unit.validation.oracle import require_as_row_by_row

_PRICE = Annotated[Decimal, Field(max_digits=5, decimal_places=2)]
_HUGE = Annotated[Decimal, Field(max_digits=38, decimal_places=4)]
_SHORT = Annotated[str, Field(min_length=2, max_length=3)]


def matching(pattern: str) -> Any:
    return Annotated[str, Field(pattern=pattern)]


TRAPS: dict[str, tuple[Any, list[str]]] = {
    "a hexadecimal number is none": (BigInt, ["0x1F", "0X1f", "31"]),
    "an int with a sign, blanks or a point": (BigInt, ["+1", " 1 ", "1.0", "1_000", "-0", "007", "--1", "1"]),
    "ints near the end of 64 bits": (BigInt, [str(2**63 + step) for step in (-1, 0)] + [str(-(2**63))]),
    "ints of nineteen digits": (BigInt, ["8" * 19, "9" * 19, "-" + "8" * 19]),
    "full-width digits": (BigInt, ["\uff11"]),
    "full-width digits of a decimal": (_PRICE, ["\uff11", "\u0661.\u0665"]),
    "exponents of a decimal": (_PRICE, ["1E+2", "1e-2", "1E+4", "1E-3"]),
    "zeros at the end of a decimal": (_PRICE, ["1.10000", "0.000", "99.99000", "1.11100", "999.990"]),
    "zeros at the start of a decimal": (_PRICE, ["000001.10", "0000012345", "-00.5"]),
    "too many whole digits": (_PRICE, ["999.99", "1000", "9999.0", "1000.00"]),
    "a decimal without whole digits": (
        Annotated[Decimal, Field(max_digits=2, decimal_places=2)],
        ["0", "0.1"],
    ),
    "a decimal longer than 128 bits": (_PRICE, ["1.1" + "0" * 60, "0" * 60 + "1.1"]),
    "a decimal of 38 digits": (_HUGE, ["9" * 34 + ".9999", "9" * 34 + ".99990", "1" * 34]),
    "what is no decimal": (_PRICE, ["NaN", "-inf", "", "-", ".", "1,5"]),
    "floats that are no number": (
        float,
        ["NaN", "inf", "-Infinity", "1e400", "1_0", "0x10", "1e", ".", "-0"],
    ),
    "multiples of a float": (Annotated[float, Field(multiple_of=0.1)], ["0.3", "0.2", "0.25"]),
    "multiples of an int": (Annotated[BigInt, Field(multiple_of=7)], ["-14", "0", "13", "7"]),
    "days that are none": (date, ["2019-02-30", "2019-02-29", "2020-02-29", "1900-02-29", "2000-02-29"]),
    "days at the ends": (date, ["0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01"]),
    "a moment as a day": (date, ["2019-01-01T00:00", "2019-01-01 10:30", "1561939200", "20190101"]),
    "times of day": (
        Timestamp,
        ["2019-01-01 24:00", "2019-01-01 23:59:60", "2019-01-01 10", "2019-01-01 10:30"],
    ),
    "microseconds": (Timestamp, ["2019-01-01 10:30:00.12", "2019-01-01 10:30:00.1234567"]),
    "a zone where none may be": (Timestamp, ["2019-01-01 10:30Z", "2019-01-01 10:30+01:00"]),
    "no zone where one must be": (TimestampTz, ["2019-01-01 10:30", "2019-01-01", "1561939200"]),
    "zones": (TimestampTz, ["2019-01-01 10:30Z", "2019-01-01T10:30:00.5-0530", "2019-01-01 10:30+24:00"]),
    "moments before and after all years": (
        TimestampTz,
        ["0001-01-01T00:00+01:00", "9999-12-31T23:59:59.999999-01:00"],
    ),
    "a white space that is only Unicode's": (
        matching(r"^\S+$"),
        ["a\u00a0b", "a\x0bb", "a b", "ab", "a\u2003"],
    ),
    "a letter that is only Unicode's": (matching(r"^\w+$"), ["\u00e9", "\u212a", "\uff11", "a1_"]),
    "a line break before the end": (matching(r"^a$"), ["a\n", "a", "ba"]),
    "a pattern that is searched": (matching(r"b"), ["abc", "ac"]),
    "a class with a set operation": (matching(r"^[a-z&&[^b]]+$"), ["abc", "ac", "&"]),
    "lengths in code points": (_SHORT, ["\u00e9", "\u00e9\u00e9\u00e9", "\U0001f3f3", "e\u0301", "abcd"]),
    "booleans in any case": (bool, ["tRuE", "oFF", "Y", "1.0", " true", "01", "\u0130", ""]),
    "a member in another case": (Colour, ["red", "Red", " red", ""]),
    "a literal and the empty text": (Literal["a", ""], ["a", "", "A"]),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_a_text_is_read_as_the_model_reads_it(trap: str) -> None:
    annotation, texts = TRAPS[trap]
    contract = create_model("Trap", __base__=Contract, field=(annotation, ...))
    require_as_row_by_row({"field": texts}, contract)
    for text in texts:
        require_as_row_by_row({"field": [text]}, contract)


@pytest.mark.parametrize(
    ("annotation", "texts"),
    [
        (BigInt, ["8999999999999999999", "-007", "0"]),
        (_PRICE, ["000001.10", "1.10000", "-0"]),
        (float, ["1e5", "-.5", "5."]),
        (date, ["2020-02-29", "0001-01-01", "9999-12-31"]),
        (Timestamp, ["2019-01-01", "2019-01-01T10:30:00.12"]),
        (TimestampTz, ["2019-01-01T10:30Z", "0001-01-01T00:00+01:00"]),
        (bool, ["tRuE", "oFF"]),
        (Colour, ["red"]),
        (Literal["a", ""], [""]),
        (_SHORT, ["\u00e9\u00e9\u00e9"]),
        (matching(r"^[^@\s]+@[\w.-]+$"), ["a b@c".replace(" ", ""), "x@y.z-1"]),
    ],
)
def test_an_ordinary_text_is_accepted_without_the_model(annotation: Any, texts: list[str]) -> None:
    contract = create_model("Plain", __base__=Contract, field=(annotation, ...))
    columns = compile_contract(contract).columns
    assert columns is not None
    known = columns["field"].read(pa.array(texts))
    assert known.accepted is None
    assert known.values.null_count == 0
    require_as_row_by_row({"field": texts}, contract)
