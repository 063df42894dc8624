"""Overrides: the words and values of options, and the messages for wrong ones."""

from __future__ import annotations

import json

import pytest

from shared.errors import WrongOverride
from shared.formats.format import Format
from shared.formats.overrides import Overrides, option_names


def test_words_stand_for_characters_that_are_hard_to_write() -> None:
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


def test_only_metadata_with_the_prefix_are_options() -> None:
    metadata = {"CSV_Delimiter": ";", "author": "Ada"}
    assert Overrides.parse(metadata, prefix="csv_") == Overrides(delimiter=";")


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"delimeter": ";"}, "delimeter is unknown; known: compression, encoding, delimiter"),
        ({"delimiter": "#"}, "delimiter must be one of ',', ';', '\\t', '|', '^', ' ', '', not '#'."),
        ({"encoding": "klingon"}, "encoding must be the name of a text encoding, not 'klingon'."),
        ({"encoding": "base64"}, "encoding must be the name of a text encoding, not 'base64'."),
        ({"encoding": "utf-7"}, "encoding must be the name of a text encoding, not 'utf-7'."),
        ({"header_line": "two"}, "header_line must be a whole number or none, not 'two'."),
        ({"header_line": "-1"}, "header_line must be a whole number or none, not '-1'."),
        ({"header_lines": "0"}, "header_lines must be a number from 1 to 20."),
        ({"header_lines": "999999"}, "header_lines must be a number from 1 to 20."),
        ({"sep_line": "maybe"}, "sep_line must be true or false, not 'maybe'."),
        ({"decimal": ",", "thousands": ","}, "decimal and thousands must differ."),
        ({"ragged": "cut"}, "ragged must be one of 'reject', 'pad', not 'cut'."),
        ({"currency": "1"}, "currency must be a sign or code, such as $ or EUR, not '1'."),
        ({"currency": "EUROS"}, "currency must be a sign or code, such as $ or EUR, not 'EUROS'."),
        ({"currency": ","}, "currency must be a sign or code, such as $ or EUR, not ','."),
    ],
)
def test_wrong_values_are_refused_with_the_allowed_ones(texts: dict[str, str], sentence: str) -> None:
    with pytest.raises(WrongOverride) as wrong:
        Overrides.parse(texts)
    assert sentence in wrong.value.faults[0]


def test_all_faults_are_reported_at_once() -> None:
    with pytest.raises(WrongOverride) as wrong:
        Overrides.parse({"csv_delimiter": "#", "csv_quote": "`", "csv_x": "1"}, prefix="csv_")
    assert len(wrong.value.faults) == 3


def test_the_options_of_a_contract_are_checked_as_well() -> None:
    with pytest.raises(WrongOverride, match=r"quote must be one of .*, not '`'"):
        Overrides(quote="`")


def test_the_names_of_an_encoding_are_normalized() -> None:
    names = [
        Overrides(encoding=name).encoding
        for name in ("latin1", "ISO-8859-1", "windows-1252", "UTF8", "utf_16")
    ]
    assert names == ["latin-1", "latin-1", "cp1252", "utf-8", "utf-16"]


def test_options_of_a_request_win_over_those_of_a_contract() -> None:
    query, contract = Overrides(delimiter=";"), Overrides(delimiter="|", quote="'")
    assert query.merged_with(Overrides()).merged_with(contract) == Overrides(delimiter=";", quote="'")


def test_each_option_is_a_field_of_the_format_that_the_ledger_records() -> None:
    assert set(option_names()) <= set(Format().as_json())
    assert json.loads(json.dumps(Format(doubts=("x",)).as_json()))["doubts"] == ["x"]
