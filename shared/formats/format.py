"""`Format`: how a file is written, as detected or as set by options."""

from __future__ import annotations

import codecs
from dataclasses import asdict, dataclass
from typing import Any, Final

from shared.formats import compressions

COMPRESSIONS: Final = ("", *compressions.NAMES)
DELIMITERS: Final = (",", ";", "\t", "|", "^", " ", "")
QUOTES: Final = ('"', "'", "")
ESCAPES: Final = ("", "\\")
LINE_ENDS: Final = ("\n", "\r\n", "\r", "mixed")
DECIMALS: Final = (".", ",")
THOUSANDS: Final = ("", ",", ".", " ", "'", "_")
RAGGED: Final = ("reject", "pad")

CSV_EXTENSIONS: Final = (".csv", ".tsv", ".tab", ".psv")
"""Extensions of file names that always mean a CSV file."""

_NOT_FOR_FILES = {
    *("idna", "punycode", "raw-unicode-escape", "unicode-escape", "utf-7", "undefined"),
    *("mbcs", "oem"),  # their meaning depends on the machine
}
"""Python's codecs that count as text encodings, although no CSV file is written in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    r"""How a file is to be read.

    A quote opens a quoted value only at the beginning of the value. Physical lines are counted from 1 at the
    beginning of the decompressed file. They end as `line_end` says: at LF for `\n` and `\r\n`, at CR for
    `\r`, at any of the three for `mixed`. Line ends inside quoted values count too.
    """

    compression: str = ""
    """One of `COMPRESSIONS`, `""` for none."""
    encoding: str = "utf-8"
    """Python's name of it; `utf-8-sig` for UTF-8 with a byte order mark."""
    has_bom: bool = False
    """Whether the file begins with a byte order mark in that encoding; it is not part of the first value."""
    delimiter: str = ","
    """One of `DELIMITERS`. A space means one or more spaces, and those at the ends of a line do not count.
    `""` means that the file has a single column."""
    quote: str = '"'
    """One of `QUOTES`, `""` if quotes are ordinary characters."""
    escape: str = ""
    r"""`""`: a quote inside a quoted value is doubled. `\`: the character after a backslash stands for
    itself, for example a quote or a delimiter; a doubled quote is one quote as well. An unquoted `\N` is a
    missing value, as in exports of databases that write backslashes."""
    spaces_around_quotes: bool = False
    """Whether spaces between a delimiter and a quote next to it are ignored."""
    line_end: str = "\n"
    """One of `LINE_ENDS`, between records; `mixed` for several of them. If a CR without LF ends lines, a CR
    inside a quoted value is read as LF."""
    sep_line: bool = False
    """Whether the first line is Excel's `sep=;`, which is not part of the table."""
    header_line: int | None = 1
    """Physical line on which the header begins; lines above it are not part of the table. `None`: there is
    no header, and all lines except a `sep_line` are rows."""
    header_lines: int = 1
    """Number of records in the header: group headings above, names below."""
    has_trailing_delimiter: bool = False
    """Whether each record ends with a delimiter that no column follows. A record with a value there does not
    fit."""
    decimal: str = "."
    thousands: str = ""
    """How numbers are written. Never detected, because `1,234` is ambiguous."""
    currency: str = ""
    """A sign or code that may stand beside a number, such as `€` or `EUR`; never detected."""
    ragged: str = "reject"
    """One of `RAGGED`: how a record with too few or too many values is read. `pad` fills a short one with
    missing values, and cuts a long one if all its extra values are empty. Never detected."""
    told: tuple[str, ...] = ()
    """Names of the fields above that options set, instead of detection."""
    doubts: tuple[str, ...] = ()
    """Warnings: sentences on what detection is not sure of."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON values, for the ledger."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }


def encoding_name(name: str) -> str | None:
    """Return Python's name of a text encoding, `None` if there is none of this name for files."""
    try:
        codec = codecs.lookup(name)
        "".encode(name)  # raises for codecs that are not text encodings
    except (LookupError, ValueError):
        return None
    if codec.name in _NOT_FOR_FILES:
        return None
    return "latin-1" if codec.name == "iso8859-1" else codec.name
