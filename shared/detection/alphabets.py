"""Alphabets: letters beyond ASCII by language, and the code pages that files in it come in."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WESTERN = {
    "German": "äöüß",
    "French": "àâæçéèêëîïôœùûüÿ",
    "Spanish and Catalan": "áéíóúüñàèïòç·",
    "Portuguese": "áâãàçéêíóôõúü",
    "Italian": "àèéìíîòóùú",
    "Swedish and Finnish": "åäöé",
    "Danish and Norwegian": "æøåéèêóòâôü",
    "Icelandic and Faroese": "áéíóúýþæöðø",
    "Dutch": "ëïéèöüáóêâ",
    "Estonian": "äöõüšž",
}
_CENTRAL = {
    "Polish": "ąćęłńóśźż",
    "Czech": "áčďéěíňóřšťúůýž",
    "Slovak": "áäčďéíĺľňóôŕšťúýž",
    "Hungarian": "áéíóöőúüű",
    "Croatian and Slovene": "čćđšž",
    "Romanian": "ăâîşţ",
}
_BALTIC = {"Lithuanian": "ąčęėįšųūž", "Latvian": "āčēģīķļņšūž", "Estonian": "äöõüšž"}
_TURKISH = {"Turkish": "çğıöşüâîûİ"}
_CYRILLIC = {
    "Russian and Bulgarian": "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
    "Ukrainian": "абвгдежзийклмнопрстуфхцчшщьюяєіїґ",
    "Belarusian": "абвгдежзйклмнопрстуфхцчшыьэюяёіў",
    "Serbian and Macedonian": "абвгдежзијклмнопрстуфхцчшђљњћџѓќѕ",
}
_GREEK = {"Greek": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ"}


def _range(first: str, last: str) -> str:
    return "".join(map(chr, range(ord(first), ord(last) + 1)))


_VOWELS = "аеёиоуыэюяіїєαεηιουωάέήίόύώϊϋΐΰьъ"
_HEBREW = {"Hebrew": _range("א", "ת")}
_ARABIC = {"Arabic": _range("ء", "غ") + _range("ـ", "ْ") + "پچژگ،؛؟"}
_THAI = {"Thai": _range("ก", "ฺ") + _range("เ", "๛")}


@dataclass(frozen=True, slots=True)
class Page:
    """A code page: its languages' letters in lower case, and whether they stand among ASCII ones.

    `consonants` finds runs of them that are too long for a word, where the script has letters for vowels.
    """

    name: str
    alphabets: dict[str, frozenset[str]]
    is_latin: bool
    consonants: re.Pattern[str]


def _page(name: str, alphabets: dict[str, str], *, is_latin: bool = True) -> Page:
    letters = "".join(alphabets.values())
    consonants = "".join(char for char in letters if char not in _VOWELS)
    has_vowels = alphabets in (_CYRILLIC, _GREEK)
    return Page(
        name,
        {language: frozenset(letters) for language, letters in alphabets.items()},
        is_latin,
        re.compile(f"[{consonants}]{{5,}}" if has_vowels else "(?!)", re.IGNORECASE),
    )


PAGES = (
    _page("cp1252", _WESTERN),
    _page("cp1250", _CENTRAL),
    _page("iso8859-2", _CENTRAL),
    _page("cp1254", _TURKISH),
    _page("cp1257", _BALTIC),
    _page("iso8859-15", _WESTERN),
    _page("cp1255", _HEBREW, is_latin=False),  # before Cyrillic, of which it has but the small letters
    _page("cp1251", _CYRILLIC, is_latin=False),
    _page("koi8-r", _CYRILLIC, is_latin=False),
    _page("cp866", _CYRILLIC, is_latin=False),
    _page("cp1253", _GREEK, is_latin=False),
    _page("iso8859-7", _GREEK, is_latin=False),
    _page("cp1256", _ARABIC, is_latin=False),
    _page("cp874", _THAI, is_latin=False),
    _page("cp850", _WESTERN),
    _page("mac-roman", _WESTERN),
)
"""Where two fit equally well, the first counts: in this order they are met."""

PUNCTUATION = frozenset(
    "‘’‚“”„…–—•«»‹›€£¥§°©®™№´·¿¡ªº½¼¾²³±×µ\u00a0\u00ad\u200e\u200f"  # noqa: RUF001
)
"""Plausible in any language, beside a letter or not."""
