"""Text of any encoding as UTF-8: the same as in one piece, and nothing invalid lost or made valid."""

from __future__ import annotations

import codecs
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.decoding.text_decoder import TextDecoder
from shared.errors import FileRefused
from tests.unit.decoding.block_sizes import places
from tests.unit.decoding.decoded_text import is_utf8, late, read

WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
MULTIBYTE = ["gbk", "gb18030", "shift_jis", "cp932", "euc_jp", "euc_kr", "big5", "johab"]
SINGLE = ["cp1252", "latin-1", "cp1251", "iso8859-15", "cp437", "mac-roman", "koi8-r", "ascii"]
STATEFUL = ["iso2022_jp", "hz", "utf-7", "cp037"]
MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\0\0\xfe\xff", b"\x84\x31\x95\x33")
every_encoding = pytest.mark.parametrize("encoding", ["utf-8", *WIDE, *MULTIBYTE, *SINGLE, *STATEFUL])


def valid_in(data: bytes, encoding: str) -> str | None:
    """In one piece, but by an incremental decoder: the others let an escape at the very end pass."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final=True)
    except UnicodeDecodeError:
        return None


@every_encoding
@given(text=st.text(st.characters(exclude_characters="\ufeff\x1b", codec="utf-8")), at=places(60))
def test_valid_text_is_the_same_wherever_blocks_are_cut(encoding: str, text: str, at: list[int]) -> None:
    data = text.encode(encoding, "ignore")
    assume(not data.startswith(MARKS))
    assert read(data, encoding, at).decode() == data.decode(encoding)


@every_encoding
@given(data=st.binary(), at=places(60))
@example(data=b"\xe3\x81\x82,\xc3\xa4", at=[1, 2])
@example(data=b"\x00\xd8\x00", at=[])
def test_invalid_bytes_never_come_out_as_valid_text(encoding: str, data: bytes, at: list[int]) -> None:
    assume(not data.startswith(MARKS))
    text = valid_in(data, encoding)
    out = read(data, encoding, at)
    assert is_utf8(out) is (text is not None)
    if text is not None:
        assert out.decode().removeprefix("\ufeff") == text.removeprefix("\ufeff")


@given(data=st.binary(), at=places(60))
def test_invalid_bytes_of_a_western_file_stay_themselves(data: bytes, at: list[int]) -> None:
    assume(not data.startswith(MARKS))
    back = read(data, "cp1252", at).decode("utf-8", "surrogateescape")
    assert back.encode("cp1252", "surrogateescape") == data


@given(data=st.binary(), at=places(60))
def test_bytes_that_are_no_ascii_stay_themselves_but_for_the_sign_before_them(
    data: bytes, at: list[int]
) -> None:
    assume(not data.startswith(MARKS))
    sign = re.compile(rb"\xff+(?=[\xc2-\xf4])")
    assert sign.sub(b"", read(data, "ascii", at)) == sign.sub(b"", data)


def test_line_ends_and_quotes_are_never_made_of_invalid_bytes() -> None:
    broken = "a\n".encode("utf-16-le") + b"\x0a\xd8" + "b\n".encode("utf-16-le") + b"\x22"
    out = read(broken, "utf-16-le")
    assert out.count(b"\n") == 2
    assert b'"' not in out
    assert [is_utf8(line) for line in out.split(b"\n")] == [True, False, False]


@pytest.mark.parametrize(
    "name", ["no-such", "base64", "rot13", "idna", "undefined", "unicode_escape", "a\0b", "ü"]
)
def test_an_encoding_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(FileRefused, match="no encoding"):
        TextDecoder([], name)
    with pytest.raises(FileRefused, match="no encoding"):
        late(b"\xe9", judged=name)
