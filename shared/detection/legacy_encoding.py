"""Detects legacy (pre-Unicode) encodings by the letters and words they would produce."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from shared.error_codes import warning_text

_MULTIBYTE = ["cp932", "euc_jp", "gb18030", "big5", "cp949", "shift_jis", "iso2022_jp"]

_ESCAPE_SEQUENCE = re.compile(rb"\x1b\$(?:[@B]|\([CD]|\)C|A)")
_ESCAPED_ENCODINGS = ("iso2022_jp", "iso2022_kr", "iso2022_jp_2", "iso2022_jp_ext")
"""Encodings that switch from ASCII by an escape sequence, and whose bytes are all ASCII."""

_PAIR = rb"(?:[\x88-\x97][@-~\x80-\xfc]|\x98[@-r]|\x82[\x4f-\xf1]|\x83[@-\x96])"
_JAPANESE = re.compile(
    rb"(?:[\0-\x7f]|(?<![A-Za-z])(?:"
    + _PAIR
    + rb"|\x81[@-\x5b\x69\x6a\x75-\x7a]|[\xa6-\xdf])++(?![A-Za-z]))*+"
)
"""Shift JIS with kana and the more frequent kanji, not next to Latin letters."""


def detect_escaped(head: bytes) -> str | None:
    """Return the encoding with escape sequences that `head` is valid in, if it has such a sequence."""
    if not _ESCAPE_SEQUENCE.search(head):
        return None
    for name in _ESCAPED_ENCODINGS:
        try:
            head[: head.rfind(b"\n") + 1 or None].decode(name)
        except UnicodeDecodeError:
            continue
        return name
    return None


def is_shift_jis(lines: bytes) -> bool:
    """Whether everything beyond ASCII is pairs of Shift JIS for frequent characters, in separate words."""
    return _JAPANESE.fullmatch(lines) is not None and re.search(_PAIR, lines) is not None


def charset_normalizer_guess(lines: bytes) -> str | None:
    """Return the guess of charset-normalizer among the encodings with several bytes for a character."""
    import charset_normalizer  # noqa: PLC0415  # slow to import, and most files are UTF-8

    best = charset_normalizer.from_bytes(lines, cp_isolation=_MULTIBYTE).best()
    if best is None or not any(high for high, _ in pairwise(lines) if high > 0x7F):  # noqa: PLR2004
        return None
    return best.encoding


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
    """A code page: the letters of its languages in lower case, and whether they occur among ASCII letters.

    `consonants` matches runs of consonants that are too long for a word, in scripts with letters for vowels.
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
    _code_page("cp1255", _HEBREW, is_latin=False),  # before cp1251, where these bytes are lower-case letters
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
"""In order of frequency: of two that fit equally well, the first is chosen."""

PUNCTUATION = frozenset(
    "‘’‚“”„…–—•«»‹›€£¥§°©®™№´·¿¡ªº½¼¾²³±×µ\u00a0\u00ad\u200e\u200f"  # noqa: RUF001
)
"""Characters that are plausible in any language, next to a letter or not."""

_MAX_SAMPLE_SIZE = 2048
"""Bytes of lines with text beyond ASCII. Other lines are no evidence, and make detectors slow and wrong."""

_MIN_PLAUSIBLE = 0.9
"""Share of plausible characters from which on a code page is chosen without asking charset-normalizer."""

_SEVERAL_LANGUAGES_PENALTY = 0.1
"""How much less plausible a text in all languages of a code page is than one in a single language."""

_MORE_FREQUENT_THAN_JAPANESE = {"cp1252", "cp1250", "iso8859-2", "cp1254", "cp1257", "iso8859-15"}
"""Code pages that are more frequent than Japanese ones in which the same bytes are kanji."""

_RESEMBLES_MULTIBYTE = {"cp874"}
"""Code pages in which almost any bytes are letters, also those of East Asian text."""

_BETWEEN_LETTERS = frozenset("’·\u00ad–—\u00a0")  # noqa: RUF001
_IMPOSSIBLE_LATIN_RUN = 3
"""Consecutive letters beyond ASCII that no language with Latin letters has."""


@dataclass(frozen=True, slots=True)
class EncodingGuess:
    """Python's name of the encoding, and warnings."""

    name: str
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _DecodedSample:
    name: str
    text: str
    share: float


def guess_encoding(head: bytes) -> EncodingGuess:
    """Guess the encoding of `head`, which is not UTF-8: its letters make words of a language in it.

    Detectors for pages of prose fail on tables with a few names in them, so letters are compared with the
    alphabets of languages. If none fits, charset-normalizer decides, mostly for East Asian text.
    """
    lines = _non_ascii_lines(head)
    samples = sorted(_decoded_samples(lines), key=lambda sample: -sample.share)  # stable: keeps the order
    best = samples[0] if samples else None
    is_plausible = best is not None and best.share >= _MIN_PLAUSIBLE
    is_frequent = is_plausible and best is not None and best.name in _MORE_FREQUENT_THAN_JAPANESE
    if not is_frequent and is_shift_jis(lines):
        return _guess("cp932")
    if best is None or not is_plausible or best.name in _RESEMBLES_MULTIBYTE:
        name = charset_normalizer_guess(lines)
        if name:
            return _guess(name)
    if best is None:
        return EncodingGuess("latin-1", (warning_text("encoding_unknown"),))
    other = next((s for s in samples[1:] if s.share >= best.share and s.text != best.text), None)
    if is_plausible and other:
        return EncodingGuess(
            best.name, (warning_text("encoding_ambiguous", other=other.name, encoding=best.name),)
        )
    return _guess(best.name)


def _guess(name: str) -> EncodingGuess:
    return EncodingGuess(name, (warning_text("encoding_guessed", encoding=name),))


def _non_ascii_lines(head: bytes) -> bytes:
    """Return the lines with text beyond ASCII, cut at a byte that is not part of a longer character."""
    lines = b"\n".join(line for line in head.splitlines() if not line.isascii())
    end = max(lines.rfind(byte, 0, _MAX_SAMPLE_SIZE) for byte in (b"\n", b",", b";", b"\t", b" ", b'"'))
    return lines[:end] if len(lines) > _MAX_SAMPLE_SIZE and end > 0 else lines[:_MAX_SAMPLE_SIZE]


def _decoded_samples(lines: bytes) -> list[_DecodedSample]:
    """Decode `lines` with each code page in which they are valid."""
    samples = []
    for page in CODE_PAGES:
        try:
            text = lines.decode(page.name)
        except UnicodeDecodeError:
            continue
        samples.append(_DecodedSample(page.name, text, _plausible_share(f" {text} ", page)))
    return samples


def _plausible_share(text: str, page: CodePage) -> float:
    """Return the share of plausible characters beyond ASCII, in the language of `page` with the most."""
    beyond = [index for index, char in enumerate(text) if not char.isascii()]
    punctuation = sum(_is_punctuation(text, index) for index in beyond)
    consonants = _unpronounceable(text, page)
    letters = [
        _lower(text[index])
        for index in beyond
        if index not in consonants and _is_in_word(text, index, is_latin=page.is_latin)
    ]
    known = frozenset[str]().union(*page.alphabets.values())
    in_one = max(sum(letter in alphabet for letter in letters) for alphabet in page.alphabets.values())
    in_any = sum(letter in known for letter in letters)
    total = max(len(beyond), 1)
    return max((punctuation + in_one) / total, (punctuation + in_any) / total - _SEVERAL_LANGUAGES_PENALTY)


def _unpronounceable(text: str, page: CodePage) -> set[int]:
    """Return the indexes of consonants in runs that are too long for a word."""
    return {index for run in page.consonants.finditer(text) for index in range(*run.span())}


def _lower(char: str) -> str:
    """Return the lower-case letter if it is one character; for a Turkish İ it is two."""
    lower = char.lower()
    return lower if len(lower) == 1 else char


def _is_punctuation(text: str, index: int) -> bool:
    between = text[index - 1].isalpha() and text[index + 1].isalpha()
    return text[index] in PUNCTUATION and (not between or text[index] in _BETWEEN_LETTERS)


def _is_in_word(text: str, index: int, *, is_latin: bool) -> bool:
    """Whether a letter of the character's script and case may stand at `index`."""
    char, before, after = text[index], text[index - 1], text[index + 1]
    if not char.isalpha() and not unicodedata.category(char).startswith("M"):  # M: a vowel above a letter
        return False
    if _breaks_case(char, before, after):
        return False
    if is_latin:
        return not all(
            near.isalpha() and not near.isascii()
            for near in text[max(index - 1, 0) : index + _IMPOSSIBLE_LATIN_RUN - 1]
        )
    return not any(near.isascii() and near.isalpha() for near in (before, after))


def _breaks_case(char: str, before: str, after: str) -> bool:
    """Whether the case of `char` is implausible: upper after lower case, or lower between upper case."""
    if char.isupper():
        return before.islower()
    return char.islower() and before.isupper() and after.isupper()
