"""Finding the format of a file that is to be read: known, seen at a glance, or detected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.contracts import spellings
from shared.detection import detection, usual
from shared.errors import FileRefused
from shared.formats.format import Format
from shared.formats.overrides import Overrides
from shared.parsing import notes
from shared.parsing.columns import Columns
from shared.parsing.source import Detect

_ENOUGH = 2
"""Known names that make a line a header, at least; of a single column it is the only one."""


def way(columns: Columns, known: Format | None) -> Detect:
    """How to find it, unless it is `known`; names that the `columns` have are the header's."""

    def is_header(names: Sequence[str]) -> bool:
        try:
            columns.match(names, len(names), 1)
        except FileRefused:
            return False
        # Where no column is required, or new ones are welcome, any line would do.
        known = sum(spellings.normal(name) in columns.known for name in names)
        return known >= min(_ENOUGH, len(names))

    def detect(head: bytes, is_whole: bool, told: Overrides) -> Format:
        if known is not None:
            return known
        if not notes.are_in(head):
            return look(head, is_whole, told)
        found = look(head, is_whole, replace(told, **notes.LAYOUT))
        return replace(found, told=tuple(name for name in found.told if name not in notes.LAYOUT))

    def look(head: bytes, is_whole: bool, told: Overrides) -> Format:
        found = None
        if columns.known:
            found = usual.seen(head, is_whole=is_whole, told=told, is_header=is_header)
        return found or detection.detect(head, is_whole=is_whole, overrides=told, known_columns=columns.known)

    return detect
