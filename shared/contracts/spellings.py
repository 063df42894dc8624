"""Spellings: the names under which a file may have a field, and when two of them are the same name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from pydantic import AliasChoices

from shared.contracts.base import MOST_CONTRACTS, Contract

_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def normal(name: str) -> str:
    """What spellings of one name have in common: letters and digits, without case.

    Of a name that has neither, such as `#`, all of it counts; letters are compared as composed characters.
    """
    composed = unicodedata.normalize("NFKC", name)
    return _NOT_ALPHANUMERIC.sub("", composed).casefold() or composed.strip()


@lru_cache(MOST_CONTRACTS)
def fields(contract: type[Contract]) -> dict[str, str]:
    """Each `normal` spelling → the field of `contract` that goes by it: its own name, or an alias.

    Raises `TypeError` that names two fields which one column could be.
    """
    found: dict[str, str] = {}
    for field, spelling in spellings(contract):
        other = found.setdefault(normal(spelling), field)
        if other != field:
            raise TypeError(
                f"{contract.__name__}.{field}: a column {spelling!r} could also be "
                f"{contract.__name__}.{other}; give one of them another name or alias"
            )
    return found


def spellings(contract: type[Contract]) -> Iterator[tuple[str, str]]:
    """Each field with each of its spellings; a path into a nested value is no column."""
    for field, info in contract.model_fields.items():
        alias = info.validation_alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
        for spelling in (field, *choices):
            if isinstance(spelling, str):
                yield field, spelling
