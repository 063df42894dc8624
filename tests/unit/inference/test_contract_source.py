"""The source of a contract makes the contract that was inferred, in the house style."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.inference import table_columns
from shared.inference.contract_builder import build_contract
from shared.inference.contract_source import contract_source
from shared.inference.table_columns import TableColumn
from tests.unit.inference.inferred_columns import Texts, infer

_EVERYTHING: dict[str, Texts] = {
    "order_id": ["1", "2"],
    "price": ["1.50", "2.25"],
    "weight": ["1.125", "N/A"],
    "date": ["2024-01-01", "-"],
    "opened": ["2024-01-01 10:30", "2024-01-01"],
    "closed": ["2024-01-01 10:30Z", None],
    "measured": ["1e-5", "2"],
    "paid": ["true", ""],
    "code": ["007", None],
}
_SAMPLES = [
    "1",
    "1.5",
    "1.5555555",
    "2024-01-01",
    "2024-01-01 10:30",
    "2024-01-01T10:30Z",
    "1e5",
    "inf",
    "",
    "x",
]


def tables() -> dict[str, tuple[list[TableColumn], list[str]]]:
    everything = list(table_columns.new_table_columns(list(infer(_EVERYTHING).values()), ["order_id"]))
    long = "A header that goes on and on, as those of surveys do: " + "how satisfied are you? " * 5
    headers = [
        ("Gr\u00f6\u00dfe",),
        ("\u0446\u0435\u043d\u0430 \u201c", "x\n'\"\\"),
        (long,),
        (long + "1", long + "2"),
    ]
    text, number = (infer({"a": texts})["a"].type for texts in (["x"], ["1.5"]))
    names = [f"{letter * 60}" for letter in "abcd"]
    return {
        "everything": (everything, ["order_id"]),
        "only_text": ([TableColumn("a", text, False)], []),
        "none_2024": ([TableColumn("date", text, True), TableColumn("b", number, True)], []),
        "2024_headers": (
            [TableColumn(f"c{place}", text, place > 1, headers=some) for place, some in enumerate(headers)],
            [],
        ),
        "long": ([TableColumn(name, number, False, nulls=("-", "N/A")) for name in names], names[:2]),
        "medium": (
            [TableColumn("a" * 40, number, True, headers=("b" * 30,), nulls=("-",)), *everything],
            ["order_id"],
        ),
    }


def executed(text: str, name: str) -> type[Contract]:
    module = types.ModuleType(f"inferred_{name}")
    sys.modules[module.__name__] = module  # where pydantic looks for names in annotations
    try:
        exec(text, module.__dict__)  # noqa: S102 - it is what was made
    finally:
        del sys.modules[module.__name__]
    (made,) = [
        value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Contract)
        and value is not Contract
    ]  # fmt: skip
    return made


def accepted(contract: type[Contract], row: dict[str, Any]) -> dict[str, Any] | set[tuple[object, ...]]:
    try:
        return contract.model_validate(row, by_alias=False, by_name=True).model_dump()
    except ValidationError as exc:
        return {(error["type"], *error["loc"]) for error in exc.errors()}


@pytest.mark.parametrize("name", tables())
def test_it_makes_the_same_contract(name: str) -> None:
    columns, key = tables()[name]
    runtime, saved = build_contract(name, columns, key), executed(contract_source(name, columns, key), name)
    assert dataset_table.contract_fields(saved) == dataset_table.contract_fields(runtime)
    assert (saved.dataset, saved.key, saved.__name__) == (name, tuple(key), runtime.__name__)
    assert getattr(saved, "null_spellings", {}) == getattr(runtime, "null_spellings", None)
    for sample in _SAMPLES:
        row = dict.fromkeys(runtime.model_fields, sample)
        assert accepted(saved, row) == accepted(runtime, row)
    assert accepted(saved, {}) == accepted(runtime, {})
    for field, info in runtime.model_fields.items():
        row = {field: "1"}
        assert accepted(saved, row) == accepted(runtime, row)
        assert bool(saved.model_fields[field].validation_alias) is bool(info.validation_alias)


@pytest.mark.parametrize("name", tables())
def test_it_is_in_the_house_style(name: str, tmp_path: Path) -> None:
    columns, key = tables()[name]
    text = contract_source(name, columns, key)
    root = Path(__file__).parents[3]
    for arguments in (["check"], ["format", "--check", "--diff"]):
        command = [
            sys.executable,
            "-m",
            "ruff",
            *arguments,
            "--no-cache",
            "--stdin-filename",
            "shared/contracts/it.py",
        ]
        done = subprocess.run(
            [*command, "-"], input=text, cwd=root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_http_needs_imports_nothing_heavy() -> None:
    modules = "contract_builder, contract_source, table_columns; from shared.datasets import alter_table"
    heavy = "{'numpy', 'pandas', 'pyarrow'} & {*sys.modules}"
    script = f"import sys; from shared.inference import {modules}; print({heavy})"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_only_a_column_that_no_header_names_may_be_missing() -> None:
    text = infer({"a": ["x"]})["a"].type
    headers = {"id": ("ID",), "column_2": (), "a": ("a",), "a_2": ("a",), "column_5": ("€",)}
    named = [TableColumn(name, text, False, headers=found) for name, found in headers.items()]
    saved = executed(contract_source("zoo", named, ["id"]), "named")
    assert [field.name for field in dataset_table.contract_fields(saved) if field.required] == [
        "id",
        "a",
        "column_5",
    ]

    blank = [TableColumn(f"column_{place}", text, False) for place in (1, 2)]
    saved = executed(contract_source("zoo", blank), "blank")
    assert all(field.required for field in dataset_table.contract_fields(saved))
