"""`Format`: how a file is written, as detected or as set by options."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

COMPRESSIONS: Final = ("", "gzip", "zstd", "bz2", "zip")
DELIMITERS: Final = (",", ";", "\t", "|", "^", " ", "")
QUOTES: Final = ('"', "'", "")
ESCAPES: Final = ("", "\\")
LINE_ENDS: Final = ("\n", "\r\n", "\r", "mixed")
DECIMALS: Final = (".", ",")
THOUSANDS: Final = ("", ",", ".", " ", "'", "_")
RAGGED: Final = ("reject", "pad")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    r"""How a file is to be read.

    A quote opens a quoted value only where the value begins. Physical lines are counted from 1 at the
    beginning of the decompressed file, and end where `line_end` says: at LF for `\n` and `\r\n`, at CR for
    `\r`, at any of the three for `mixed`; line ends inside quoted values count too.
    """

    compression: str = ""
    """One of `COMPRESSIONS`, `""` for none."""
    encoding: str = "utf-8"
    """Python's name of it; `utf-8-sig` for UTF-8 with a byte order mark."""
    has_bom: bool = False
    """Whether a byte order mark, in that encoding, comes first; it is no part of the first value."""
    delimiter: str = ","
    """One of `DELIMITERS`. A space stands for one or more, those around a line do not count; `""` means that
    the file has a single column."""
    quote: str = '"'
    """One of `QUOTES`, `""` where quotes are characters like any other."""
    escape: str = ""
    r"""`""`: a quote inside a quoted value is written twice; `\`: the character behind a backslash, a quote
    or delimiter say, stands for itself (a quote written twice is one all the same). An unquoted `\N` is a
    missing value, as databases that write backslashes have it."""
    spaces_around_quotes: bool = False
    """Whether spaces between a delimiter and a quote next to it belong to neither."""
    line_end: str = "\n"
    """One of `LINE_ENDS`, between records; `mixed` for more than one of them. Where a CR alone ends lines,
    one inside a quoted value is read as LF."""
    sep_line: bool = False
    """Whether the first line is Excel's `sep=;`, which is no part of the table."""
    header_line: int | None = 1
    """Physical line on which the header begins, lines above it are no part of the table; `None`: there is no
    header, and all lines (but a `sep_line`) are rows."""
    header_lines: int = 1
    """Records that make the header together: group headings above, names below."""
    has_trailing_delimiter: bool = False
    """Whether each record ends with a delimiter behind which there is no column. A record with something
    there does not fit."""
    decimal: str = "."
    thousands: str = ""
    """How numbers are written. Never detected: `1,234` may be either."""
    currency: str = ""
    """A sign or code that may stand beside a number, such as `€` or `EUR`; never detected."""
    ragged: str = "reject"
    """One of `RAGGED`, what becomes of a record with too few or too many values: `pad` fills a short one with
    missing values and cuts a long one whose values too many are all empty. Never detected."""
    told: tuple[str, ...] = ()
    """Names of the fields above that were told, not detected."""
    doubts: tuple[str, ...] = ()
    """Sentences on what could be read in another way too."""

    @property
    def is_standard(self) -> bool:
        """Whether this is RFC 4180 in UTF-8 with LF or CRLF and the header on top."""
        told = {"told", "doubts", "compression", "encoding", "has_bom", "line_end"}
        standard = asdict(Format())
        differing = {name for name, value in asdict(self).items() if value != standard[name]}
        return (
            not differing - told
            and self.encoding in {"utf-8", "utf-8-sig"}
            and self.line_end in {"\n", "\r\n"}
        )

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON values, for the ledger."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }
