"""Rules about imports that import-linter cannot express; its own contracts are in pyproject.toml."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from dev.paths import ROOT


def imported_modules(file: Path) -> Iterator[str]:
    """Yield the absolute name of every import, also of those inside functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_azure_functions(file: Path) -> bool:
    names = [f"{name}." for name in imported_modules(file)]
    return any(name.startswith(("azure.functions.", "azurefunctions.")) for name in names)


def test_only_handlers_and_shared_http_import_azure_functions() -> None:
    # import-linter accepts only the whole of `azure`, which the storage client belongs to as well.
    importing = {
        file.relative_to(ROOT) for file in (ROOT / "shared").rglob("*.py") if imports_azure_functions(file)
    }
    assert {file.parent for file in importing} == {Path("shared/http")}


def test_shared_imports_no_handler_and_nothing_of_the_development_tool() -> None:
    names = {
        name.partition(".")[0] for file in (ROOT / "shared").rglob("*.py") for name in imported_modules(file)
    }
    assert names.isdisjoint({"ingest_http", "blob_trigger", "read_http", "function_app", "dev", "tests"})


def test_every_package_of_shared_has_a_layer() -> None:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = (contract["layers"] for contract in linter["contracts"] if contract["type"] == "layers")
    packages = {f"shared.{init.parent.name}" for init in (ROOT / "shared").glob("*/__init__.py")}
    assert {layer for layer in layers if layer.startswith("shared.")} == packages
