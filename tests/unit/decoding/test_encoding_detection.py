"""Encodings nobody named: decided by marks, NULs, or the first byte that is no ASCII; doubted afterwards."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.decoding.text_decoder import SAMPLE, TextDecoder
from tests.unit.decoding.block_sizes import cut, places
from tests.unit.decoding.decoded_text import is_utf8, late, read

WIDE = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
GERMAN = "4711;Müller & Söhne;Straße 12;„Büro“\r\n"
CHINESE = "编号,名称,城市\n4711,北京公司,上海\n"


@pytest.mark.parametrize("encoding", ["utf-8", *WIDE, "gb18030"])
@pytest.mark.parametrize("given_", [None, "utf-8", "cp1252", "utf-16"])
def test_a_byte_order_mark_is_believed_and_left_out(encoding: str, given_: str | None) -> None:
    text = TextDecoder(cut(("\ufeff" + GERMAN).encode(encoding), [1, 2, 3]), given_)
    assert b"".join(text).decode() == GERMAN
    assert (text.decided, text.decided_at, text.marked) == (encoding, 0, True)


@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("text", ["a,b\n1,2\n", GERMAN, "№,имя\n1,Иван\n" * 9, CHINESE * 99, "x\n"])
def test_wide_encodings_are_known_by_their_nuls(encoding: str, text: str) -> None:
    out, decided = late(text.encode(encoding), [1, 3])
    assert out.decode() == text
    assert (decided.decided, decided.marked) == (encoding, False)


@pytest.mark.parametrize("data", [b"a,b\n\0,2\n", b"a,b\n" * 50 + b"\0\0\0\0", b"\0", b"a,\0\0b\n" * 50])
def test_a_few_nuls_do_not_make_a_wide_encoding(data: bytes) -> None:
    out, decided = late(data)
    assert (out, decided.decided) == (data, "ascii")


@pytest.mark.parametrize(
    ("given_", "encoding"), [("utf-16", "utf-16-le"), ("UTF16", "utf-16-be"), ("U32", "utf-32-be")]
)
def test_utf_16_without_its_order_is_known_by_its_nuls(given_: str, encoding: str) -> None:
    assert read(GERMAN.encode(encoding), given_).decode() == GERMAN


def test_utf_16_without_any_sign_of_its_order_is_little_endian() -> None:
    assert read("编号".encode("utf-16-le"), "utf-16").decode() == "编号"


@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff")), at=places(60))
def test_utf_8_needs_no_word_about_it(text: str, at: list[int]) -> None:
    data = text.encode()
    out, decided = late(data, at)
    assert out == data
    assert decided.decided == ("ascii" if data.isascii() else "utf-8")


@given(text=st.text("aä\n;éßñ", max_size=60), ascii_lines=st.integers(0, 1200), at=places(9000))
def test_a_western_file_is_decided_at_its_first_byte_that_is_no_ascii(
    text: str, ascii_lines: int, at: list[int]
) -> None:
    head = b"4711;abc\n" * ascii_lines
    data = head + text.encode("cp1252")
    assume(not data.isascii())
    out, decided = late(data, at)
    assert out.decode() == data.decode("cp1252")
    assert (decided.decided, decided.decided_at) == (
        "cp1252",
        len(data[: -len(data.lstrip(bytes(range(128))))]),
    )


def test_the_judge_sees_the_line_and_what_follows_once() -> None:
    samples: list[bytes] = []

    def judge(sample: bytes) -> str:
        samples.append(sample)
        return "latin-1"

    data = b"a;b\n" * 5000 + b"Jos\xe9;" + b"\xfc;x\n" * 40000
    assert b"".join(TextDecoder(cut(data, [7, 30000, 50000]), judge=judge)) == data.decode("latin-1").encode()
    assert samples == [data[20000 : 20003 + SAMPLE]]


def test_a_few_broken_bytes_do_not_make_utf_8_something_else() -> None:
    data = "Müller\n".encode() * 20 + "Schr\xf6der\n".encode("latin-1") + "Größe\n".encode()
    out, decided = late(data)
    assert (out, decided.decided) == (data, "utf-8")


@pytest.mark.parametrize(("data", "expected"), [(b"Caf\xe9", "cp1252"), ("Café,Ü".encode()[:-1], "utf-8")])
def test_a_last_character_that_is_cut_off_is_no_evidence(data: bytes, expected: str) -> None:
    assert late(data)[1].decided == expected


@given(at=places(4000))
def test_utf_8_in_a_file_that_began_as_another_is_not_decoded_as_that(at: list[int]) -> None:
    data = GERMAN.encode("cp1252") * 50 + "José;1\r\nabc;2\r\n".encode() * 50 + GERMAN.encode("cp1252")
    expected = GERMAN.encode() * 50 + b"Jos\xff\xc3\xa9;1\r\nabc;2\r\n" * 50 + GERMAN.encode()
    assert late(data, at)[0] == expected
    assert read(data, "cp1252", at, guessed=True) == expected
    assert is_utf8(read(data, "cp1252", at))


@pytest.mark.parametrize("encoding", [*WIDE, "iso2022_jp"])
@given(at=places(4000))
def test_where_ascii_is_written_otherwise_nothing_is_taken_for_utf_8(encoding: str, at: list[int]) -> None:
    text = "\u80c3\u80c3\u80c4\n\u9fc3\n" * 20 + "名前;京都市東山区祇園町北側\n" * 20
    data = text.encode(encoding, "ignore")
    assert read(data, encoding, at, guessed=True).decode() == data.decode(encoding)


def test_chance_does_not_make_chinese_utf_8_but_a_long_line_of_it_does() -> None:
    """模 is C4 A3 in GBK, which UTF-8 reads as a character too."""
    data = "模,1\n模板,2\n".encode("gbk") + "北京市朝阳区建国门外大街一号\n".encode()
    out = read(data, "gbk", guessed=True)
    assert out.splitlines()[:2] == ["模,1".encode(), "模板,2".encode()]
    assert out.splitlines()[2] == b"\xff" + "北京市朝阳区建国门外大街一号".encode()


@given(data=st.binary(), at=places(60))
def test_any_bytes_at_all_come_out_as_something(data: bytes, at: list[int]) -> None:
    out, decided = late(data, at)
    codecs.lookup(decided.decided)
    assert out or not data or decided.marked


def test_an_empty_file_is_empty() -> None:
    assert late(b"")[0] == b""
