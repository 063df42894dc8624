"""The list of error codes: what each raise site gives, and the tree of errors."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from shared import errors
from shared.error_codes import (
    FAILURES,
    REFUSALS,
    ROW_ERRORS,
    WARNINGS,
    ErrorText,
    FormatWarning,
    parse_warning,
    warning_text,
)
from shared.errors import FileRefused, IngestError

ROOT = Path(__file__).parents[2]


def fields(template: str) -> set[str]:
    parts = string.Formatter().parse(template)
    return {re.split(r"[.\[]", name)[0] for _, name, _, _ in parts if name is not None}


def calls(*names: str) -> Iterator[tuple[str, ast.Call]]:
    """Where the app calls a function of one of these names, and the call."""
    for path in sorted((ROOT / "shared").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and name_of(node.func) in names:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def first_text(call: ast.Call) -> str | None:
    value = call.args[0] if call.args else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def given(call: ast.Call) -> set[str]:
    """The names that a call gives values for: its keywords, and the keys of the dict after the code."""
    names = {keyword.arg for keyword in call.keywords if keyword.arg}
    for value in call.args[1:]:
        if isinstance(value, ast.Dict):
            names |= {str(key.value) for key in value.keys if isinstance(key, ast.Constant)}
    return names


def test_every_refusal_gives_what_its_message_needs() -> None:
    used = set()
    for place, call in calls("FileRefused"):
        reason = first_text(call) or ""
        assert reason in REFUSALS, place
        used.add(reason)
        assert fields(REFUSALS[reason].template) <= given(call), place
    assert used == set(REFUSALS)


@pytest.mark.parametrize(
    ("function", "table"),
    [
        ("row_error", ROW_ERRORS),
        ("row_reject", ROW_ERRORS),
        ("warning_text", WARNINGS),
        ("failure_text", FAILURES),
    ],
)
def test_every_other_error_gives_what_its_message_needs(
    function: str, table: Mapping[str, ErrorText]
) -> None:
    found = [(place, call) for place, call in calls(function) if first_text(call)]
    assert found
    for place, call in found:
        code = first_text(call) or ""
        assert code in table, place
        assert fields(table[code].template) <= given(call), place


def test_every_row_error_warning_and_failure_is_used() -> None:
    codes = {first_text(call) for _, call in calls("row_error", "row_reject")}
    assert codes - {None} == set(ROW_ERRORS)
    assert {first_text(call) for _, call in calls("warning_text")} == set(WARNINGS)
    assert {first_text(call) for _, call in calls("failure_json")} | {"replay_failed"} == set(FAILURES)


def test_a_refusal_has_the_code_before_the_dot_and_the_text_of_its_reason() -> None:
    refusal = FileRefused("expands_too_far.ratio", {"ratio": 200}, read=7, written=9000)
    assert (refusal.code, refusal.facts) == ("expands_too_far", {"read": 7, "written": 9000})
    assert refusal.message == (
        "The compressed data expand too far: the first 7 bytes expand to 9000 bytes or more; "
        "at most 200 times the compressed size is allowed. Split the file."
    )


def test_items_of_a_list_are_separated_by_commas() -> None:
    refusal = FileRefused("several_tables", lines=[5, 9])
    assert refusal.message == (
        "The file has several tables; the others begin on line 5, 9. Put each table into its own file."
    )


@pytest.mark.parametrize("code", WARNINGS)
def test_the_sentence_of_a_warning_leads_back_to_its_code(code: str) -> None:
    sentence = warning_text(code, **dict.fromkeys(fields(WARNINGS[code].template), "7"))
    assert parse_warning(sentence) == FormatWarning(code, sentence, option=WARNINGS[code].option or None)


def test_a_sentence_of_an_earlier_version_has_no_code_of_its_own() -> None:
    assert parse_warning("Nobody says this.") == FormatWarning("other", "Nobody says this.")


def test_codes_are_short_words() -> None:
    for table in (REFUSALS, ROW_ERRORS, FAILURES, WARNINGS):
        assert all(re.fullmatch(r"[a-z0-9_]+(\.[a-z_]+)?", code) for code in table)


def test_the_drawing_of_the_errors_is_their_class_tree() -> None:
    drawing = re.findall(
        r"^((?:[│├└─ ]{4})*)(\w+)", (errors.__doc__ or "").partition("\n\n")[2], re.MULTILINE
    )
    drawn, above = {}, [""]
    for indent, name in drawing:
        depth = len(indent) // 4
        drawn[name] = above[depth]
        above[depth + 1 :] = [name]
    assert drawn == {"IngestError": "", **dict(subclasses(IngestError))}


def subclasses(parent: type[IngestError]) -> Iterator[tuple[str, str]]:
    for child in parent.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child.__name__, parent.__name__
            yield from subclasses(child)
