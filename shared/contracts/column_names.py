"""Column names: readable snake_case names, reserved names, and name variants of a field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pydantic import AliasChoices

from shared.contracts.base import MAX_CONTRACTS, Contract

_POSTGRES = """
all analyse analyze and any array as asc
asymmetric authorization binary both case cast check collate collation column concurrently
constraint create cross current_catalog current_date current_role current_schema current_time
current_timestamp current_user default deferrable desc distinct do else end except false fetch for
foreign freeze from full grant group having ilike in initially inner intersect into is isnull join
lateral leading left like limit localtime localtimestamp natural not notnull null offset on only or
order outer overlaps placing primary references returning right select session_user similar some
symmetric system_user table tablesample then to trailing true union unique user using variadic
verbose when where window with
"""
_SYSTEM_COLUMNS = "cmax cmin ctid oid tableoid xmax xmin"
_PYTHON = """
and as assert async await break class continue def del elif else except finally for from global if
import in is lambda nonlocal not or pass raise return try while with yield false none true
"""
_CONTRACT = """
construct copy dataset dict file_format from_orm json key max_reject_ratio model_computed_fields model_config
model_construct model_copy model_dump model_dump_json model_extra model_fields model_fields_set
model_json_schema model_parametrized_name model_post_init model_rebuild model_validate null_spellings
model_validate_json model_validate_strings on_conflict parse_file parse_obj parse_raw schema
schema_json update_forward_refs validate
"""
"""Attributes of contracts: a declared contract can then have the column names of an inferred one. The list is
fixed, so that column names do not change if a library adds a method."""

_TYPES = "bool float int str tuple"
"""Types in the source of a contract. A field with such a name would hide the type."""

_NOT_FIELDS = frozenset(" ".join((_SYSTEM_COLUMNS, _PYTHON, _CONTRACT, _TYPES)).split())
"""Lower-case words that a field of a contract cannot be called."""

RESERVED = _NOT_FIELDS.union(_POSTGRES.split())
"""Lower-case words that no new column is called: these, and reserved words of PostgreSQL.
https://www.postgresql.org/docs/current/sql-keywords-appendix.html"""

MAX_NAME_BYTES = 63
"""Maximum length of a name in PostgreSQL, in bytes of UTF-8."""

_TRANSLITERATIONS = """
ß ss ẞ SS æ ae Æ AE œ oe Œ OE ø o Ø O ł l Ł L đ d Đ D ð d Ð D þ th Þ TH ħ h Ħ H ŧ t Ŧ T ŋ n Ŋ N ĸ k ə e Ə E
% _percent_ € _eur_ $ _dollar_ £ _pound_ & _and_
"""
_PAIRS = _TRANSLITERATIONS.split()
_LETTERS = str.maketrans(
    {**dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True)), "\u0131": "i", "'": "", "\u2019": ""}
)
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LATIN = re.compile("[A-Za-z]")


def is_valid_column_name(name: str) -> bool:
    """Whether a field of a contract, and a column of its table, can have this name.

    It is not a Python keyword, an attribute of contracts (`key`, `dataset`, `json`) or a name that pydantic
    warns about, and does not start with `_`.
    """
    return (
        name.isidentifier()
        and not name.startswith(("_", "model_validate", "model_dump"))
        and name.lower() not in _NOT_FIELDS
    )


def readable_names(names: Sequence[str]) -> list[str]:
    """A column name for each of the header's `names`, in their order; all are different.

    `OrderDate`, `order date` and `Order-Date` become `order_date`. Latin letters lose their accents (`Größe`:
    `grosse`); letters of other scripts are kept. A name without letters and digits becomes `column_3` by its
    position, one that starts with a digit `n_2019`. A reserved word gets an underscore at its end, and a
    repeated name a number (`_2`). No name starts with an underscore, as `_load` and `_line` do, or with
    `model_`, as attributes of models do. Names that are already valid do not change.
    """
    bases = [_base(name, position) for position, name in enumerate(names, 1)]
    used = set(bases)
    unique: dict[str, None] = {}
    next_count: dict[str, int] = {}  # avoids trying the same numbers again for each repetition
    for base in bases:
        name = base
        if name in unique:
            count = next_count.get(base, 2)
            while (name := _numbered(base, count)) in used:
                count += 1
            next_count[base] = count + 1
        used.add(name)
        unique[name] = None
    return list(unique)


def joined_names(records: Sequence[Sequence[str]]) -> list[str]:
    """Column names from a header of several `records`: names of groups come before names of columns.

    The name of a group is above its first column, and applies up to the next group.
    """
    width = max(map(len, records), default=0)
    rows = [_filled(record, width, spread=record is not records[-1]) for record in records]
    return [" ".join(part for part in parts if part) for parts in zip(*rows, strict=True)]


def _filled(record: Sequence[str], width: int, *, spread: bool) -> list[str]:
    cells = [cell.strip() for cell in record] + [""] * (width - len(record))
    for position in range(1, width if spread else 0):
        cells[position] = cells[position] or cells[position - 1]
    return cells


def _base(name: str, position: int) -> str:
    """The column name for `name`, which other columns may have too."""
    plain = unicodedata.normalize("NFKC", _without_accents(name.translate(_LETTERS)))
    words = unicodedata.normalize("NFKC", _WORD_START.sub("_", plain).lower())
    words = "".join(char if char == "_" or f"a{char}".isidentifier() else "_" for char in words)
    base = re.sub("__+", "_", words).strip("_")
    if not base:
        return f"column_{position}"
    if not base.isidentifier():
        base = f"n_{base}"
    base = _cut(_without_model(base), MAX_NAME_BYTES)
    return f"{base}_" if base in RESERVED else base


def _without_accents(text: str) -> str:
    """`text` with Latin letters without their accents; other characters are kept."""
    pieces = []
    for char in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFKD", char)
        is_latin = _LATIN.match(parts) is not None
        pieces.append(
            "".join(part for part in parts if not unicodedata.combining(part)) if is_latin else char
        )
    return "".join(pieces)


def _numbered(base: str, count: int) -> str:
    number = f"_{count}"
    return _without_model(_cut(base, MAX_NAME_BYTES - len(number)) + number)


def _without_model(name: str) -> str:
    """`modelyear` for `model_year`, which a contract treats as the same name."""
    return name.replace("_", "", 1) if name.startswith("model_") else name


def _cut(name: str, size: int) -> str:
    """As many characters of `name` as fit into `size` bytes."""
    return name.encode()[:size].decode(errors="ignore").rstrip("_")


_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def normalize_name(name: str) -> str:
    """The part that variants of a name have in common: its letters and digits, without case.

    A name that has neither, such as `#`, counts as a whole. Letters are compared as composed characters.
    """
    composed = unicodedata.normalize("NFKC", name)
    return _NOT_ALPHANUMERIC.sub("", composed).casefold() or composed.strip()


@lru_cache(MAX_CONTRACTS)
def fields_by_name(contract: type[Contract]) -> dict[str, str]:
    """Each normalized name or alias, with the field of `contract` that has it.

    Raises `TypeError` if one column could be two fields.
    """
    fields: dict[str, str] = {}
    for field, name in name_variants(contract):
        other = fields.setdefault(normalize_name(name), field)
        if other != field:
            raise TypeError(
                f"{contract.__name__}.{field}: a column {name!r} could also be "
                f"{contract.__name__}.{other}; give one of them another name or alias"
            )
    return fields


def name_variants(contract: type[Contract]) -> Iterator[tuple[str, str]]:
    """Each field with its name and each alias; a path into a nested value is not a column."""
    for field, info in contract.model_fields.items():
        alias = info.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
        for name in (field, *choices):
            if isinstance(name, str):
                yield field, name
