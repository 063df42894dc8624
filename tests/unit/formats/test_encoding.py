"""Encodings from before Unicode: names in many languages, in few lines of a table."""

# ruff: noqa: RUF001

from __future__ import annotations

import pytest

from shared.formats import encoding

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
    assert head.decode(encoding.detect(head, is_whole=True).name) == text


def test_a_language_written_the_same_way_in_two_encodings_leaves_a_doubt() -> None:
    detected = encoding.detect("id,name\n1,Peña\n".encode("cp1252"), is_whole=True)
    assert detected.name == "cp1252"
    assert detected.doubts == ("The encoding could be cp1250 as well as cp1252.",)


def test_a_few_bad_bytes_do_not_make_utf8_another_encoding() -> None:
    detected = encoding.detect("é,ü,ñ,ø\n".encode() * 3 + b"\xff\n", is_whole=True)
    assert detected.name == "utf-8"
    assert detected.doubts == ("1 of the first 38 bytes are not valid UTF-8.",)


def test_a_character_cut_at_the_end_is_not_wrong_unless_the_file_ends_there() -> None:
    head = "a,é".encode()[:-1]
    assert encoding.detect(head, is_whole=False) == encoding.Encoding("utf-8")
    assert encoding.detect(head, is_whole=True).name != "utf-8"


def test_utf16_without_a_mark_is_known_in_any_script() -> None:
    for text in ("id,name\n1,Ada\n", "名,前\n東,京\n大,阪\n", "год;имя\n2001;Пётр\n"):
        for name in ("utf-16-le", "utf-16-be"):
            assert encoding.detect(text.encode(name), is_whole=True).name == name
