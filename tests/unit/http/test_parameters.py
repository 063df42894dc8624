"""Query parameters of uploads and of the reading endpoints, and the errors for wrong ones."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from dev.paths import ROOT
from ingest_http import parameters as ingest_parameters
from ingest_http import upload
from read_http import parameters
from shared import settings
from shared.errors import InvalidRequest
from shared.formats.overrides import Overrides, option_names
from shared.http import requests
from shared.settings import Settings

ENVIRONMENT = {"DATABASE_URL": "postgresql://somewhere/db", "UPLOADS": "UseDevelopmentStorage=true"}


def app_settings(**more: str) -> Settings:
    return settings.load({**ENVIRONMENT, **more})


def faults(**query: str) -> list[tuple[str, str]]:
    _, errors = ingest_parameters.destination(query, app_settings())
    return [(fault["parameter"], fault["detail"]) for fault in errors]


def test_the_query_sets_overrides_and_a_key() -> None:
    to, found = ingest_parameters.destination(
        {
            "delimiter": "tab",
            "header_line": "3",
            "key": "order_id, line",
            "filename": "a.csv",
            "code": "secret",
        },
        app_settings(DEFAULT_DATASET="orders"),
    )

    assert found == []
    assert (to.dataset, to.creates) == ("orders", True)
    assert to.options.overrides == Overrides(delimiter="\t", header_line=3)
    assert to.options.key == ("order_id", "line")
    assert to.options.as_json() == {"delimiter": "\t", "header_line": 3, "key": ["order_id", "line"]}


def test_every_override_is_a_parameter() -> None:
    assert all(ingest_parameters.is_known(name) for name in option_names())


def test_the_error_for_a_misspelt_parameter_lists_all_parameters() -> None:
    ((parameter, detail),) = faults(delimeter=";")
    assert parameter == "delimeter"
    assert detail.startswith(
        "delimeter is not a parameter. Parameters: dataset, filename, key, corrects, dry_run, compression, "
    )


def test_all_faults_of_a_query_are_listed_at_once() -> None:
    errors = faults(delimiter="#", encoding="klingon", header_line="two", key="a,,a", x="1")
    assert [parameter for parameter, _ in errors] == [
        "x", "header_line", "delimiter", "encoding", "key", "key",
    ]  # fmt: skip


@pytest.mark.parametrize("key", ["", " ", "a,", ",".join(map(str, range(33))), "a" * 3001, "ä" * 501])
def test_a_key_that_no_index_can_have_is_a_fault(key: str) -> None:
    assert [parameter for parameter, _ in faults(key=key)] == ["key"]


@pytest.mark.parametrize("name", ["dry_run", "key", "delimiter", "dataset"])
def test_a_parameter_without_a_value_is_a_fault_although_the_platform_drops_it(name: str) -> None:
    url = f"https://somewhere/api/ingest?code=&filename=a.csv&{name}="
    _, found = ingest_parameters.destination({"filename": "a.csv"}, app_settings(), url)
    assert found == [{"parameter": name, "detail": f"{name} has no value."}]


def test_inferred_datasets_are_created_only_if_the_settings_allow_it() -> None:
    to, _ = ingest_parameters.destination({}, app_settings(UNDECLARED_DATASETS="refuse"))
    assert not to.creates


def test_uploads_import_neither_pandas_nor_pyarrow_nor_numpy() -> None:
    program = "import sys, ingest_http.upload; print({'pandas', 'pyarrow', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_correction_names_the_ingestion_that_it_corrects() -> None:
    corrected = "5b0c8d0e-7c5c-5a4f-9d53-7f1f3a0a9d3b"
    to, errors = ingest_parameters.destination({"corrects": corrected}, app_settings())
    assert (str(to.options.corrects), errors) == (corrected, [])
    assert to.options.as_json() == {"corrects": corrected}
    assert faults(corrects="nothing") == [("corrects", "corrects must be the id of an ingestion, a UUID.")]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=20", 20),
        ("respond-async, wait=5", 5),
        ('Wait="7"; foo', 7),
        ("wait=600", 60),
        ("wait=0", 0),
        ("", 0),
        ("wait", 0),
        ("wait=soon", 0),
        ("wait=-1", 0),
        ("await=5", 0),
        ("wait=1.5", 0),
    ],
)
def test_a_preference_to_wait_is_cut_to_a_minute(header: str, seconds: int) -> None:
    assert upload.wait_seconds(header) == seconds


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=", "limit has no value. Add a value or leave it out."),
        ("limit&after=a", "limit has no value. Add a value or leave it out."),
        (
            "item__gte=",
            'item__gte has no value. Add a value or leave it out. To find empty texts, use item__in="".',
        ),
        ("item=a&item=b", "item is given 2 times. Give it once."),
        (
            "%C3%A4=1&%C3%A4=2&limit=",
            "limit has no value. Add a value or leave it out. ä is given 2 times. Give it once.",
        ),
    ],
)
def test_parameters_that_the_platform_drops_or_joins_are_refused(query: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        requests.check_single_values(f"https://app/api/read/sales?{query}", ("limit", "after"))

    assert caught.value.message == message


def test_parameters_with_one_value_each_are_accepted() -> None:
    requests.check_single_values("https://app/api/read/sales?item=a%26b&limit=5&limit__gt=7#x", ("limit",))


@pytest.mark.parametrize("position", ["\0", "\ud800", True, 1, ["a"], None])
def test_a_cursor_of_another_list_is_refused(position: Any) -> None:
    cursor = parameters.encode_cursor(position) or "~"
    with pytest.raises(InvalidRequest, match="earlier page"):
        parameters.decode_cursor(cursor, str)
