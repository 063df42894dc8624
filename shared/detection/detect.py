"""Detects the format of a file from its first bytes and reports every ambiguity."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from shared.detection import dialect, encoding, file_kind, header_line, sample
from shared.detection.encoding import Encoding
from shared.detection.header_line import HeaderLine
from shared.detection.sample import SampleDialect, SampleRecord
from shared.errors import FileRefused
from shared.formats.format import DELIMITERS, Format
from shared.formats.overrides import Overrides

_SEP_LINE = re.compile(r'"?sep=(.?)"?[ \t]*(?:\r\n|\n|\r|$)', re.IGNORECASE)


def split_sep_line(text: str, overrides: Overrides) -> tuple[str, int, str | None]:
    """The text below the line, the number of its first line, the delimiter it tells.

    Raises `FileRefused`, code `not_csv`, for a delimiter that cannot be read, unless another is told.
    """
    found = None if overrides.sep_line is False else _SEP_LINE.match(text)
    if found is None:
        return text, 1, None
    delimiter = found[1].strip(" \"'") or None
    if delimiter and delimiter not in DELIMITERS and overrides.delimiter is None:
        raise FileRefused(
            "not_csv",
            f"The first line tells {delimiter!r} for the delimiter, which is not supported: use one of "
            f"{', '.join(repr(known) for known in DELIMITERS if known)}, or tell sep_line=false.",
            found=f"sep={delimiter}",
        )
    return text[found.end() :], 2, found[1] if found[1] and found[1] in DELIMITERS else None


HEAD = 64 * 1024
"""Bytes of a file that are looked at; more make it slow and no better."""

_MOST_LINES = 1000
"""Lines of the head that are looked at; the values of a file of short ones are soon known."""

_KNOWN_HEADER = 10.0
"""What a header with all known names adds to the score of a dialect, which is 1 at most without."""


def detect_format(
    head: bytes,
    *,
    is_whole: bool,
    overrides: Overrides | None = None,
    known_columns: Collection[str] | None = None,
) -> Format:
    """The format of the file that begins with `head`, its first bytes after decompression, `HEAD` at most.

    `is_whole` if there are no more; otherwise the end may be cut anywhere. `overrides` are not questioned.
    `known_columns` are the spellings of a contract's columns, as `spellings.fields` has them: the line with
    them is the header. Raises `FileRefused`, code `not_csv`, for other kinds of file; an empty one is none.
    """
    overrides, known, head = overrides or Overrides(), frozenset(known_columns or ()), head[:HEAD]
    found = _detect_encoding(head, overrides, is_whole=is_whole)
    text = encoding.decode_head(head, found.name, is_whole=is_whole)
    if not is_whole:
        text = text.removesuffix("\r")  # half a CRLF, perhaps
    text, first_line, sep = split_sep_line(text, overrides)
    told_by_both = (
        replace(overrides, delimiter=sep) if sep is not None and overrides.delimiter is None else overrides
    )
    start, text = dialect.lines_from(text, first_line, overrides.header_line or first_line)
    best, rows, doubts = _detect_table(text, start, told_by_both, known, is_whole=is_whole)
    ends = dialect.line_end_of(rows)
    top = _detect_header(rows, known, overrides, is_whole=is_whole)
    detected = Format(
        encoding=found.name,
        has_bom=found.has_bom,
        delimiter=best.delimiter,
        quote=best.quote,
        escape=best.escape,
        spaces_around_quotes=best.spaces_around_quotes,
        line_end=ends,
        sep_line=first_line > 1,
        header_line=top.line,
        header_lines=top.records,
        has_trailing_delimiter=bool(best.delimiter.strip() or best.delimiter == "\t") and _trails(rows, top),
        doubts=(*found.doubts, *doubts, *top.doubts),
    )
    return _with_overrides(detected, overrides)


def _detect_encoding(head: bytes, overrides: Overrides, *, is_whole: bool) -> Encoding:
    still = file_kind.detect_compression(head)
    if still:
        raise FileRefused("not_csv", f"The file is compressed by {still} inside.", found=still)
    file_kind.check_file_kind(head)
    found = encoding.choose_encoding(overrides.encoding, encoding.detect_encoding(head, is_whole=is_whole))
    if not found.name.startswith(("utf-16", "utf-32")) and overrides.encoding is None:
        file_kind.check_not_binary(head)
    return found


def _detect_table(
    text: str, first_line: int, overrides: Overrides, known: frozenset[str], *, is_whole: bool
) -> tuple[SampleDialect, list[SampleRecord], tuple[str, ...]]:
    """The best dialect, all whole records in it, and what is doubtful about it."""

    def bonus(rows: list[SampleRecord]) -> float:
        match = header_line.find_known_header(rows, known)
        return (
            _KNOWN_HEADER * match.matches / len(known) * header_line.header_fit(rows, match) if match else 0.0
        )

    some = dialect.first_lines(text, _MOST_LINES)
    is_whole = is_whole and len(some) == len(text)
    for cr_ends in dialect.lone_cr_options(text, overrides.line_end):
        best, doubts = dialect.detect_dialect(some, overrides, bonus, cr_ends=cr_ends, is_cut=not is_whole)
        rows = sample.read_records(some, best, first_line, cr_ends=cr_ends)
        if not is_whole:
            rows = sample.complete_records(rows, some, best, first_line)
        if not cr_ends or dialect.are_lone_crs_line_ends(rows):
            break
    return best, rows, doubts


def _detect_header(
    rows: list[SampleRecord], known: frozenset[str], overrides: Overrides, *, is_whole: bool
) -> HeaderLine:
    if overrides.header_line:
        top = next((row for row in rows if not sample.is_blank(row)), None)
        return HeaderLine(overrides.header_line, width=len(top.cells) if top else 1)
    match = header_line.find_known_header(rows, known)
    if match:
        return match
    if len(rows) == 1 and not is_whole:
        doubt = f"The first {HEAD // 1024} KB are a single record; it is taken for the header."
        return HeaderLine(rows[0].line, width=len(rows[0].cells), doubts=(doubt,))
    found = header_line.detect_header(rows)
    if known and rows:
        return replace(found, doubts=(*found.doubts, "No line has the names of the known columns."))
    return found


def _trails(rows: list[SampleRecord], top: HeaderLine) -> bool:
    """Whether the rows have an empty value at their end for which the header has no name."""
    place = next((place for place, row in enumerate(rows) if row.line == top.line), None)
    names = (
        rows[place + top.records - 1].cells
        if place is not None and place + top.records <= len(rows)
        else None
    )
    below = [row for row in rows[0 if place is None else place + top.records :] if not sample.is_blank(row)]
    width = len(names) if names else top.width
    fitting = [row for row in below if len(row.cells) in {width, width + 1}]
    if names and names[-1].strip():
        fitting = [row for row in fitting if len(row.cells) > width]
        return len(fitting) * 2 > len(below) and not any(row.cells[-1] for row in fitting)
    return width > 1 and not any(row.cells[-1] for row in fitting)


def _with_overrides(detected: Format, overrides: Overrides) -> Format:
    """`detected` with what was told in its place."""
    values = {**overrides.given(), "encoding": detected.encoding}  # its byte order was looked for
    if overrides.header_line == 0:
        values["header_line"] = None
    return replace(detected, **values, told=tuple(overrides.given()))


_CONTROLS = bytes(set(range(32)) - {*b"\t\n\r"}) + b"\x7f"
_UNUSUAL = (
    (b'" ', re.compile(rb'" +,')),
    (b' "', re.compile(rb'[,\n] +"')),
    (b"'", re.compile(rb"[,\n] ?'|'[,\n\r]|'$")),
)
"""Signs of other quotes, each with what is found faster and is part of it."""

_START = re.compile(r"""["']?sep=|\s|'""", re.IGNORECASE)


def detect_standard_csv(
    head: bytes, *, is_whole: bool, overrides: Overrides, is_header: Callable[[Sequence[str]], bool]
) -> Format | None:
    """What `detection.detect` would find of a file with all usual signs and no other, or else `None`.

    Those are RFC 4180's, in UTF-8 with or without a mark, lines that end all the same, values as many as
    there are names, and names that are known: `is_header` is asked about those of the first line.
    """
    text = None if _is_unusual(head) else _utf8(head, is_whole=is_whole)
    if text is None or _START.match(text):
        return None
    if not is_whole:
        text = text[: text.rfind("\n") + 1]
    widths = _widths(text, is_header)
    if widths is None or len(widths) != 1:
        return None
    crlfs, lfs = text.count("\r\n"), text.count("\n")
    if crlfs not in {0, lfs}:
        return None
    has_bom = head.startswith(codecs.BOM_UTF8)
    found = Format(
        encoding="utf-8-sig" if has_bom else "utf-8", has_bom=has_bom, line_end="\r\n" if crlfs else "\n"
    )
    return _standard_with_overrides(found, overrides)


def _is_unusual(head: bytes) -> bool:
    """Whether a control character, a CR alone, an escape, or another quote is in it."""
    return (
        len(head.translate(None, _CONTROLS)) < len(head)
        or head.count(b"\r") > head.count(b"\r\n") + head.endswith(b"\r")
        or b'\\"' in head
        or any(part in head and sign.search(head) for part, sign in _UNUSUAL)
    )


def _utf8(head: bytes, *, is_whole: bool) -> str | None:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head, final=is_whole)
    except UnicodeDecodeError:
        return None
    return text.removeprefix("\ufeff")


def _widths(text: str, is_header: Callable[[Sequence[str]], bool]) -> set[int] | None:
    """The numbers of values of the records, `None` where the first is no header or one is broken."""
    lines = text.split("\n")
    names = next(csv.reader(lines[:1]), [])
    if len(names) < 2 or not names[-1].strip() or not is_header(names):  # noqa: PLR2004
        return None
    if '"' not in text:
        return {line.count(",") + 1 for line in lines if line.removesuffix("\r")}
    try:
        return {len(record) for record in csv.reader(io.StringIO(text, newline=""), strict=True) if record}
    except csv.Error:
        return None


_NEVER_DETECTED = {"compression", "decimal", "thousands", "currency", "ragged"}


def _standard_with_overrides(found: Format, overrides: Overrides) -> Format | None:
    given = overrides.given()
    detected = {name: value for name, value in given.items() if name not in _NEVER_DETECTED}
    if any(getattr(found, name) != value for name, value in detected.items()):
        return None
    return replace(found, **given, told=tuple(given))
