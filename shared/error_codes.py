"""The error codes of files, rows, loads and format warnings, each with its message and what to do.

The tables are the only definition of these texts; `docs/reference/error-codes.md` lists the same rows. Names
in braces are filled in where the error is raised. A code can have several messages: `not_csv.workbook` is
the code `not_csv` with a message of its own.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final


class _Formatter(string.Formatter):
    """Fills in a template; the items of a list are separated by commas."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, list | tuple):
            value = ", ".join(map(str, value))
        text: str = super().format_field(value, format_spec)
        return text


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What is wrong, what to do about it, and the upload option that changes the result, if one does."""

    message: str
    action: str = ""
    option: str = ""

    @property
    def template(self) -> str:
        """Message and action."""
        return f"{self.message} {self.action}".strip()

    def format(self, values: Mapping[str, Any]) -> str:
        """Message and action with `values` filled in; raises `KeyError` where one is missing."""
        return _Formatter().vformat(self.template, (), values)


@dataclass(frozen=True, slots=True)
class FormatWarning:
    """A warning about how a file is read: it could be wrong, and `option` would change it."""

    code: str
    message: str
    column: str | None = None
    line: int | None = None
    example: str | None = None
    option: str | None = None


ROW_TOO_LARGE: Final = (
    "too large for the table: its key, or another column with an index, is longer than about 2,700 bytes, or "
    "its columns do not fit into a page of 8 kB."
)
"""What is wrong with a row if Postgres raises `ProgramLimitExceeded`, whose message may quote the row."""

REFUSALS: Final[Mapping[str, ErrorText]] = {
    "archive_too_wide": ErrorText(
        "The directory of the zip archive has {size} bytes; at most {max_size} are allowed.",
        "Split the archive into several archives.",
    ),
    "bad_dataset_name": ErrorText(
        "{name!r} is not a valid dataset name.",
        "Use a-z, 0-9 and _, starting with a letter: at most 48 characters, not ending with _pkey or "
        "_load_line.",
    ),
    "compression_corrupt": ErrorText(
        "The {compression} data are corrupt near byte {byte}{reason}.", "Compress the file again."
    ),
    "compression_corrupt.archive": ErrorText(
        "The zip archive is corrupt ({reason}).", "Create the archive again."
    ),
    "compression_corrupt.member": ErrorText(
        "The member {member!r} is corrupt ({reason}).", "Create the archive again."
    ),
    "compression_mismatch": ErrorText(
        "The option compression is {option}, but the file is {content}.", "Leave the option out."
    ),
    "compression_trailing": ErrorText(
        "The {compression} data end before byte {byte}, but the file continues with other data.",
        "Compress the file again.",
    ),
    "compression_truncated": ErrorText(
        "The {compression} data are incomplete: the file ends at byte {byte}.", "Upload the whole file."
    ),
    "empty": ErrorText("The file is empty: it has no header.", "Upload a file with a header and rows."),
    "expands_too_far": ErrorText(
        "The compressed data expand too far: the first {read} bytes expand to {written} bytes or more; at "
        "most {most} bytes are allowed.",
        "Split the file.",
    ),
    "expands_too_far.ratio": ErrorText(
        "The compressed data expand too far: the first {read} bytes expand to {written} bytes or more; at "
        "most {ratio} times the compressed size is allowed.",
        "Split the file.",
    ),
    "header_mismatch": ErrorText(
        "The header {problems}.", "Correct the header, or set header_line to the line that has the names."
    ),
    "header_mismatch.key": ErrorText(
        "The header has no {missing}, which the key needs.", "Add the column, or choose another key."
    ),
    "header_mismatch.no_header": ErrorText(
        "The file seems to have no header.",
        "Add a header. If the columns are in this order, set header_line=none: {missing}.",
    ),
    "header_mismatch.width": ErrorText(
        "The file has {width} columns and no header, the contract has {expected}: {missing}.",
        "Send these columns in this order, or add a header.",
    ),
    "header_missing": ErrorText("There is no header on line {line} or below.", "Correct header_line."),
    "header_unreadable": ErrorText(
        "The header on line {line} cannot be read: {reason}.", "Correct the header."
    ),
    "key_conflict": ErrorText(
        "Line {first}: the key is already in the table, and the contract does not allow this "
        '(on_conflict = "refuse"). At least {count} rows have existing keys. Nothing was loaded.',
        "Remove these rows.",
    ),
    "key_differs": ErrorText(
        "The upload requests the key ({asked}), but the dataset has the key ({key}).",
        "Upload the file without the option key.",
    ),
    "key_differs.no_key": ErrorText(
        "The upload requests the key ({asked}), but the dataset has no key.",
        'Set it with PUT /api/datasets/{dataset} {{"key": [...]}}, then send the file.',
    ),
    "key_differs.contract_without_key": ErrorText(
        "The upload requests the key ({asked}), but the contract has no key.",
        "Upload the file without the option key.",
    ),
    "key_too_long": ErrorText(
        "Values of the key are too long ({lengths} bytes); the limit is {most} bytes.",
        "Choose other key columns, or load the file without a key.",
    ),
    "key_would_change": ErrorText(
        "The key column {column} is {type}, and the file has values that can only be stored as text. Rows "
        "that are already loaded would no longer be found by their key.",
        "Correct the values, or load the file into another dataset.",
    ),
    "line_too_long": ErrorText(
        "Line {line} is longer than {max_bytes} bytes.",
        "Check that the file is a CSV file whose lines end with LF or CRLF.",
    ),
    "member_encrypted": ErrorText("{member!r} is encrypted.", "Create the archive without a password."),
    "member_method": ErrorText(
        "{member!r} is compressed with {method}.", "Create the archive with the method deflate."
    ),
    "members_refused": ErrorText(
        "All {count} files of the archive were refused.", "The ingestion of each file states the reason."
    ),
    "name_taken": ErrorText(
        "The database has a table or another object {name!r} that was not created from files.",
        "Use another dataset name, or declare a contract for the table.",
    ),
    "no_member": ErrorText(
        "The archive contains no CSV file.", "Add one: see skipped for the files that it has."
    ),
    "no_rows": ErrorText(
        "The file has no rows that could be loaded, so the types of its columns are unknown.",
        "Upload a file with rows first.",
    ),
    "not_csv": ErrorText("This is {found}, not a CSV file.", "Upload a CSV file."),
    "not_csv.compression": ErrorText("The file is compressed with {found}.", "Supported: {supported}."),
    "not_csv.compressed_twice": ErrorText(
        "The file is compressed twice: its content is {found} data as well.", "Compress it only once."
    ),
    "not_csv.separator": ErrorText(
        "The first line sets the delimiter {delimiter!r}, which is not supported.",
        "Use one of {supported}, or set the option sep_line=false.",
    ),
    "not_csv.workbook": ErrorText(
        "This is {found}, not a CSV file.",
        "Save it as CSV (in Excel: File > Save As > CSV UTF-8), then upload that file.",
    ),
    "quotes_unclosed": ErrorText(
        "Too many quotes are opened and not closed, one of them on line {line}.",
        "Correct the quotes, or set quote=none.",
    ),
    "row_too_large": ErrorText(f"A row is {ROW_TOO_LARGE} Nothing was loaded.", "Shorten the values."),
    "row_too_large.columns": ErrorText(
        "With the columns of this file, rows of the table do not fit into a page of 8 kB.",
        "Leave columns out.",
    ),
    "row_too_wide": ErrorText(
        "A row of the file takes up to {bytes} bytes in {columns} columns; the limit is {most} bytes.",
        "Split the file into several datasets, or leave columns out.",
    ),
    "several_tables": ErrorText(
        "The file has several tables; the others begin on line {lines}.", "Put each table into its own file."
    ),
    "too_many_columns": ErrorText(
        "With the columns of this file the table would have {count} columns; the limit is {most}.",
        "Leave columns out.",
    ),
    "too_many_rejects": ErrorText(
        "{rejected} of {read} rows have errors (limit: {max_reject_ratio:.0%}). Nothing was loaded.",
        "Correct these rows, then send the whole file again.",
    ),
    "too_many_rejects.early": ErrorText(
        "{rejected} of the first {read} rows have errors (limit: {max_reject_ratio:.0%}). The rest was not "
        "read, and nothing was loaded.",
        "Correct the rows, then send the whole file again.",
    ),
    "unknown_dataset": ErrorText(
        "No contract declares the dataset {name!r}, and UNDECLARED_DATASETS=refuse allows no others.",
        "Declared datasets: {known}.",
    ),
    "unknown_encoding": ErrorText(
        "There is no encoding {encoding!r}.", "Use a name such as utf-8 or cp1252."
    ),
    "unsupported_extension": ErrorText(
        "The file name ends with none of {supported}.", "Save the file as CSV, or rename it."
    ),
    "wrong_override": ErrorText("A format option is not valid: {faults}"),
    "zip_archive": ErrorText(
        "The file is a zip archive where a CSV file is expected.", "Send its files directly."
    ),
}
"""Why a file is refused. `facts` of the error and further values fill in the message."""

ROW_ERRORS: Final[Mapping[str, ErrorText]] = {
    "footer": ErrorText("the row is a footer below the table"),
    "glued": ErrorText("a byte order mark is inside the file: files were concatenated"),
    "number_format": ErrorText("not a number in the format of this file, such as {example}"),
    "ragged": ErrorText("the row has {fields} fields, the header has {width}"),
    "repeated_header": ErrorText("the row repeats the header"),
    "several_lines": ErrorText("the row continues to line {line}; if it should not, a quote is missing"),
    "unreadable": ErrorText("{reason}"),
}
"""Why a row is rejected, besides the errors of pydantic."""

FAILURES: Final[Mapping[str, ErrorText]] = {
    "contended": ErrorText(
        "Another load changed the same rows.", "Nothing: the load starts again by itself."
    ),
    "load_failed": ErrorText(
        "PostgreSQL or storage refused an operation, or the row counts do not add up.",
        "See the log, correct the cause, replay the load.",
    ),
    "members_failed": ErrorText(
        "{count} files of the archive could not be loaded because of a failure of the app.",
        "See the ingestion of each file.",
    ),
    "replay_failed": ErrorText(
        "The replay failed; the rows loaded before are still in the table.",
        "See the log, correct the cause, replay the load.",
    ),
    "unavailable": ErrorText(
        "PostgreSQL or storage is unavailable or not ready.", "Nothing: the sweep tries again."
    ),
    "unexpected": ErrorText("An unexpected error.", "See the log for its stack trace."),
    "worker_died": ErrorText(
        "The worker process died during each of {attempts} attempts.", "It may need more memory or time."
    ),
}
"""Why a load failed although the file is not at fault."""

WARNINGS: Final[Mapping[str, ErrorText]] = {
    "bom_mismatch": ErrorText(
        "The file begins with the byte order mark of {found}, but the option says {encoding}.",
        option="encoding",
    ),
    "columns_not_found": ErrorText("No line has the names of the dataset's columns.", option="header_line"),
    "delimiter_ambiguous": ErrorText(
        "The file could also be read {delimiter}: {columns}.", option="delimiter"
    ),
    "double_cr": ErrorText("Lines end in CR CR LF, which counts as one line end."),
    "empty": ErrorText("The file is empty."),
    "encoding_ambiguous": ErrorText("The encoding could be {other}, not {encoding}.", option="encoding"),
    "encoding_guessed": ErrorText(
        "The encoding is a guess: {encoding}.",
        "If letters are wrong, set the option encoding.",
        option="encoding",
    ),
    "encoding_unknown": ErrorText("The encoding is unknown. The file is read as latin-1.", option="encoding"),
    "group_headings": ErrorText(
        "The {count} records above the column names are read as group headings.", option="header_line"
    ),
    "header_like_row": ErrorText(
        "It is unclear whether the first line is the header: only some values are like those of the rows.",
        option="header_line",
    ),
    "header_repeated": ErrorText(
        "The header is repeated further down. There it is read as a row.", option="header_line"
    ),
    "header_uncertain": ErrorText(
        "It is unclear whether the first line is the header: the columns have no types to compare it with.",
        option="header_line",
    ),
    "header_width": ErrorText(
        "The first line has {found} values, but the rows have {width}.",
        "Check the options delimiter and header_line.",
        option="header_line",
    ),
    "invalid_utf8": ErrorText("{bad} of the first {size} bytes are not valid UTF-8.", option="encoding"),
    "numeric_names": ErrorText(
        "The first line is read as the header, but some of its names are numbers.", option="header_line"
    ),
    "only_record": ErrorText(
        "The file has a single record. It has numbers or dates, so it is read as a row.", option="header_line"
    ),
    "quotes_unclosed": ErrorText(
        "{count} values begin with a quote but do not end with one.", option="quote"
    ),
    "rows_above_header": ErrorText("{count} records above the table are read as rows.", option="header_line"),
    "single_record": ErrorText(
        "The first {size} KB are a single record. It is read as the header.", option="header_line"
    ),
    "values_repeated": ErrorText(
        "The first line is read as a row, because its values are repeated further down.", option="header_line"
    ),
}
"""What could be wrong with the detected format of a file."""


def warning_text(code: str, **values: Any) -> str:
    """The sentence of the warning `code`, as the list `doubts` of a format has it."""
    return WARNINGS[code].format(values)


def failure_text(code: str, **values: Any) -> str:
    """The message of a failed load."""
    return FAILURES[code].format(values)


def parse_warning(sentence: str) -> FormatWarning:
    """The warning that `sentence` was made from; `code` is `other` for sentences of earlier versions."""
    for code, text in WARNINGS.items():
        found = _pattern(text.template).fullmatch(sentence)
        if found:
            return FormatWarning(code, sentence, option=text.option or None)
    return FormatWarning("other", sentence)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts: Iterable[tuple[str, str | None, str | None, str | None]] = string.Formatter().parse(template)
    return re.compile(
        "".join(re.escape(literal) + ("" if name is None else "(.+)") for literal, name, _, _ in parts),
        re.DOTALL,
    )
