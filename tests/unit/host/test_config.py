"""Settings: local.settings.json, expressions, host.json, the host id."""

import json
from pathlib import Path

import pytest

from dev.host.config import apply_local_settings, body_limit, host_id, read_host_json, resolve
from dev.host.errors import SettingError


def test_expressions_resolve_anywhere_in_a_text() -> None:
    assert resolve("%A%/x/%B%", {"A": "1", "B": "2"}) == "1/x/2"
    assert resolve("100% {name}", {}) == "100% {name}"


def test_an_expression_without_a_setting_names_it() -> None:
    with pytest.raises(SettingError, match="the setting NOT_THERE is not set"):
        resolve("%NOT_THERE%/{name}", {})


def test_local_settings_never_override_the_environment(tmp_path: Path) -> None:
    values = {"A": "file", "B": "file", "C": True}
    (tmp_path / "local.settings.json").write_text(json.dumps({"Values": values}))
    environment = {"A": "mine"}
    apply_local_settings(tmp_path, environment)
    assert environment == {"A": "mine", "B": "file", "C": "true"}


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"IsEncrypted": true}', '{"Values": {"A": {}}}', '{"Values": 1}']
)
def test_malformed_local_settings_are_an_error_without_their_values(tmp_path: Path, content: str) -> None:
    (tmp_path / "local.settings.json").write_text(content)
    with pytest.raises(SettingError, match=r"local\.settings\.json"):
        apply_local_settings(tmp_path, {})


def test_host_json_has_the_hosts_defaults(tmp_path: Path) -> None:
    settings = read_host_json(tmp_path, {})
    assert (settings.route_prefix, settings.function_timeout, settings.blob_tries) == ("api", 1800, 5)
    assert (settings.queue_tries, settings.queue_retry_seconds) == (5, 0)
    assert (settings.queue_batch, settings.queue_threshold) == (16, 8)
    assert (settings.blob_batch + settings.blob_threshold) % 8 == 0


def test_host_json_is_read_and_settings_lie_over_it(tmp_path: Path) -> None:
    content = {
        "functionTimeout": "00:10:00",
        "extensions": {"http": {"routePrefix": ""}, "blobs": {"maxDegreeOfParallelism": 2}},
    }
    (tmp_path / "host.json").write_text(json.dumps(content))
    environment = {"AzureFunctionsJobHost__extensions__blobs__poisonBlobThreshold": "3"}
    settings = read_host_json(tmp_path, environment)
    assert (settings.route_prefix, settings.function_timeout) == ("", 600)
    assert settings.blob_tries == 3


@pytest.mark.parametrize(
    ("parallel", "batch", "threshold"), [(1, 1, 0), (2, 2, 0), (3, 2, 1), (8, 5, 3), (100, 32, 68)]
)
def test_the_degree_of_parallelism_is_a_batch_and_a_threshold(
    tmp_path: Path, parallel: int, batch: int, threshold: int
) -> None:
    content = {"extensions": {"blobs": {"maxDegreeOfParallelism": parallel}}}
    (tmp_path / "host.json").write_text(json.dumps(content))
    settings = read_host_json(tmp_path, {})
    assert (settings.blob_batch, settings.blob_threshold) == (batch, threshold)


def test_a_queue_may_wait_for_its_batch_to_end(tmp_path: Path) -> None:
    content = {"extensions": {"queues": {"batchSize": 1, "newBatchThreshold": 0}}}
    (tmp_path / "host.json").write_text(json.dumps(content))
    settings = read_host_json(tmp_path, {})
    assert (settings.queue_batch, settings.queue_threshold) == (1, 0)


@pytest.mark.parametrize(
    ("environment", "seconds"), [({}, 2), ({"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}, 2),
                                 ({"AZURE_FUNCTIONS_ENVIRONMENT": "Production"}, 0.5)]
)  # fmt: skip
def test_queues_are_polled_every_two_seconds_in_development(
    tmp_path: Path, environment: dict[str, str], seconds: float
) -> None:
    content = {"extensions": {"queues": {"maxPollingInterval": "00:00:00.5"}}}
    (tmp_path / "host.json").write_text(json.dumps(content))
    assert read_host_json(tmp_path, environment).queue_poll_seconds == seconds


@pytest.mark.parametrize(
    "content",
    [{"functionTimeout": "ten minutes"}, {"extensions": {"blobs": {"poisonBlobThreshold": 0}}}],
)
def test_a_bad_value_in_host_json_is_named(tmp_path: Path, content: object) -> None:
    (tmp_path / "host.json").write_text(json.dumps(content))
    with pytest.raises(SettingError, match=r"(functionTimeout|poisonBlobThreshold) in host\.json"):
        read_host_json(tmp_path, {})


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({"extensions": []}, r"extensions in host\.json"),
        ({"extensions": {"http": None}}, r"extensions\.http in host\.json .* not null"),
        ({"extensions": {"queues": "x"}}, r"extensions\.queues in host\.json"),
        ({"extensions": {"http": {"routePrefix": None}}}, r"routePrefix in host\.json"),
    ],
)
def test_a_bad_section_of_host_json_is_named(tmp_path: Path, content: object, place: str) -> None:
    (tmp_path / "host.json").write_text(json.dumps(content))
    with pytest.raises(SettingError, match=place):
        read_host_json(tmp_path, {})


def test_a_setting_cannot_lie_below_what_is_no_section(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text('{"extensions": {"http": "x"}}')
    with pytest.raises(SettingError, match=r"extensions\.http in host\.json"):
        read_host_json(tmp_path, {"AzureFunctionsJobHost__extensions__http__routePrefix": "v1"})


def test_the_body_limit_is_100_mb_or_the_setting() -> None:
    assert body_limit({}) == 104_857_600
    assert body_limit({"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "209715200"}) == 209_715_200
    with pytest.raises(SettingError, match="FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"):
        body_limit({"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "100 MB"})


def test_the_host_id_is_stable_and_the_apps_own(tmp_path: Path) -> None:
    first = host_id(tmp_path, {})
    assert first == host_id(tmp_path, {})
    assert first != host_id(tmp_path / "other", {})
    assert len(first) <= 32
    assert host_id(tmp_path, {"AzureFunctionsWebHost__hostid": "Chosen-1"}) == "chosen-1"


@pytest.mark.parametrize("chosen", ["a" * 33, "a--b", "under_score"])
def test_a_chosen_host_id_must_fit_a_queues_name(tmp_path: Path, chosen: str) -> None:
    with pytest.raises(SettingError, match="AzureFunctionsWebHost__hostid"):
        host_id(tmp_path, {"AzureFunctionsWebHost__hostid": chosen})
