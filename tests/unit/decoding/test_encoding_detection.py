"""Encodings that are not given: chosen by byte order mark, NULs, or the first bytes beyond ASCII."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.decoding.text_decoder import SAMPLE_SIZE, TextDecoder
from tests.unit.decoding.block_sizes import cut, places
from tests.unit.decoding.decoded_text import decode, is_utf8, read

WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
GERMAN = "4711;Müller & Söhne;Straße 12;„Büro“\r\n"
CHINESE = "编号,名称,城市\n4711,北京公司,上海\n"


@pytest.mark.parametrize("encoding", ["utf-8", *WIDE, "gb18030"])
@pytest.mark.parametrize("given_", [None, "utf-8", "cp1252", "utf-16"])
def test_a_byte_order_mark_wins_and_is_left_out(encoding: str, given_: str | None) -> None:
    decoder = TextDecoder(cut(("\ufeff" + GERMAN).encode(encoding), [1, 2, 3]), given_)
    assert b"".join(decoder).decode() == GERMAN
    assert (decoder.encoding, decoder.has_bom) == (encoding, True)


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("text", ["a,b\n1,2\n", GERMAN, "№,имя\n1,Иван\n" * 9, CHINESE * 99, "x\n"])
def test_wide_encodings_are_recognized_by_their_nuls(encoding: str, text: str) -> None:
    out, decoder = decode(text.encode(encoding), [1, 3])
    assert out.decode() == text
    assert (decoder.encoding, decoder.has_bom) == (encoding, False)


@pytest.mark.parametrize("data", [b"a,b\n\0,2\n", b"a,b\n" * 50 + b"\0\0\0\0", b"\0", b"a,\0\0b\n" * 50])
def test_a_few_nuls_do_not_make_a_wide_encoding(data: bytes) -> None:
    out, decoder = decode(data)
    assert (out, decoder.encoding) == (data, "ascii")


@pytest.mark.parametrize(
    ("given_", "encoding"), [("utf-16", "utf-16-le"), ("UTF16", "utf-16-be"), ("U32", "utf-32-be")]
)
def test_the_byte_order_of_utf_16_is_recognized_by_nuls(given_: str, encoding: str) -> None:
    assert read(GERMAN.encode(encoding), given_).decode() == GERMAN


def test_utf_16_without_nuls_is_little_endian() -> None:
    assert read("编号".encode("utf-16-le"), "utf-16").decode() == "编号"


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff")), at=places(60))
def test_utf_8_is_recognized(text: str, at: list[int]) -> None:
    data = text.encode()
    out, decoder = decode(data, at)
    assert out == data
    assert decoder.encoding == ("ascii" if data.isascii() else "utf-8")


@given(text=st.text("aä\n;éßñ", max_size=60), ascii_lines=st.integers(0, 1200), at=places(9000))
def test_a_western_file_is_recognized_at_its_first_byte_beyond_ascii(
    text: str, ascii_lines: int, at: list[int]
) -> None:
    head = b"4711;abc\n" * ascii_lines
    data = head + text.encode("cp1252")
    assume(not data.isascii())
    out, decoder = decode(data, at)
    assert out.decode() == data.decode("cp1252")
    assert decoder.encoding == "cp1252"


def test_the_guess_gets_the_line_and_the_text_after_it_once() -> None:
    samples: list[bytes] = []

    def guess(sample: bytes) -> str:
        samples.append(sample)
        return "latin-1"

    data = b"a;b\n" * 5000 + b"Jos\xe9;" + b"\xfc;x\n" * 40000
    assert b"".join(TextDecoder(cut(data, [7, 30000, 50000]), guess=guess)) == data.decode("latin-1").encode()
    assert samples == [data[20000 : 20003 + SAMPLE_SIZE]]


def test_a_few_corrupt_bytes_do_not_make_utf_8_another_encoding() -> None:
    data = "Müller\n".encode() * 20 + "Schr\xf6der\n".encode("latin-1") + "Größe\n".encode()
    out, decoder = decode(data)
    assert (out, decoder.encoding) == (data, "utf-8")


@pytest.mark.parametrize(("data", "expected"), [(b"Caf\xe9", "cp1252"), ("Café,Ü".encode()[:-1], "utf-8")])
def test_a_truncated_last_character_is_no_evidence(data: bytes, expected: str) -> None:
    assert decode(data)[1].encoding == expected


@given(at=places(4000))
def test_lines_of_utf_8_in_a_file_of_another_encoding_are_made_invalid(at: list[int]) -> None:
    data = GERMAN.encode("cp1252") * 50 + "José;1\r\nabc;2\r\n".encode() * 50 + GERMAN.encode("cp1252")
    expected = GERMAN.encode() * 50 + b"Jos\xff\xc3\xa9;1\r\nabc;2\r\n" * 50 + GERMAN.encode()
    assert decode(data, at)[0] == expected
    assert read(data, "cp1252", at, is_guess=True) == expected
    assert is_utf8(read(data, "cp1252", at))


@pytest.mark.parametrize("encoding", [*WIDE, "iso2022_jp"])
@given(at=places(4000))
def test_in_encodings_without_ascii_no_line_is_taken_for_utf_8(encoding: str, at: list[int]) -> None:
    text = "\u80c3\u80c3\u80c4\n\u9fc3\n" * 20 + "名前;京都市東山区祇園町北側\n" * 20
    data = text.encode(encoding, "ignore")
    assert read(data, encoding, at, is_guess=True).decode() == data.decode(encoding)


def test_short_chinese_lines_are_not_taken_for_utf_8_but_long_ones_are() -> None:
    """模 is C4 A3 in GBK, which UTF-8 reads as a character too."""
    data = "模,1\n模板,2\n".encode("gbk") + "北京市朝阳区建国门外大街一号\n".encode()
    out = read(data, "gbk", is_guess=True)
    assert out.splitlines()[:2] == ["模,1".encode(), "模板,2".encode()]
    assert out.splitlines()[2] == b"\xff" + "北京市朝阳区建国门外大街一号".encode()


@given(data=st.binary(), at=places(60))
def test_any_bytes_can_be_decoded(data: bytes, at: list[int]) -> None:
    out, decoder = decode(data, at)
    codecs.lookup(decoder.encoding)
    assert out or not data or decoder.has_bom


def test_an_empty_file_is_empty() -> None:
    assert decode(b"")[0] == b""
