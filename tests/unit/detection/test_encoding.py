"""Encodings from before Unicode: names in many languages, in few lines of a table."""

# ruff: noqa: RUF001

from __future__ import annotations

import pytest

from shared.detection import encoding

WORDS = {
    ("cp1252", "German"): "Müller Größe Straße Köln Übersicht Änderung Schröder Weiß",
    ("cp1252", "French"): "accessibilité Éric château garçon Noël où déjà Hélène œuvre",
    ("cp1252", "Spanish"): "Descripción año niño España José Málaga Peña días",
    ("cp1252", "Portuguese"): "São João ação coração irmão avó pão língua Conceição",
    ("cp1252", "Danish"): "København Ærø smørrebrød Århus Søren børn år grøn",
    ("cp1252", "typographic"): "it’s “quoted” – dash… €5 don’t Company™ O’Brien",
    ("cp1250", "Polish"): "Łódź Kraków Wrocław żółć gęś Śląsk Poznań Gdańsk",
    ("cp1250", "Czech"): "Plzeň České Budějovice příliš žluťoučký kůň Dvořák Růžička",
    ("iso8859-2", "Polish"): "Łódź Kraków Wrocław żółć gęś Śląsk Poznań Gdańsk",
    ("cp1254", "Turkish"): "İstanbul Şişli Iğdır çocuk öğrenci Muğla güneş ağaç Ayşe Yıldız",
    ("cp1257", "Lithuanian"): "Šiauliai Klaipėda Panevėžys ąžuolas žmogus gatvė įmonė ūkis",
    ("cp1251", "Russian"): "Москва Санкт-Петербург Иванов Пётр улица дом количество",
    ("koi8-r", "Russian"): "Москва Санкт-Петербург Иванов Пётр улица дом количество",
    ("cp866", "Russian"): "Москва Санкт-Петербург Иванов Пётр улица дом количество",
    ("iso8859-7", "Greek"): "Αθήνα Θεσσαλονίκη Πάτρα Λεωνίδας Αλέξανδρος Μύρων όνομα",
    ("cp1255", "Hebrew"): "ירושלים תל אביב חיפה שם רחוב עיר מחיר כמות",
    ("cp1256", "Arabic"): "القاهرة الرياض محمد أحمد اسم مدينة شارع سعر",
    ("cp932", "Japanese"): "東京 大阪 京都 名前 住所 電話番号 株式会社 カタカナ ひらがな",
    ("gb18030", "Chinese"): "北京 上海 广州 深圳 姓名 地址 电话 有限公司 中国 数据",
    ("big5", "Chinese"): "臺北 高雄 臺中 姓名 地址 電話 有限公司 資料 產品",
    ("cp949", "Korean"): "서울 부산 대구 인천 이름 주소 전화번호 주식회사",
    ("mac-roman", "German"): "Müller Größe Straße Köln Übersicht Änderung Schröder Weiß",
}


@pytest.mark.parametrize(("name", "language"), WORDS)
def test_words_of_a_language_show_its_encoding(name: str, language: str) -> None:
    text = "id,name,city\n" + "".join(
        f"{n},{word},London\n" for n, word in enumerate(WORDS[name, language].split())
    )
    head = text.encode(name)
    assert head.decode(encoding.detect_encoding(head, is_whole=True).name) == text


def test_text_that_two_encodings_fit_equally_well_gives_a_warning() -> None:
    detected = encoding.detect_encoding("id,name\n1,Peña\n".encode("cp1252"), is_whole=True)
    assert detected.name == "cp1252"
    assert detected.doubts == ("The encoding could be cp1250, not cp1252.",)


def test_a_few_invalid_bytes_do_not_make_utf8_another_encoding() -> None:
    detected = encoding.detect_encoding("é,ü,ñ,ø\n".encode() * 3 + b"\xff\n", is_whole=True)
    assert detected.name == "utf-8"
    assert detected.doubts == ("1 of the first 38 bytes are not valid UTF-8.",)


def test_a_truncated_last_character_is_invalid_only_at_the_end_of_the_file() -> None:
    head = "a,é".encode()[:-1]
    assert encoding.detect_encoding(head, is_whole=False) == encoding.Encoding("utf-8")
    assert encoding.detect_encoding(head, is_whole=True).name != "utf-8"


def test_utf16_and_utf32_without_a_byte_order_mark_are_recognized() -> None:
    for text in ("id,name\n1,Ada\n", "名,前\n東,京\n大,阪\n", "год;имя\n2001;Пётр\n"):
        for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
            assert encoding.detect_encoding(text.encode(name), is_whole=True).name == name


@pytest.mark.parametrize(
    "text", ["1,山田\n2,x\n", '1,"表"\n2,"ソ"\n3,"ポ"\n', "1,東京タワー 2\n", "1,ｶﾅ\n2,東京\n"]
)
def test_a_few_japanese_words_are_not_taken_for_latin_letters(text: str) -> None:
    detected = encoding.detect_encoding(f"id,name\n{text}".encode("cp932"), is_whole=True)
    assert (detected.name, len(detected.doubts)) == ("cp932", 1)


@pytest.mark.parametrize("name", ["cp1252", "cp850", "mac-roman"])
def test_accents_among_latin_letters_are_not_taken_for_japanese(name: str) -> None:
    text = "id,name\n1,Göteborg\n2,crème café Çà\n"
    assert text.encode(name).decode(encoding.detect_encoding(text.encode(name), is_whole=True).name) == text


@pytest.mark.parametrize("name", ["iso2022_jp", "iso2022_kr"])
def test_escape_sequences_show_their_encoding(name: str) -> None:
    text = {"iso2022_jp": "id,name\n1,山田太郎\n2,東京\n", "iso2022_kr": "id,name\n1,서울\n"}[name]
    assert encoding.detect_encoding(text.encode(name), is_whole=True) == encoding.Encoding(name)
    assert encoding.detect_encoding(b"id,name\n1,\x1b$Z\xff\n", is_whole=True).name != name


@pytest.mark.parametrize(
    "text", ["5 €\nœuvre\nŸ\n", "été à 5 €\ngarçon\n", "œuf, cœur\nsœur été\n", "Škoda Žižka\npäivä\n"]
)
def test_letters_at_other_positions_than_in_cp1252_are_latin_9(text: str) -> None:
    assert encoding.detect_encoding(text.encode("iso8859-15"), is_whole=True).name == "iso8859-15"


def test_a_guessed_encoding_gives_a_warning() -> None:
    detected = encoding.detect_encoding("id,name\n1,Müller\n2,Größe\n".encode("cp1252"), is_whole=True)
    warning = "The encoding is a guess: cp1252. If letters are wrong, set the option encoding."
    assert detected.doubts == (warning,)


def test_lines_of_ascii_above_utf16_are_not_read_as_pairs() -> None:
    for name in ("utf-16-le", "utf-16-be"):
        head = b"id,name\n" + b"1,Ada\n" * 20 + ("1,Ada\n" * 200).encode(name)
        assert encoding.detect_encoding(head, is_whole=True).name == "utf-8"


def test_a_byte_order_mark_of_another_encoding_than_the_option_gives_a_warning() -> None:
    detected = encoding.detect_encoding("\ufeffid\n1\n".encode("utf-16-le"), is_whole=True)
    (warning,) = encoding.choose_encoding("utf-8", detected).doubts
    assert warning == ("The file begins with the byte order mark of utf-16-le, but the option says utf-8.")
    assert encoding.choose_encoding("utf-16", detected).doubts == ()


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
def test_a_short_utf16_file_with_a_single_ascii_character_is_recognized(name: str) -> None:
    assert encoding.detect_encoding("漢字\n漢字".encode(name), is_whole=True).name == name
