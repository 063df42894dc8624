"""Detects legacy (pre-Unicode) encodings by the letters and words they would produce."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

_ALL = ["cp932", "euc_jp", "gb18030", "big5", "cp949", "shift_jis", "iso2022_jp"]

_ESCAPES = re.compile(rb"\x1b\$(?:[@B]|\([CD]|\)C|A)")
_ESCAPED = ("iso2022_jp", "iso2022_kr", "iso2022_jp_2", "iso2022_jp_ext")
"""Encodings that leave ASCII by an escape sequence, all of whose bytes are ASCII."""

_PAIR = rb"(?:[\x88-\x97][@-~\x80-\xfc]|\x98[@-r]|\x82[\x4f-\xf1]|\x83[@-\x96])"
_JAPANESE = re.compile(
    rb"(?:[\0-\x7f]|(?<![A-Za-z])(?:"
    + _PAIR
    + rb"|\x81[@-\x5b\x69\x6a\x75-\x7a]|[\xa6-\xdf])++(?![A-Za-z]))*+"
)
"""Shift JIS with kana and the more usual kanji, apart from Latin letters."""


def detect_escaped(head: bytes) -> str | None:
    """The encoding of `head` that leaves ASCII by escape sequences, if it has one and fits it."""
    if not _ESCAPES.search(head):
        return None
    for name in _ESCAPED:
        try:
            head[: head.rfind(b"\n") + 1 or None].decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return None


def is_shift_jis(lines: bytes) -> bool:
    """Whether all that is beyond ASCII are pairs of Shift JIS for usual characters, in words of their own."""
    return _JAPANESE.fullmatch(lines) is not None and re.search(_PAIR, lines) is not None


def charset_normalizer_guess(lines: bytes) -> str | None:
    """What charset-normalizer says of the encodings that need several bytes for a character."""
    import charset_normalizer  # noqa: PLC0415  # takes a while, and most files are UTF-8

    found = charset_normalizer.from_bytes(lines, cp_isolation=_ALL).best()
    if found is None or not any(high for high, _ in pairwise(lines) if high > 0x7F):  # noqa: PLR2004
        return None
    return found.encoding


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
class CodePage:
    """A code page: its languages' letters in lower case, and whether they stand among ASCII ones.

    `consonants` finds runs of them that are too long for a word, where the script has letters for vowels.
    """

    name: str
    alphabets: dict[str, frozenset[str]]
    is_latin: bool
    consonants: re.Pattern[str]


def _code_page(name: str, alphabets: dict[str, str], *, is_latin: bool = True) -> CodePage:
    letters = "".join(alphabets.values())
    consonants = "".join(char for char in letters if char not in _VOWELS)
    has_vowels = alphabets in (_CYRILLIC, _GREEK)
    return CodePage(
        name,
        {language: frozenset(letters) for language, letters in alphabets.items()},
        is_latin,
        re.compile(f"[{consonants}]{{5,}}" if has_vowels else "(?!)", re.IGNORECASE),
    )


CODE_PAGES = (
    _code_page("cp1252", _WESTERN),
    _code_page("cp1250", _CENTRAL),
    _code_page("iso8859-2", _CENTRAL),
    _code_page("cp1254", _TURKISH),
    _code_page("cp1257", _BALTIC),
    _code_page("iso8859-15", _WESTERN),
    _code_page("cp1255", _HEBREW, is_latin=False),  # before Cyrillic, of which it has but the small letters
    _code_page("cp1251", _CYRILLIC, is_latin=False),
    _code_page("koi8-r", _CYRILLIC, is_latin=False),
    _code_page("cp866", _CYRILLIC, is_latin=False),
    _code_page("cp1253", _GREEK, is_latin=False),
    _code_page("iso8859-7", _GREEK, is_latin=False),
    _code_page("cp1256", _ARABIC, is_latin=False),
    _code_page("cp874", _THAI, is_latin=False),
    _code_page("cp850", _WESTERN),
    _code_page("mac-roman", _WESTERN),
)
"""Where two fit equally well, the first counts: in this order they are met."""

PUNCTUATION = frozenset(
    "‘’‚“”„…–—•«»‹›€£¥§°©®™№´·¿¡ªº½¼¾²³±×µ\u00a0\u00ad\u200e\u200f"  # noqa: RUF001
)
"""Plausible in any language, beside a letter or not."""

_LOOKED_AT = 2048
"""Bytes of the lines with something beyond ASCII. Others say nothing, and make detectors slow and wrong."""

_SURE = 0.9
"""Share of plausible characters with which a code page is taken without asking further."""

_SEVERAL_LANGUAGES = 0.1
"""How much less plausible a text in all languages of a code page is than one in a single language."""

_USUAL = {"cp1252", "cp1250", "iso8859-2", "cp1254", "cp1257", "iso8859-15"}
"""Code pages that are met more often than Japanese ones in which the same bytes are kanji."""

_LIKE_MULTIBYTE = {"cp874"}
"""Code pages in which almost any bytes are letters, East Asian ones too."""

_BETWEEN_LETTERS = frozenset("’·\u00ad–—\u00a0")  # noqa: RUF001
_LATIN_RUN = 3
"""Letters beyond ASCII in a row that no language in Latin letters has."""


@dataclass(frozen=True, slots=True)
class EncodingGuess:
    """Python's name of the encoding, and what else it could be."""

    name: str
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reading:
    name: str
    text: str
    share: float


def guess_encoding(head: bytes) -> EncodingGuess:
    """The encoding of `head`, which is not UTF-8: letters that make words of one language.

    Detectors made for pages of prose fail on tables with a few names in them, so letters are judged by the
    alphabets of languages; charset-normalizer is asked where none fits, for East Asian ones above all.
    """
    lines = _lines(head)
    readings = sorted(_readings(lines), key=lambda reading: -reading.share)  # stable: in the pages' order
    best = readings[0] if readings else None
    is_sure = best is not None and best.share >= _SURE
    if not (is_sure and best and best.name in _USUAL) and is_shift_jis(lines):
        return _guessed("cp932")
    if best is None or not is_sure or best.name in _LIKE_MULTIBYTE:
        name = charset_normalizer_guess(lines)
        if name:
            return _guessed(name)
    if best is None:
        return EncodingGuess("latin-1", ("The encoding is unknown; read as latin-1.",))
    other = next((r for r in readings[1:] if r.share >= best.share and r.text != best.text), None)
    if is_sure and other:
        return EncodingGuess(best.name, (f"The encoding could be {other.name} as well as {best.name}.",))
    return _guessed(best.name)


def _guessed(name: str) -> EncodingGuess:
    return EncodingGuess(name, (f"The encoding is a guess: {name}. Tell encoding if letters are wrong.",))


def _lines(head: bytes) -> bytes:
    """The lines with something beyond ASCII, cut at bytes that are part of no longer character."""
    lines = b"\n".join(line for line in head.splitlines() if not line.isascii())
    end = max(lines.rfind(byte, 0, _LOOKED_AT) for byte in (b"\n", b",", b";", b"\t", b" ", b'"'))
    return lines[:end] if len(lines) > _LOOKED_AT and end > 0 else lines[:_LOOKED_AT]


def _readings(lines: bytes) -> list[_Reading]:
    found = []
    for page in CODE_PAGES:
        try:
            text = lines.decode(page.name)
        except UnicodeDecodeError:
            continue
        found.append(_Reading(page.name, text, _share(f" {text} ", page)))
    return found


def _share(text: str, page: CodePage) -> float:
    """Plausible characters over those beyond ASCII, in the language of `page` where they are most."""
    beyond = [place for place, char in enumerate(text) if not char.isascii()]
    plain = sum(_is_punctuation(text, place) for place in beyond)
    crowded = _crowded(text, page)
    letters = [
        _small(text[place])
        for place in beyond
        if place not in crowded and _is_in_word(text, place, is_latin=page.is_latin)
    ]
    known = frozenset[str]().union(*page.alphabets.values())
    in_one = max(sum(letter in alphabet for letter in letters) for alphabet in page.alphabets.values())
    in_any = sum(letter in known for letter in letters)
    total = max(len(beyond), 1)
    return max((plain + in_one) / total, (plain + in_any) / total - _SEVERAL_LANGUAGES)


def _crowded(text: str, page: CodePage) -> set[int]:
    """Places of consonants of which there are more in a row than can be spoken."""
    return {place for run in page.consonants.finditer(text) for place in range(*run.span())}


def _small(char: str) -> str:
    """The small letter, where it is one character; that of a Turkish İ is two."""
    small = char.lower()
    return small if len(small) == 1 else char


def _is_punctuation(text: str, place: int) -> bool:
    between = text[place - 1].isalpha() and text[place + 1].isalpha()
    return text[place] in PUNCTUATION and (not between or text[place] in _BETWEEN_LETTERS)


def _is_in_word(text: str, place: int, *, is_latin: bool) -> bool:
    """Whether the character at `place` stands where a letter of its script and case may."""
    char, before, after = text[place], text[place - 1], text[place + 1]
    if not char.isalpha() and not unicodedata.category(char).startswith("M"):  # a vowel above a letter, say
        return False
    if _breaks_case(char, before, after):
        return False
    if is_latin:
        return not all(
            near.isalpha() and not near.isascii() for near in text[max(place - 1, 0) : place + _LATIN_RUN - 1]
        )
    return not any(near.isascii() and near.isalpha() for near in (before, after))


def _breaks_case(char: str, before: str, after: str) -> bool:
    """Whether a capital follows a small letter, or a small letter stands between capitals."""
    if char.isupper():
        return before.islower()
    return char.islower() and before.isupper() and after.isupper()
