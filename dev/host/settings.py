"""App settings as the host sees them: local.settings.json, `%NAME%` expressions and the host id."""

import hashlib
import json
import platform
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from dev.host.errors import SettingError

_EXPRESSION = re.compile(r"%([^%\s]+)%")
_HOST_ID_LENGTH = 32


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object from `path`; a file that does not exist is an empty object."""
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as exc:
        raise SettingError(f"{path.name} is not valid JSON: {exc}") from exc
    if not isinstance(content, dict):
        raise SettingError(f"{path.name} must hold a JSON object")
    return content


def apply_local_settings(app: Path, environment: MutableMapping[str, str]) -> None:
    """Add the `Values` of local.settings.json to `environment`; what is set already wins."""
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


def host_id(app: Path, environment: Mapping[str, str]) -> str:
    """Name this app on this machine: at most 32 lowercase letters, digits and hyphens.

    Receipts and the internal blob queue carry it, so it must not change between runs.
    """
    chosen = environment.get("AzureFunctionsWebHost__hostid")
    if chosen:
        return _checked(chosen.lower())
    machine = re.sub(r"[^a-z0-9]", "", platform.node().lower())[:20] or "local"
    digest = hashlib.sha256(str(app.resolve()).encode()).hexdigest()[:10]
    return f"{machine}-{digest}"


def _checked(host_id: str) -> str:
    if len(host_id) > _HOST_ID_LENGTH or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", host_id):
        raise SettingError(
            "AzureFunctionsWebHost__hostid must be at most 32 letters, digits and single hyphens"
        )
    return host_id
