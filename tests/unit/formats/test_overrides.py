"""Overrides: what may be told about a format, in which words, and what is answered to nonsense."""

from __future__ import annotations

import json

import pytest

from shared.errors import WrongOverride
from shared.formats.format import Format
from shared.formats.overrides import Overrides, option_names


def test_texts_are_read_and_words_stand_for_what_is_hard_to_write() -> None:
    assert Overrides.parse(
        {
            "delimiter": "tab",
            "quote": "none",
            "escape": "backslash",
            "line_end": "CRLF",
            "header_line": "none",
        }
    ) == Overrides(delimiter="\t", quote="", escape="\\", line_end="\r\n", header_line=0)
    assert Overrides.parse({"delimiter": "\t"}) == Overrides.parse({"delimiter": "\\t"})
    assert Overrides.parse({"delimiter": " "}) == Overrides.parse({"delimiter": "space"})
    assert Overrides.parse({"header_lines": "2", "has_trailing_delimiter": "yes"}) == Overrides(
        header_lines=2, has_trailing_delimiter=True
    )


@pytest.mark.parametrize("currency", ["€", "$", "EUR", "US$", "zł", "R$", "kr"])
def test_a_currency_is_a_sign_or_a_code(currency: str) -> None:
    assert Overrides.parse({"currency": f" {currency} ", "ragged": "PAD"}) == Overrides(
        currency=currency, ragged="pad"
    )
    assert Overrides.parse({"currency": "none"}) == Overrides(currency="")


def test_of_metadata_only_names_with_the_prefix_count() -> None:
    metadata = {"CSV_Delimiter": ";", "author": "Ada"}
    assert Overrides.parse(metadata, prefix="csv_") == Overrides(delimiter=";")


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"delimeter": ";"}, "delimeter is unknown; known: compression, encoding, delimiter"),
        ({"delimiter": "#"}, "delimiter cannot be '#': it is one of ',', ';'"),
        ({"encoding": "klingon"}, "encoding cannot be 'klingon': it is the name of a text encoding."),
        ({"encoding": "base64"}, "encoding cannot be 'base64'"),
        ({"encoding": "utf-7"}, "encoding cannot be 'utf-7'"),
        ({"header_line": "two"}, "header_line cannot be 'two': it is a whole number, or none."),
        ({"header_line": "-1"}, "header_line cannot be '-1'"),
        ({"header_lines": "0"}, "header_lines is a number of lines, 1 to 20."),
        ({"header_lines": "999999"}, "header_lines is a number of lines, 1 to 20."),
        ({"sep_line": "maybe"}, "sep_line cannot be 'maybe': it is true or false."),
        ({"decimal": ",", "thousands": ","}, "decimal and thousands cannot be the same."),
        ({"ragged": "cut"}, "ragged cannot be 'cut': it is one of 'reject', 'pad'."),
        ({"currency": "1"}, "currency cannot be '1': it is a sign or code, such as $ or EUR."),
        ({"currency": "EUROS"}, "currency cannot be 'EUROS'"),
        ({"currency": ","}, "currency cannot be ','"),
    ],
)
def test_nonsense_is_answered_with_what_is_allowed(texts: dict[str, str], sentence: str) -> None:
    with pytest.raises(WrongOverride) as wrong:
        Overrides.parse(texts)
    assert sentence in wrong.value.faults[0]


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(WrongOverride) as wrong:
        Overrides.parse({"csv_delimiter": "#", "csv_quote": "`", "csv_x": "1"}, prefix="csv_")
    assert len(wrong.value.faults) == 3


def test_a_contract_is_held_to_the_same() -> None:
    with pytest.raises(WrongOverride, match="quote cannot be '`'"):
        Overrides(quote="`")


def test_encodings_go_by_one_name() -> None:
    told = [
        Overrides(encoding=name).encoding
        for name in ("latin1", "ISO-8859-1", "windows-1252", "UTF8", "utf_16")
    ]
    assert told == ["latin-1", "latin-1", "cp1252", "utf-8", "utf-16"]


def test_the_nearer_ones_count_before_the_others() -> None:
    query, contract = Overrides(delimiter=";"), Overrides(delimiter="|", quote="'")
    assert query.merged_with(Overrides()).merged_with(contract) == Overrides(delimiter=";", quote="'")


def test_whatever_can_be_told_is_part_of_the_format_and_goes_into_the_ledger() -> None:
    assert set(option_names()) <= set(Format().as_json())
    assert json.loads(json.dumps(Format(doubts=("x",)).as_json()))["doubts"] == ["x"]


def test_only_what_any_csv_reader_reads_is_standard() -> None:
    assert Format(encoding="utf-8-sig", has_bom=True, line_end="\r\n", compression="gzip").is_standard
    assert not Format(delimiter=";").is_standard
    assert not Format(line_end="\r").is_standard
    assert not Format(header_line=None).is_standard
