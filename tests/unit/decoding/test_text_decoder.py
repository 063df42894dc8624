"""Text of any encoding as UTF-8: the same wherever blocks end; invalid bytes are kept and stay invalid."""

from __future__ import annotations

import codecs
import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.decoding.text_decoder import TextDecoder
from shared.errors import FileRefused
from tests.unit.decoding.block_sizes import places
from tests.unit.decoding.decoded_text import decode, is_utf8, read

WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
MULTIBYTE = ["gbk", "gb18030", "shift_jis", "cp932", "euc_jp", "euc_kr", "big5", "johab"]
SINGLE = ["cp1252", "latin-1", "cp1251", "iso8859-15", "cp437", "mac-roman", "koi8-r", "ascii"]
STATEFUL = ["iso2022_jp", "hz", "cp037"]
MARKS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\0\0\xfe\xff", b"\x84\x31\x95\x33")
every_encoding = pytest.mark.parametrize("encoding", ["utf-8", *WIDE, *MULTIBYTE, *SINGLE, *STATEFUL])


def valid_in(data: bytes, encoding: str) -> str | None:
    """Decode in one piece, incrementally: other decoders accept an escape at the very end."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final=True)
    except UnicodeDecodeError:
        return None


@every_encoding
@given(text=st.text(st.characters(exclude_characters="\ufeff\x1b", codec="utf-8")), at=places(60))
def test_valid_text_is_the_same_wherever_blocks_end(encoding: str, text: str, at: list[int]) -> None:
    data = text.encode(encoding, "ignore")
    assume(not data.startswith(MARKS))
    assert read(data, encoding, at).decode() == data.decode(encoding)


@every_encoding
@given(data=st.binary(), at=places(60))
@example(data=b"\xe3\x81\x82,\xc3\xa4", at=[1, 2])
@example(data=b"\x00\xd8\x00", at=[])
def test_invalid_bytes_never_become_valid_text(encoding: str, data: bytes, at: list[int]) -> None:
    assume(not data.startswith(MARKS))
    text = valid_in(data, encoding)
    out = read(data, encoding, at)
    assert is_utf8(out) is (text is not None)
    if text is not None:
        assert out.decode().removeprefix("\ufeff") == text.removeprefix("\ufeff")


@given(data=st.binary(), at=places(60))
def test_invalid_bytes_of_a_western_file_are_kept(data: bytes, at: list[int]) -> None:
    assume(not data.startswith(MARKS))
    back = read(data, "cp1252", at).decode("utf-8", "surrogateescape")
    assert back.encode("cp1252", "surrogateescape") == data


@given(data=st.binary(), at=places(60))
def test_bytes_beyond_ascii_are_kept_after_an_invalid_byte(data: bytes, at: list[int]) -> None:
    assume(not data.startswith(MARKS))
    invalid = re.compile(rb"\xff+(?=[\xc2-\xf4])")
    assert invalid.sub(b"", read(data, "ascii", at)) == invalid.sub(b"", data)


def test_invalid_bytes_never_become_line_ends_or_quotes() -> None:
    broken = "a\n".encode("utf-16-le") + b"\x0a\xd8" + "b\n".encode("utf-16-le") + b"\x22"
    out = read(broken, "utf-16-le")
    assert out.count(b"\n") == 2
    assert b'"' not in out
    assert [is_utf8(line) for line in out.split(b"\n")] == [True, False, False]


@pytest.mark.parametrize(
    "name", ["no-such", "utf-7", "base64", "rot13", "idna", "undefined", "unicode_escape", "a\0b", "ü"]
)
def test_an_unknown_encoding_is_refused(name: str) -> None:
    with pytest.raises(FileRefused, match="no encoding"):
        TextDecoder([], name)
    with pytest.raises(FileRefused, match="no encoding"):
        decode(b"\xe9", guess=name)
