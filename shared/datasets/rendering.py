"""Values of a column as texts, in SQL: what becomes of them when the column is widened to text."""

from __future__ import annotations

from psycopg2 import sql

from shared.inference.forms import Mark, NumberForm
from shared.inference.kinds import Kind
from shared.inference.table import TableColumn

_NUMBERS = {
    NumberForm.FIXED: "round({value}, {places})::text",
    NumberForm.TRIMMED: "trim_scale({value})::text",
    NumberForm.POINT: "case when {value} = trunc({value}) then trunc({value})::text || '.0'"
    " else trim_scale({value})::text end",
    NumberForm.WHOLE_BARE: "case when {value} = trunc({value}) then trunc({value})::text"
    " else round({value}, {places})::text end",
}
_WORDS = {Mark.UPPER: "upper({value}::text)", Mark.TITLE: "initcap({value}::text)"}
# Not `::text`: that depends on the session's `DateStyle` and `TimeZone`.
_DATE = "to_char({value}, 'YYYY-MM-DD')"
_TIME = "rtrim(rtrim(to_char({value}, 'YYYY-MM-DD{separator}HH24:MI:SS.US'), '0'), '.')"
_ZONED = (
    "rtrim(rtrim(to_char({value} at time zone 'UTC', 'YYYY-MM-DD{separator}HH24:MI:SS.US'), '0'), '.') || 'Z'"
)


def as_text(column: TableColumn) -> sql.Composed:
    """The column's values as the files wrote them, where all wrote them in one form.

    Otherwise numbers have no zeros at the end. Times have seconds, those with a zone are in UTC.
    """
    return sql.SQL(_expression(column)).format(
        value=sql.Identifier(column.name),
        places=sql.Literal(column.form.most or 0),
        separator=sql.SQL('"T"' if Mark.BLANK not in column.form.marks else " "),
    )


def _expression(column: TableColumn) -> str:
    match column.type.kind:
        case Kind.NUMERIC:
            return _NUMBERS[column.form.of_numbers or NumberForm.TRIMMED]
        case Kind.BOOLEAN:
            return _WORDS.get(column.form.of_words or Mark.LOWER, "{value}::text")
        case Kind.DATE:
            return _DATE
        case Kind.TIMESTAMP:
            return _TIME
        case Kind.TIMESTAMPTZ:
            return _ZONED
        case _:
            return "{value}::text"
