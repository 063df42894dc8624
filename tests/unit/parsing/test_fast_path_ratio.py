"""The share of records that take the fast path: a wrong line slows down only the records around it."""

from __future__ import annotations

import pytest

from shared.parsing import fast_path
from shared.parsing.layout import Layout
from shared.parsing.lines import Lines
from tests.unit.parsing.parse_results import count_exact_records

FIELDS = ("x", "y", "z")
ROW = b'SO43701,"Mountain-100 Silver, 44",3399.99\n'
MULTILINE = b'SO43701,"Mountain-100\nSilver, ""44""",3399.99\r\n\n\r\n'
STRAY = b'SO43701,"Mountain-100" Silver,3399.99\n'
ROWS = 100_000


@pytest.mark.parametrize("row", [ROW, MULTILINE, ROW.replace(b"a", "é".encode()), b"too,few\n"])
@pytest.mark.parametrize("block", [1_000, 8 << 20])
def test_the_exact_parser_reads_nothing_of_a_file_of_simple_records(row: bytes, block: int) -> None:
    content = row * ROWS
    blocks = (content[at : at + block] for at in range(0, len(content), block))
    assert count_exact_records(blocks, FIELDS) == (0, ROWS)


def test_the_exact_parser_reads_a_last_line_without_line_end() -> None:
    assert count_exact_records([ROW * ROWS + b"1,2,3"], FIELDS) == (1, ROWS + 1)


def test_a_wrong_line_does_not_send_the_rest_to_the_exact_parser() -> None:
    content = ROW * ROWS + STRAY + ROW * ROWS + b'1,"2,3\n' + ROW * ROWS + b"\xff\n" + ROW * ROWS
    exact, total = count_exact_records([content], FIELDS)
    assert total == 4 * ROWS + 3
    assert exact < 300


def test_most_records_take_the_fast_path_with_a_wrong_line_now_and_then() -> None:
    exact, total = count_exact_records([(ROW * 2_000 + STRAY) * 100], FIELDS)
    assert total == 100 * 2_001
    assert exact < total / 10


@pytest.mark.parametrize("bad", [STRAY, b'1,"2,3\n', b"\0\n", b"1\r2\n", b'"' + b"x" * 2_000 + b"\n"])
@pytest.mark.parametrize("block", [1_000, 8 << 20])
def test_scanned_bytes_are_in_proportion_where_every_second_line_is_wrong(
    bad: bytes, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (bad + ROW) * 20_000
    scanned = 0
    find = fast_path.find_simple_records

    def counted(window: bytes, number: int, layout: Layout) -> fast_path.SimpleRecords:
        nonlocal scanned
        scanned += len(window)
        return find(window, number, layout)

    monkeypatch.setattr(fast_path, "find_simple_records", counted)
    count_exact_records((content[at : at + block] for at in range(0, len(content), block)), FIELDS)

    assert scanned < 4 * len(content)  # lines are short here; the exact parser takes far longer for them


def test_small_blocks_are_joined_into_windows() -> None:
    lines = Lines(b"%d\n" % number for number in range(100_000))
    taken = 0
    while window := lines.ahead(1 << 16):
        assert len(window) >= 1 << 15 or taken > 400_000
        taken += len(window)
        lines.skip(len(window), 1)
    assert taken == sum(len(b"%d\n" % number) for number in range(100_000))
