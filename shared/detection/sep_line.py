"""Excel's line `sep=;` above a table, which tells its delimiter."""

from __future__ import annotations

import re

from shared.errors import FileRefused
from shared.formats.format import DELIMITERS
from shared.formats.overrides import Overrides

_SEP_LINE = re.compile(r'"?sep=(.?)"?[ \t]*(?:\r\n|\n|\r|$)', re.IGNORECASE)


def without(text: str, told: Overrides) -> tuple[str, int, str | None]:
    """The text below the line, the number of its first line, the delimiter it tells.

    Raises `FileRefused`, code `not_csv`, for a delimiter that cannot be read, unless another is told.
    """
    found = None if told.sep_line is False else _SEP_LINE.match(text)
    if found is None:
        return text, 1, None
    delimiter = found[1].strip(" \"'") or None
    if delimiter and delimiter not in DELIMITERS and told.delimiter is None:
        raise FileRefused(
            "not_csv",
            f"The first line tells {delimiter!r} for the delimiter, which is not supported: use one of "
            f"{', '.join(repr(known) for known in DELIMITERS if known)}, or tell sep_line=false.",
            found=f"sep={delimiter}",
        )
    return text[found.end() :], 2, found[1] if found[1] and found[1] in DELIMITERS else None
