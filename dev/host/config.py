"""The host's configuration: local.settings.json, `%NAME%` expressions, host.json and the host id."""

import datetime as dt
import hashlib
import json
import os
import platform
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.host.errors import SettingError

_EXPRESSION = re.compile(r"%([^%\s]+)%")
_HOST_ID_LENGTH = 32
_OVERRIDE = "AzureFunctionsJobHost__"
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)")
_LARGEST_BATCH = 32
_BODY_LIMIT = 104_857_600
# `func start` sets the environment Development, in which the queue extension polls this often.
_DEVELOPMENT_POLL_SECONDS = 2.0


@dataclass(frozen=True)
class HostJson:
    """Settings of host.json; times in seconds, None for no function timeout.

    The next batch of queue messages is fetched when at most `…_threshold` messages are being processed.
    """

    route_prefix: str
    function_timeout: float | None
    blob_batch: int
    blob_threshold: int
    blob_tries: int
    queue_batch: int
    queue_threshold: int
    queue_tries: int
    queue_retry_seconds: float
    queue_poll_seconds: float
    queue_base64: bool


def read_host_json(app: Path, environment: Mapping[str, str]) -> HostJson:
    """Read host.json of `app`; settings `AzureFunctionsJobHost__a__b` override its values."""
    content = read_json(app / "host.json")
    for name, value in environment.items():
        if name.startswith(_OVERRIDE):
            _put(content, name.removeprefix(_OVERRIDE).split("__"), value)
    http, blobs, queues = (_extension(content, name) for name in ("http", "blobs", "queues"))
    timeout = content.get("functionTimeout", "00:30:00")
    parallel = _count(blobs, "maxDegreeOfParallelism", 8 * (os.cpu_count() or 1))
    blob_batch = min(parallel // 2 + 1, _LARGEST_BATCH)
    queue_batch = _count(queues, "batchSize", 16)
    return HostJson(
        route_prefix=_text(http, "routePrefix", "api").strip("/"),
        function_timeout=None if str(timeout) == "-1" else _seconds("functionTimeout", timeout),
        blob_batch=blob_batch,
        blob_threshold=parallel - blob_batch,
        blob_tries=_count(blobs, "poisonBlobThreshold", 5),
        queue_batch=queue_batch,
        queue_threshold=_count(queues, "newBatchThreshold", queue_batch // 2, least=0),
        queue_tries=_count(queues, "maxDequeueCount", 5),
        queue_retry_seconds=_seconds("visibilityTimeout", queues.get("visibilityTimeout", "00:00:00")),
        queue_poll_seconds=_poll_seconds(queues, environment),
        queue_base64=str(queues.get("messageEncoding", "base64")).lower() != "none",
    )


def _poll_seconds(queues: Mapping[str, Any], environment: Mapping[str, str]) -> float:
    if environment.get("AZURE_FUNCTIONS_ENVIRONMENT", "Development") == "Development":
        return _DEVELOPMENT_POLL_SECONDS
    return _seconds("maxPollingInterval", queues.get("maxPollingInterval", "00:01:00"))


def _put(content: dict[str, Any], keys: list[str], value: str) -> None:
    for depth, key in enumerate(keys[:-1]):
        content = _section(content.setdefault(key, {}), ".".join(keys[: depth + 1]))
    content[keys[-1]] = value


def _extension(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    extensions = _section(content.get("extensions", {}), "extensions")
    return _section(extensions.get(name, {}), f"extensions.{name}")


def _section(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingError(f"{place} in host.json must be an object, not {json.dumps(value)}")
    return value


def _text(section: Mapping[str, Any], name: str, default: str) -> str:
    value = section.get(name, default)
    if not isinstance(value, str):
        raise SettingError(f"{name} in host.json must be text, not {json.dumps(value)}")
    return value


def _count(section: Mapping[str, Any], name: str, default: int, least: int = 1) -> int:
    value = str(section.get(name, default))
    if not value.isdecimal() or int(value) < least:
        raise SettingError(f"{name} in host.json must be a whole number of at least {least}, not {value}")
    return int(value)


def _seconds(name: str, value: object) -> float:
    match = _TIME_SPAN.fullmatch(str(value))
    if match is None:
        raise SettingError(f"{name} in host.json must look like 00:05:00, not {value}")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object from `path`; a file that does not exist is an empty object."""
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as exc:
        raise SettingError(f"{path.name} is not valid JSON: {exc}") from exc
    if not isinstance(content, dict):
        raise SettingError(f"{path.name} must be a JSON object")
    return content


def apply_local_settings(app: Path, environment: MutableMapping[str, str]) -> None:
    """Add the `Values` of local.settings.json to `environment`, whose own values take precedence."""
    content = read_json(app / "local.settings.json")
    if content.get("IsEncrypted"):
        raise SettingError("local.settings.json is encrypted; run `func settings decrypt` first")
    values = content.get("Values", {})
    if not isinstance(values, dict):
        raise SettingError("Values in local.settings.json must be an object")
    for name, value in values.items():
        if isinstance(value, (dict, list)):
            raise SettingError(f"{name} in local.settings.json must be a string")
        environment.setdefault(name, value if isinstance(value, str) else json.dumps(value))


def resolve(text: str, environment: Mapping[str, str]) -> str:
    """Replace every `%NAME%` in `text` by the setting NAME; an unknown NAME is a SettingError."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in environment:
            raise SettingError(f"'%{name}%' does not resolve to a value: the setting {name} is not set")
        return environment[name]

    return _EXPRESSION.sub(value, text)


def body_limit(environment: Mapping[str, str]) -> int:
    """Return the largest request body in bytes; SettingError if its setting is not a number."""
    value = environment.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", str(_BODY_LIMIT))
    if not value.isdecimal():
        raise SettingError(f"FUNCTIONS_REQUEST_BODY_SIZE_LIMIT must be a number of bytes, not {value}")
    return int(value)


def host_id(app: Path, environment: Mapping[str, str]) -> str:
    """Return the name of this app on this machine: at most 32 lowercase letters, digits and hyphens.

    Receipts and the internal blob queue have it in their names, so it must not change between runs.
    """
    configured = environment.get("AzureFunctionsWebHost__hostid")
    if configured:
        return _check_host_id(configured.lower())
    machine = re.sub(r"[^a-z0-9]", "", platform.node().lower())[:20] or "local"
    digest = hashlib.sha256(str(app.resolve()).encode()).hexdigest()[:10]
    return f"{machine}-{digest}"


def _check_host_id(host_id: str) -> str:
    if len(host_id) > _HOST_ID_LENGTH or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", host_id):
        raise SettingError(
            "AzureFunctionsWebHost__hostid must be at most 32 letters, digits and single hyphens"
        )
    return host_id
