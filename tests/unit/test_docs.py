"""What the pages, the examples and the pins say is what the code has."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from blob_trigger import handler
from dev import __main__ as dev
from dev import paths
from dev.paths import ROOT
from ingest_http import api_description as ingest_description
from ingest_http.parameters import parameter_names
from read_http import api_description as read_description
from read_http import parameters
from shared.error_codes import FAILURES, REFUSALS, ROW_ERRORS, WARNINGS, ErrorText
from shared.formats.overrides import Overrides
from shared.settings import Settings
from shared.use_cases import give_up_load
from tests.fixtures.pages import Page, contributors_pages, every_page, names
from tests.unit.test_function_index import FUNCTIONS

README = Page("README.md")
API = Page("docs/reference/api.md")
SETTINGS = Page("docs/reference/settings.md")
EXAMPLE: dict[str, str] = json.loads((ROOT / "local.settings.json.example").read_text())["Values"]
HOST: dict[str, Any] = json.loads((ROOT / "host.json").read_text())
PAGES = [*every_page(), *contributors_pages()]

PLATFORMS_OWN = {
    "FUNCTIONS_WORKER_RUNTIME",
    "AzureWebJobsStorage",
    "UPLOADS__credential",
}
LANGUAGES = {"sh", "console", "azurecli", "python", "text", "mermaid"}


def in_code() -> dict[str, str | None]:
    """Each setting and its default."""
    return {
        str(field.alias): None
        if field.is_required() or field.default is None
        else f"{field.default:g}"
        if isinstance(field.default, float)
        else str(field.default)
        for field in Settings.model_fields.values()
    }


def documented() -> set[str]:
    return set(names([row[0] for row in SETTINGS.table("setting")]))


def defaults(page: Page) -> dict[str, str]:
    return {names(row[:1])[0]: names(row[1:2])[0] for row in page.table("setting") if names(row[1:2])}


def test_the_reference_explains_exactly_the_settings_there_are() -> None:
    assert documented() == set(in_code()) | PLATFORMS_OWN


def test_the_reference_names_the_defaults_that_the_code_has() -> None:
    assert defaults(SETTINGS) == {name: default for name, default in in_code().items() if default is not None}


def test_the_readme_shows_five_settings_with_the_defaults_that_the_code_has() -> None:
    shown = names([row[0] for row in README.table("setting")])
    assert len(shown) == 5
    assert set(shown) <= set(in_code())
    assert defaults(README) == {name: default for name in shown if (default := in_code()[name]) is not None}


def test_the_example_has_every_setting_that_a_local_run_needs_and_no_other() -> None:
    identity = {name for name in documented() if name.startswith("UPLOADS__")}
    assert documented() - identity == EXAMPLE.keys()


def test_every_state_is_explained() -> None:
    from shared.ledger.tables import State  # noqa: PLC0415

    explained = names([row[0] for row in Page("docs/reference/states.md").table("state")])
    assert sorted(explained) == sorted(map(str, State))


def test_every_count_is_explained() -> None:
    from shared.http.ingestion_models import Counts  # noqa: PLC0415

    explained = names([row[0] for row in Page("docs/reference/states.md").table("count")])
    assert explained == list(Counts.model_fields)


def test_every_endpoint_is_documented() -> None:
    cells = [row[0] for table in API.tables("endpoint") for row in table]
    documented = {name.partition("?")[0] for name in names(cells)}
    assert documented == {
        f"{method} /api/{found[1]}"
        for found in FUNCTIONS.values()
        if found[0] == "httpTrigger"
        for method in found[2]
    }


def test_every_error_of_an_endpoint_is_documented() -> None:
    operations = {**ingest_description.OPERATIONS, **read_description.OPERATIONS}
    rows = {name: row[2] for table in API.tables("endpoint") for row in table for name in names(row[:1])}
    for function, operation in operations.items():
        _, path, (method,), _ = FUNCTIONS[function]
        documented = re.findall(r"\b[45]\d\d\b", rows[f"{method} /api/{path}"])
        assert list(map(int, documented)) == list(operation.problems), path


def test_endpoints_that_need_no_key_are_marked() -> None:
    rows = [row for table in API.tables("endpoint") for row in table]
    marked = {name for row in rows if "**open.**" in row[1] for name in names(row[:1])}
    assert marked == {f"GET /api/{found[1]}" for found in FUNCTIONS.values() if found[-1] == "ANONYMOUS"}


@pytest.mark.parametrize(
    ("endpoint", "model"),
    [
        ("`GET /api/ingestions`", parameters.Ingestions),
        ("`GET /api/ingestions/{id}/rejects`", parameters.Rejects),
        ("`GET /api/read/first-chunk`", parameters.FirstChunk),
        ("`GET /api/read/{dataset}`", parameters.Page),
        ("`GET /api/datasets` and `GET /api/datasets/{name}`", parameters.Datasets),
        ("`GET /api/datasets/{name}/loads`", parameters.Loads),
    ],
)
def test_every_parameter_of_an_endpoint_is_documented(endpoint: str, model: type[parameters.Query]) -> None:
    table = API.table(f"parameter of {endpoint}")
    assert [names(row[:1])[0] for row in table] == list(model.model_fields)
    shown = {names(row[:1])[0]: row[1] for row in table if row[1].isdigit()}
    fields = model.model_fields.items()
    assert shown == {name: str(field.default) for name, field in fields if isinstance(field.default, int)}


def test_every_upload_option_is_documented() -> None:
    page = Page("docs/reference/upload-options.md")
    requests, formats = page.table("parameter"), page.table("option")
    assert sorted(names([row[0] for row in [*requests, *formats]])) == sorted(parameter_names())


def test_every_class_variable_of_a_contract_is_documented() -> None:
    from shared.contracts.base import Contract  # noqa: PLC0415

    rows = Page("docs/reference/contract.md").table("variable")
    declared = [name for name in Contract.__annotations__ if name in Contract.__class_vars__]
    assert names([row[0] for row in rows]) == declared
    shown = {names(row[:1])[0]: names(row[1:2])[0] for row in rows if row[1]}
    values = {name: getattr(Contract, name) for name in declared if hasattr(Contract, name)}
    assert shown == {name: shown_in_code(value) for name, value in values.items()}


def shown_in_code(value: object) -> str:
    return "Overrides()" if value == Overrides() else repr(value).replace("'", '"')


def test_the_layout_names_folders_that_are_there_and_every_package() -> None:
    (layout,) = README.code("text")
    parent, found = "", set()
    for line in layout.splitlines():
        shown = re.split(r"\s{2,}", line.strip())[0].split()
        parent = parent if line.startswith(" ") else ""
        for name in shown:
            assert (ROOT / parent / name).exists(), f"{parent}{name}"
            found.add(f"{parent}{name}".rstrip("/"))
        parent = parent or shown[0]
    packages = {f"shared/{one.parent.name}" for one in (ROOT / "shared").glob("*/__init__.py")}
    assert packages <= found


def test_the_readme_is_short() -> None:
    assert len(README.text.splitlines()) <= 150
    assert len(README.text.split()) <= 1100


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_links_lead_to_files_and_headings_that_are_there(page: Page) -> None:
    prose = re.sub(r"^( *)```.*?^\1```$", "", page.text, flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r"(?:src|srcset)=\"([^\"]+)\"", prose)
    for target in targets:
        if re.match(r"\w+:", target):
            continue
        name, _, heading = target.partition("#")
        path = (ROOT / page.path).parent / name if name else ROOT / page.path
        assert path.exists(), target
        assert not heading or heading in headings(path.read_text()), target


def headings(text: str) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in found}


@pytest.mark.parametrize("folder", ["docs", "docs/decisions"])
def test_every_page_is_in_an_index(folder: str) -> None:
    index = Page(f"{folder}/README.md").text
    pages = {
        str((ROOT / page.path).relative_to(ROOT / folder)) for page in PAGES if page.path.startswith(folder)
    }
    pages -= {
        "README.md",
        *(name for name in pages if name.startswith("decisions/") and "README" not in name),
    }
    assert {name for name in pages if f"({name})" not in index} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_the_language_of_each_code_block_says_whether_it_is_run(page: Page) -> None:
    assert page.text.count("```") == 2 * len(page.blocks)
    assert {language for language, _ in page.blocks} <= LANGUAGES


def test_every_command_in_the_pages_is_one_that_there_is() -> None:
    blocks = [code for page in PAGES for code in page.code("console")]
    lines = re.findall(r"^(?:\w+=\S+ )*python3 dev (.+)$", "".join(blocks), re.MULTILINE)
    commands = [dev.parse(shlex.split(line, comments=True)).command for line in lines]
    assert set(commands) == {"up", "test", "migrate", "bench", "reset"}


def test_the_page_of_error_codes_has_the_messages_of_the_registry() -> None:
    refusals, row_errors, warnings, failures = Page("docs/reference/error-codes.md").tables("code")
    assert refusals == [[code_of(key), text.message, text.action] for key, text in documented_texts(REFUSALS)]
    assert row_errors == [[code_of(key), text.message] for key, text in documented_texts(ROW_ERRORS)]
    assert warnings == [
        [code_of(key), text.template, text.option and f"`{text.option}`"]
        for key, text in documented_texts(WARNINGS)
    ]
    assert failures == [[code_of(key), text.message, text.action] for key, text in documented_texts(FAILURES)]


def documented_texts(table: Mapping[str, ErrorText]) -> Iterator[tuple[str, ErrorText]]:
    """Keys and texts, with placeholders as the page shows them: `{name}` for `{name!r}`."""
    for key, text in table.items():
        message, action = (
            re.sub(r"(?<!\{)(\{\w+)[!:][^}]*\}", r"\1}", part).replace("{{", "{").replace("}}", "}")
            for part in (text.message, text.action)
        )
        yield key, ErrorText(message, action, text.option)


def code_of(key: str) -> str:
    return f"`{key.partition('.')[0]}`"


@pytest.mark.parametrize(
    ("page", "code"), [(page.path, code) for page in PAGES for code in page.code("python")]
)
def test_every_python_example_is_a_contract(page: str, code: str) -> None:
    from shared.contracts import dataset_table  # noqa: PLC0415
    from shared.contracts.base import Contract  # noqa: PLC0415

    found: dict[str, Any] = {"__name__": "example"}
    exec(compile(code, page, "exec", dont_inherit=True), found)  # noqa: S102 - our own pages
    (contract,) = (
        one
        for one in found.values()
        if isinstance(one, type) and issubclass(one, Contract) and one is not Contract
    )
    assert dataset_table.sqlalchemy_table(contract).name == contract.dataset


PACKAGES = [folder.parent.name for folder in sorted(ROOT.glob("*/__init__.py"))]
PACKAGES += [folder.parent.name for folder in sorted((ROOT / "shared").glob("*/__init__.py"))]


@pytest.mark.parametrize("path", ["CONTRIBUTING.md", "docs/explanation/architecture.md"])
def test_paths_in_backticks_lead_to_modules_and_folders_that_are_there(path: str) -> None:
    prose = re.sub(r"```.*?^```$", "", Page(path).text, flags=re.MULTILINE | re.DOTALL)
    found = [name for name in names([prose]) if name.partition("/")[0] in {*PACKAGES, "shared", "tests"}]
    found = [name for name in found if re.fullmatch(r"[\w.]+(/[\w.]+)*/?", name)]
    assert any("/" in name for name in found)
    assert [name for name in found if not is_module_or_folder(name)] == []


def is_module_or_folder(name: str) -> bool:
    """Whether `name` exists, with or without `shared/` before it and `.py` after it."""
    return any(
        (ROOT / parent / f"{name}{suffix}").exists() for parent in ("", "shared") for suffix in ("", ".py")
    )


def test_compose_and_the_local_stack_use_one_azurite() -> None:
    compose = (ROOT / "docker-compose.yml").read_text()
    assert f"azurite@{paths.AZURITE_VERSION} " in compose


def test_every_requirement_has_a_compatible_release_range() -> None:
    for name in ("requirements.txt", "dev/requirements.txt"):
        for line in (ROOT / name).read_text().splitlines():
            if line and not line.startswith(("#", "-r")):
                assert re.match(r"[\w\-\[\]]+~=\d", line), line


def test_a_blob_is_given_up_after_as_many_tries_as_the_host_gives_it() -> None:
    assert HOST["extensions"]["blobs"]["poisonBlobThreshold"] == give_up_load._PLATFORM_ATTEMPTS


def test_a_sweep_ends_before_the_host_ends_it() -> None:
    hours, minutes, seconds = map(int, HOST["functionTimeout"].split(":"))
    assert (hours * 60 + minutes) * 60 + seconds > handler._SWEEP_SECONDS


def test_the_changelog_names_the_version_of_the_project() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    newest = re.search(r"^## (\S+) \(\d{4}-\d\d-\d\d\)$", Page("CHANGELOG.md").text, re.MULTILINE)
    assert version
    assert newest
    assert newest[1] == version[1]
