"""The part of host.json that the stand-in obeys."""

import datetime as dt
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.host.errors import SettingError
from dev.host.settings import read_json

_OVERRIDE = "AzureFunctionsJobHost__"
_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?")


@dataclass(frozen=True)
class HostJson:
    """Settings of host.json; seconds for times, None for no function timeout."""

    route_prefix: str
    function_timeout: float | None
    blob_concurrency: int
    blob_tries: int
    queue_concurrency: int
    queue_tries: int
    queue_retry_seconds: float
    queue_poll_seconds: float
    queue_base64: bool


def read_host_json(app: Path, environment: Mapping[str, str]) -> HostJson:
    """Read host.json of `app`, with `AzureFunctionsJobHost__a__b` settings laid over it as the host does."""
    content = read_json(app / "host.json")
    for name, value in environment.items():
        if name.startswith(_OVERRIDE):
            _put(content, name.removeprefix(_OVERRIDE).split("__"), value)
    http, blobs, queues = (_extension(content, name) for name in ("http", "blobs", "queues"))
    timeout = content.get("functionTimeout", "00:30:00")
    return HostJson(
        route_prefix=_text(http, "routePrefix", "api").strip("/"),
        function_timeout=None if str(timeout) == "-1" else _seconds("functionTimeout", timeout),
        blob_concurrency=_count(blobs, "maxDegreeOfParallelism", 8 * (os.cpu_count() or 1)),
        blob_tries=_count(blobs, "poisonBlobThreshold", 5),
        queue_concurrency=_count(queues, "batchSize", 16),
        queue_tries=_count(queues, "maxDequeueCount", 5),
        queue_retry_seconds=_seconds("visibilityTimeout", queues.get("visibilityTimeout", "00:00:00")),
        queue_poll_seconds=_seconds("maxPollingInterval", queues.get("maxPollingInterval", "00:01:00")),
        queue_base64=str(queues.get("messageEncoding", "base64")).lower() != "none",
    )


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


def _count(section: Mapping[str, Any], name: str, default: int) -> int:
    value = str(section.get(name, default))
    if not value.isdecimal() or int(value) < 1:
        raise SettingError(f"{name} in host.json must be a whole number above 0, not {value}")
    return int(value)


def _seconds(name: str, value: object) -> float:
    match = _TIME_SPAN.fullmatch(str(value))
    if match is None:
        raise SettingError(f"{name} in host.json must look like 00:05:00, not {value}")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return dt.timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
