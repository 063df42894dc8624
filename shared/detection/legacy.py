"""Legacy encodings: which one from before Unicode bytes are in that are not UTF-8."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from shared.detection import east_asian
from shared.detection.alphabets import PAGES, PUNCTUATION, Page

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
class Guess:
    """Python's name of the encoding, and what else it could be."""

    name: str
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reading:
    name: str
    text: str
    share: float


def guess(head: bytes) -> Guess:
    """The encoding of `head`, which is not UTF-8: letters that make words of one language.

    Detectors made for pages of prose fail on tables with a few names in them, so letters are judged by the
    alphabets of languages; charset-normalizer is asked where none fits, for East Asian ones above all.
    """
    lines = _lines(head)
    readings = sorted(_readings(lines), key=lambda reading: -reading.share)  # stable: in the pages' order
    best = readings[0] if readings else None
    is_sure = best is not None and best.share >= _SURE
    if not (is_sure and best and best.name in _USUAL) and east_asian.is_japanese(lines):
        return _guessed("cp932")
    if best is None or not is_sure or best.name in _LIKE_MULTIBYTE:
        name = east_asian.asked(lines)
        if name:
            return _guessed(name)
    if best is None:
        return Guess("latin-1", ("The encoding is unknown; read as latin-1.",))
    other = next((r for r in readings[1:] if r.share >= best.share and r.text != best.text), None)
    if is_sure and other:
        return Guess(best.name, (f"The encoding could be {other.name} as well as {best.name}.",))
    return _guessed(best.name)


def _guessed(name: str) -> Guess:
    return Guess(name, (f"The encoding is a guess: {name}. Tell encoding if letters are wrong.",))


def _lines(head: bytes) -> bytes:
    """The lines with something beyond ASCII, cut at bytes that are part of no longer character."""
    lines = b"\n".join(line for line in head.splitlines() if not line.isascii())
    end = max(lines.rfind(byte, 0, _LOOKED_AT) for byte in (b"\n", b",", b";", b"\t", b" ", b'"'))
    return lines[:end] if len(lines) > _LOOKED_AT and end > 0 else lines[:_LOOKED_AT]


def _readings(lines: bytes) -> list[_Reading]:
    found = []
    for page in PAGES:
        try:
            text = lines.decode(page.name)
        except UnicodeDecodeError:
            continue
        found.append(_Reading(page.name, text, _share(f" {text} ", page)))
    return found


def _share(text: str, page: Page) -> float:
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


def _crowded(text: str, page: Page) -> set[int]:
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
