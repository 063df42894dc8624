"""Line ends of files whose lines end in CR."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.decoding.transcoding import normalize_line_ends
from tests.unit.decoding.block_sizes import cut, places

TEXT = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b",", b"\xff"]), max_size=40).map(b"".join)


@given(text=TEXT, at=places(60))
def test_cr_and_crlf_become_lf_wherever_blocks_end(text: bytes, at: list[int]) -> None:
    expected = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    assert b"".join(normalize_line_ends(cut(text, at))) == expected


def test_lines_keep_their_numbers() -> None:
    assert b"".join(normalize_line_ends([b"a\r", b"\nb\r", b"\rd\r"])).split(b"\n") == [
        b"a",
        b"b",
        b"",
        b"d",
        b"",
    ]
