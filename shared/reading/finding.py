"""Finding the format of a file that is to be read: known, seen at a glance, or detected."""

from __future__ import annotations

from collections.abc import Sequence

from shared.errors import FileRefused
from shared.formats import detection, usual
from shared.formats.format import Format
from shared.formats.overrides import Overrides
from shared.reading.columns import Columns
from shared.reading.source import Detect


def way(columns: Columns, known: Format | None) -> Detect:
    """How to find it, unless it is `known`; names that the `columns` have are the header's."""

    def is_header(names: Sequence[str]) -> bool:
        try:
            columns.match(names, len(names), 1)
        except FileRefused:
            return False
        return True

    def detect(head: bytes, is_whole: bool, told: Overrides) -> Format:
        found = known
        if found is None and columns.known:
            found = usual.seen(head, is_whole=is_whole, told=told, is_header=is_header)
        return found or detection.detect(head, is_whole=is_whole, overrides=told, known_columns=columns.known)

    return detect
