"""Detects the format of a file from its first bytes, with a warning for each ambiguity."""

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
from shared.error_codes import warning_text
from shared.errors import FileRefused
from shared.formats.format import DELIMITERS, Format
from shared.formats.overrides import Overrides

HEAD_SIZE = 64 * 1024
"""Bytes of a file that are inspected; more make detection slow and no better."""

_MAX_LINES = 1000
"""Lines of the head that are inspected; a file with short lines needs no more."""

_KNOWN_HEADER_BONUS = 10.0
"""What a header with all known names adds to the score of a dialect, which is at most 1 otherwise."""

_SEP_LINE = re.compile(r'"?sep=(.?)"?[ \t]*(?:\r\n|\n|\r|$)', re.IGNORECASE)


def detect_format(
    head: bytes,
    *,
    is_whole: bool,
    overrides: Overrides | None = None,
    known_columns: Collection[str] | None = None,
) -> Format:
    """Detect the format of the file that begins with `head`, after decompression.

    Only `HEAD_SIZE` bytes are inspected. `is_whole` is whether the file has no more bytes; otherwise `head`
    may end anywhere. `overrides` are taken as they are. `known_columns` are the normalized names of a
    contract's columns, as `column_names.fields_by_name` returns them: the line with them is the header.
    Raises `FileRefused`, code `not_csv`, for other kinds of files. An empty file has no header.
    """
    overrides, known, head = overrides or Overrides(), frozenset(known_columns or ()), head[:HEAD_SIZE]
    detected = _detect_encoding(head, overrides, is_whole=is_whole)
    text = encoding.decode_head(head, detected.name, is_whole=is_whole)
    if not is_whole:
        text = text.removesuffix("\r")  # perhaps half a CRLF
    text, first_line, sep = split_sep_line(text, overrides)
    start, text = dialect.lines_from(text, first_line, overrides.header_line or first_line)
    with_sep = overrides if sep is None else overrides.merged_with(Overrides(delimiter=sep))
    best, rows, doubts = _detect_table(text, start, with_sep, known, is_whole=is_whole)
    header = _detect_header(rows, known, overrides, is_whole=is_whole)
    is_delimited = bool(best.delimiter.strip() or best.delimiter == "\t")
    found = Format(
        encoding=detected.name,
        has_bom=detected.has_bom,
        delimiter=best.delimiter,
        quote=best.quote,
        escape=best.escape,
        spaces_around_quotes=best.spaces_around_quotes,
        line_end=dialect.line_end_of(rows),
        sep_line=first_line > 1,
        header_line=header.line,
        header_lines=header.records,
        has_trailing_delimiter=is_delimited and _has_trailing_delimiter(rows, header),
        doubts=(*detected.doubts, *doubts, *header.doubts),
    )
    return _with_overrides(found, overrides)


def split_sep_line(text: str, overrides: Overrides) -> tuple[str, int, str | None]:
    """Split off Excel's line `sep=;`: the text below it, the number of its first line, the delimiter.

    Raises `FileRefused`, code `not_csv`, for a delimiter that is not supported, unless an option sets one.
    """
    match = None if overrides.sep_line is False else _SEP_LINE.match(text)
    if match is None:
        return text, 1, None
    delimiter = match[1].strip(" \"'") or None
    if delimiter and delimiter not in DELIMITERS and overrides.delimiter is None:
        raise FileRefused(
            "not_csv.separator",
            {"delimiter": delimiter, "supported": [repr(known) for known in DELIMITERS if known]},
            found=f"sep={delimiter}",
        )
    return text[match.end() :], 2, match[1] if match[1] and match[1] in DELIMITERS else None


def _detect_encoding(head: bytes, overrides: Overrides, *, is_whole: bool) -> Encoding:
    file_kind.check_not_compressed(head)
    file_kind.check_file_kind(head)
    chosen = encoding.choose_encoding(overrides.encoding, encoding.detect_encoding(head, is_whole=is_whole))
    if not chosen.name.startswith(("utf-16", "utf-32")) and overrides.encoding is None:
        file_kind.check_not_binary(head)
    return chosen


def _detect_table(
    text: str, first_line: int, overrides: Overrides, known: frozenset[str], *, is_whole: bool
) -> tuple[SampleDialect, list[SampleRecord], tuple[str, ...]]:
    """Return the best dialect, all complete records in it, and warnings."""

    def bonus(rows: list[SampleRecord]) -> float:
        match = header_line.find_known_header(rows, known)
        if match is None:
            return 0.0
        return _KNOWN_HEADER_BONUS * match.matches / len(known) * header_line.header_fit(rows, match)

    lines = dialect.first_lines(text, _MAX_LINES)
    is_whole = is_whole and len(lines) == len(text)
    for cr_ends in dialect.lone_cr_options(text, overrides.line_end):
        best, doubts = dialect.detect_dialect(lines, overrides, bonus, cr_ends=cr_ends, is_cut=not is_whole)
        rows = sample.read_records(lines, best, first_line, cr_ends=cr_ends)
        if not is_whole:
            rows = sample.complete_records(rows, lines, best, first_line)
        if not cr_ends or dialect.are_lone_crs_line_ends(rows):
            break
    return best, rows, doubts


def _detect_header(
    rows: list[SampleRecord], known: frozenset[str], overrides: Overrides, *, is_whole: bool
) -> HeaderLine:
    if overrides.header_line:
        first = next((row for row in rows if not sample.is_blank(row)), None)
        return HeaderLine(overrides.header_line, width=len(first.cells) if first else 1)
    match = header_line.find_known_header(rows, known)
    if match:
        return match
    if len(rows) == 1 and not is_whole:
        warning = warning_text("single_record", size=HEAD_SIZE // 1024)
        return HeaderLine(rows[0].line, width=len(rows[0].cells), doubts=(warning,))
    header = header_line.detect_header(rows)
    if known and rows:
        return replace(header, doubts=(*header.doubts, warning_text("columns_not_found")))
    return header


def _has_trailing_delimiter(rows: list[SampleRecord], header: HeaderLine) -> bool:
    """Whether most rows have an empty value at their end that the header has no name for."""
    index = next((index for index, row in enumerate(rows) if row.line == header.line), None)
    end = 0 if index is None else index + header.records
    names = rows[end - 1].cells if 0 < end <= len(rows) else None
    below = [row for row in rows[end:] if not sample.is_blank(row)]
    width = len(names) if names else header.width
    fitting = [row for row in below if len(row.cells) in {width, width + 1}]
    if names and names[-1].strip():
        fitting = [row for row in fitting if len(row.cells) > width]
        return len(fitting) * 2 > len(below) and not any(row.cells[-1] for row in fitting)
    return width > 1 and not any(row.cells[-1] for row in fitting)


def _with_overrides(detected: Format, overrides: Overrides) -> Format:
    """Return `detected` with the options in place of detected fields."""
    values = {**overrides.given(), "encoding": detected.encoding}  # it has the detected byte order
    if overrides.header_line == 0:
        values["header_line"] = None
    return replace(detected, **values, told=tuple(overrides.given()))


_CONTROLS = bytes(set(range(32)) - {*b"\t\n\r"}) + b"\x7f"
_OTHER_QUOTES = (
    (b'" ', re.compile(rb'" +,')),
    (b' "', re.compile(rb'[,\n] +"')),
    (b"'", re.compile(rb"[,\n] ?'|'[,\n\r]|'$")),
)
"""Signs of quotes that are not standard, each with a part of it that is found faster."""

_OTHER_START = re.compile(r"""["']?sep=|\s|'""", re.IGNORECASE)

_NEVER_DETECTED = {"compression", "decimal", "thousands", "currency", "ragged"}


def detect_standard_csv(
    head: bytes, *, is_whole: bool, overrides: Overrides, is_header: Callable[[Sequence[str]], bool]
) -> Format | None:
    """Return what `detect_format` would find for a standard CSV file, or `None` for any other file.

    Standard CSV is as in RFC 4180: UTF-8 with or without a byte order mark, one kind of line end, as many
    values in each record as there are names, and known names: `is_header` gets those of the first line.
    """
    text = None if _has_unusual_bytes(head) else _decode_utf8(head, is_whole=is_whole)
    if text is None or _OTHER_START.match(text):
        return None
    if not is_whole:
        text = text[: text.rfind("\n") + 1]
    widths = _record_widths(text, is_header)
    if widths is None or len(widths) != 1:
        return None
    crlfs, lfs = text.count("\r\n"), text.count("\n")
    if crlfs not in {0, lfs}:
        return None
    has_bom = head.startswith(codecs.BOM_UTF8)
    standard = Format(
        encoding="utf-8-sig" if has_bom else "utf-8", has_bom=has_bom, line_end="\r\n" if crlfs else "\n"
    )
    return _standard_with_overrides(standard, overrides)


def _has_unusual_bytes(head: bytes) -> bool:
    """Whether `head` has a control character, a CR without LF, an escape, or another quote."""
    return (
        len(head.translate(None, _CONTROLS)) < len(head)
        or head.count(b"\r") > head.count(b"\r\n") + head.endswith(b"\r")
        or b'\\"' in head
        or any(part in head and sign.search(head) for part, sign in _OTHER_QUOTES)
    )


def _decode_utf8(head: bytes, *, is_whole: bool) -> str | None:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head, final=is_whole)
    except UnicodeDecodeError:
        return None
    return text.removeprefix("\ufeff")


def _record_widths(text: str, is_header: Callable[[Sequence[str]], bool]) -> set[int] | None:
    """Return the numbers of values in the records, `None` without a header or with a broken record."""
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


def _standard_with_overrides(standard: Format, overrides: Overrides) -> Format | None:
    given = overrides.given()
    detected = {name: value for name, value in given.items() if name not in _NEVER_DETECTED}
    if any(getattr(standard, name) != value for name, value in detected.items()):
        return None
    return replace(standard, **given, told=tuple(given))
