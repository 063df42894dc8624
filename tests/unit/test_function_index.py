"""The function app imports without any setting, and lists exactly its functions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]

FUNCTIONS = {
    "ingest": ("httpTrigger", "ingest", ["POST"], "FUNCTION"),
    "first_chunk": ("httpTrigger", "read/first-chunk", ["GET"], "FUNCTION"),
    "rows": ("httpTrigger", "read/{dataset}", ["GET"], "FUNCTION"),
    "row": ("httpTrigger", "read/{dataset}/{key}", ["GET"], "FUNCTION"),
    "put_row": ("httpTrigger", "read/{dataset}/{key}", ["PUT"], "FUNCTION"),
    "delete_row": ("httpTrigger", "read/{dataset}/{key}", ["DELETE"], "FUNCTION"),
    "uploads": ("httpTrigger", "uploads", ["POST"], "FUNCTION"),
    "replay_ingestion": ("httpTrigger", "ingestions/{id}/replay", ["POST"], "FUNCTION"),
    "undo_ingestion": ("httpTrigger", "ingestions/{id}", ["DELETE"], "FUNCTION"),
    "ingestions": ("httpTrigger", "ingestions", ["GET"], "FUNCTION"),
    "rejects": ("httpTrigger", "ingestions/{id}/rejects", ["GET"], "FUNCTION"),
    "loads": ("httpTrigger", "datasets/{name}/loads", ["GET"], "FUNCTION"),
    "ingestion": ("httpTrigger", "ingestions/{id}", ["GET"], "FUNCTION"),
    "datasets": ("httpTrigger", "datasets", ["GET"], "FUNCTION"),
    "dataset": ("httpTrigger", "datasets/{name}", ["GET"], "FUNCTION"),
    "set_key": ("httpTrigger", "datasets/{name}", ["PUT"], "FUNCTION"),
    "contract": ("httpTrigger", "datasets/{name}/contract.py", ["GET"], "FUNCTION"),
    "health": ("httpTrigger", "health", ["GET"], "ANONYMOUS"),
    "openapi": ("httpTrigger", "openapi.json", ["GET"], "ANONYMOUS"),
    "docs": ("httpTrigger", "docs", ["GET"], "ANONYMOUS"),
    "docs_file": ("httpTrigger", "docs/{file}", ["GET"], "ANONYMOUS"),
    "console": ("httpTrigger", "console", ["GET"], "ANONYMOUS"),
    "console_file": ("httpTrigger", "console/{file}", ["GET"], "ANONYMOUS"),
    "load": ("blobTrigger", "uploads/{name}", "UPLOADS", "LogsAndContainerScan"),
    "replay": ("queueTrigger", "csv-replays", "UPLOADS"),
    "give_up": ("queueTrigger", "webjobs-blobtrigger-poison", "UPLOADS"),
    "sweep": ("timerTrigger", "0 */5 * * * *"),
}

DETAILS = {
    "httpTrigger": ("route", "methods", "authLevel"),
    "blobTrigger": ("path", "connection", "source"),
    "queueTrigger": ("queueName", "connection"),
    "timerTrigger": ("schedule",),
}

PROGRAM = """
import json, sys
import function_app
HEAVY = ("pandas", "pyarrow", "numpy", "alembic", "sqlalchemy", "psycopg2", "pydantic", "tenacity")
print(json.dumps({
    "functions": {
        f.get_function_name(): [json.loads(b) for b in f.get_raw_bindings()]
        for f in function_app.app.get_functions()
    },
    "heavy": [name for name in HEAVY if name in sys.modules],
}))
"""


IMPORTS = """
import importlib, json, sys
for stage in json.loads(sys.argv[1]):
    for name in stage:
        importlib.import_module(name)
    print(json.dumps([name for name in ("pandas", "pyarrow", "numpy") if name in sys.modules]))
"""
"""Imports modules in stages; prints after each stage which of the three packages are imported."""


def run(*arguments: str, environment: Mapping[str, str]) -> list[Any]:
    """Run Python with these arguments; return the JSON values that it prints."""
    output = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [json.loads(line) for line in output.splitlines()]


@cache
def index(**environment: str) -> Any:
    """The functions of the app and its imported packages, in a process with these settings."""
    (result,) = run("-W", "error", "-c", PROGRAM, environment=environment)
    return result


def listed(result: Any) -> dict[str, tuple[Any, ...]]:
    triggers = {name: bindings[0] for name, bindings in result["functions"].items()}
    return {
        name: (trigger["type"], *(trigger[detail] for detail in DETAILS[trigger["type"]]))
        for name, trigger in triggers.items()
    }


def test_without_any_setting_the_app_lists_exactly_its_functions() -> None:
    assert listed(index()) == FUNCTIONS


def test_importing_the_app_imports_no_heavy_package() -> None:
    assert index()["heavy"] == []


def test_no_http_module_but_the_dry_run_use_case_imports_the_parser() -> None:
    handlers = sorted(
        f"{folder}.{path.stem}"
        for folder in ("ingest_http", "read_http")
        for path in (ROOT / folder).glob("*.py")
    )
    assert len(handlers) > 10
    assert "ingest_http.dry_run" in handlers

    stages = json.dumps([handlers, ["shared.use_cases.dry_run"]])
    assert run("-c", IMPORTS, stages, environment=os.environ) == [[], ["pandas", "pyarrow", "numpy"]]


def test_the_blob_source_is_a_setting() -> None:
    assert listed(index(BLOB_TRIGGER_SOURCE="eventgrid"))["load"][-1] == "EventGrid"
    assert listed(index(BLOB_TRIGGER_SOURCE="nonsense"))["load"][-1] == "LogsAndContainerScan"
