"""The fast path for standard CSV: it gives the same format as detection, or none."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from time import process_time

import pytest

from shared.contracts import column_names
from shared.contracts.sales import Sales
from shared.detection import detect
from shared.detection.detect import HEAD_SIZE, detect_format
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.formats.overrides import Overrides
from shared.parsing import column_mapping
from tests.fixtures.samples import HEADER, csv, orders, row

KNOWN = column_names.fields_by_name(Sales)
NO_OVERRIDES = Overrides()


def is_header(names: Sequence[str]) -> bool:
    try:
        column_mapping.match_contract(names, Sales, 1)
    except FileRefused:
        return False
    return True


def detect_fast(head: bytes, *, is_whole: bool = True, overrides: Overrides = NO_OVERRIDES) -> Format | None:
    return detect.detect_standard_csv(head, is_whole=is_whole, overrides=overrides, is_header=is_header)


def detect_fully(head: bytes, *, is_whole: bool = True, overrides: Overrides = NO_OVERRIDES) -> Format:
    return detect_format(head, is_whole=is_whole, overrides=overrides, known_columns=KNOWN)


STANDARD = [
    csv(),
    HEADER.encode(),
    csv(row(1)),
    csv(row(1), "", row(2), "").replace(b"\n", b"\r\n"),
    csv(row(1).replace("Christy Zhu", "Chloë Müller"), row(2).replace("Zhu", "O'Neill")),
    b"\xef\xbb\xbf" + csv(row(1)),
    csv(row(1).replace("Christy Zhu", "")),
    csv(row(1).replace(", 44", ',\n""44""')),
    f"{HEADER},Colour\n{row(1)},\n{row(2)},red\n".encode(),
    csv(row(1).replace("Christy Zhu", '5" pipe')),
    csv(*(row(number) for number in range(5))).rstrip(b"\n"),
]
NOT_STANDARD = [
    b"",
    csv(row(1), "too,few"),
    csv(row(1) + ",", row(2) + ","),
    csv(row(1)).replace(b",", b";"),
    csv(row(1)).replace(b"\n", b"\r"),
    csv(row(1), row(2)).replace(b"\n", b"\r\n", 1),
    csv(row(1)).replace(b'"', b"'"),
    csv(row(1)).replace(b',"', b', "'),
    csv(row(1)).replace(b'",', b'"  ,'),
    csv(row(1).replace("Zhu", "Z\0hu")),
    csv(row(1).replace("Zhu", "Müller")).decode().encode("cp1252"),
    csv(row(1)).decode().encode("utf-16"),
    b"sep=,\n" + csv(row(1)),
    b"Sales of July\n" + csv(row(1)),
    b"\n" + csv(row(1)),
    csv(row(1).replace("Silver", '\\"Silver\\"')),
    csv(row(1).replace("44", '44"x')),
    csv(row(1)).replace(b"SalesOrderNumber", b"Order"),
]


@pytest.mark.parametrize("head", STANDARD)
def test_standard_files_get_the_detected_format(head: bytes) -> None:
    standard = detect_fast(head)
    assert standard is not None
    assert standard == detect_fully(head)


@pytest.mark.parametrize("head", NOT_STANDARD)
def test_other_files_are_left_to_detection(head: bytes) -> None:
    assert detect_fast(head) is None


@pytest.mark.parametrize("seed", range(60))
def test_random_files_get_the_detected_format_or_none(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    values = ["", "Zhu", "O'Neill", '5" pipe', '"a"', '"a""b"', '"two\nlines"', " x", "'y'", "é", "1;2", "\t"]
    values = random.sample(values, 2)
    rows = [
        row(number).replace("Christy Zhu", random.choice(values)) for number in range(random.randint(0, 900))
    ]
    for _ in range(random.choice([0, 0, 0, 1, 3])):
        rows.insert(random.randint(0, len(rows)), random.choice(["", "x", row(1) + ",", HEADER, " ", ",,,"]))
    content = csv(*rows).replace(b"\n", random.choice([b"\n", b"\r\n"]))
    content = random.choice([b"", b"", b"\xef\xbb\xbf", b"\n", b"sep=,\n"]) + content
    head, is_whole = content[:HEAD_SIZE], len(content) <= HEAD_SIZE

    assert detect_fast(head, is_whole=is_whole) in (None, detect_fully(head, is_whole=is_whole))


@pytest.mark.parametrize(
    ("overrides", "is_standard"),
    [
        (Overrides(delimiter=",", header_line=1, encoding="utf-8"), True),
        (Overrides(decimal=",", thousands=".", currency="€", ragged="pad"), True),
        (Overrides(delimiter=";"), False),
        (Overrides(header_line=0), False),
        (Overrides(encoding="cp1252"), False),
        (Overrides(has_trailing_delimiter=True), False),
    ],
)
def test_options_that_are_not_standard_are_left_to_detection(
    overrides: Overrides, *, is_standard: bool
) -> None:
    standard = detect_fast(orders(1, 20), overrides=overrides)
    assert (standard is not None) == is_standard
    assert standard in (None, detect_fully(orders(1, 20), overrides=overrides))


def test_the_fast_path_takes_a_fraction_of_the_time_of_detection() -> None:
    head = orders(1, 1000)[:HEAD_SIZE]
    times = []
    for _ in range(10):
        start = process_time()
        assert detect_fast(head, is_whole=False)
        times.append(process_time() - start)
    assert min(times) < 0.005  # 1.5 ms, with room for a busy machine
