"""The walk through a file gives what the exact parser gives alone, wherever windows and blocks are cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.parsing import fast_path
from tests.unit.parsing.parse_results import bound, exactly, narrow, walked

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.text('a,"\n\r \u20ac', max_size=6)
USUAL = st.sampled_from(
    [
        "",
        "",
        "1",
        "007",
        " a b ",
        "é",
        "\ufeff",
        "a,b",
        'say "x"',
        '"',
        "two\nlines",
        "two\r\nlines",
        "y" * 40,
    ]
)
QUOTED = (USUAL | TEXT).map(lambda text: '"' + text.replace('"', '""') + '"')
CELL = QUOTED | USUAL.filter(lambda text: not set(text) & set(',"\n')) | TEXT
STRAY = st.sampled_from(
    ['"', '""', ",", "\n", "\r", "a", "\0", "\udcff", "\udce2\udc82", '"\n', ',"', "\ufeff"]
)
LINE_END = st.sampled_from(["\n", "\n", "\r\n"])


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, list[str | None]]:
    """A file without a header, and the fields of its columns."""
    fields = draw(st.lists(st.sampled_from(["x", "x", None]), min_size=1, max_size=3))
    plain_row = st.lists(CELL, min_size=len(fields), max_size=len(fields)).map(",".join)
    ragged_row = st.lists(CELL, min_size=1, max_size=4).map(",".join)
    lines = st.tuples(plain_row | plain_row | ragged_row, LINE_END).map("".join)
    pieces = draw(st.lists(lines | lines | LINE_END | STRAY, max_size=10))
    content = "".join(pieces).encode("utf-8", "surrogateescape")
    return content.removesuffix(b"\n") if draw(st.booleans()) else content, fields


@settings(max_examples=1000, deadline=None)
@given(
    file=files(),
    block=st.integers(1, 9) | st.just(1 << 20),
    windows=st.tuples(st.integers(1, 40), st.integers(1, 200), st.integers(1, 20), st.integers(1, 3)),
    longest=st.just(1 << 20) | st.integers(4, 60),
    most_marks=st.sampled_from([1_000_000, 7]),
    most_records=st.sampled_from([100_000, 2]),
)
def test_a_file_reads_as_by_the_exact_parser_alone(
    file: tuple[bytes, list[str | None]],
    block: int,
    windows: tuple[int, int, int, int],
    longest: int,
    most_marks: int,
    most_records: int,
) -> None:
    content, fields = file
    with pytest.MonkeyPatch.context() as patch:
        narrow(patch, *windows)
        bound(patch, longest)
        patch.setattr(fast_path, "_MOST_MARKS", most_marks)
        patch.setattr(fast_path, "_LOOKED_AT_A_TIME", most_marks)
        patch.setattr(fast_path, "MAX_RECORDS", most_records)

        assert walked(content, fields, block) == exactly(content, fields)
