"""Load apps as the local host does and report which are refused; runs in the 3.13 environment."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

from dev.host import app_loader


def main() -> None:
    """Read {name: folder} and write {name: error message or null}."""
    found: dict[str, str | None] = {}
    for name, folder in json.load(sys.stdin).items():
        sys.modules.pop("function_app", None)
        importlib.invalidate_caches()
        before = list(sys.path)
        try:
            app_loader.load(Path(folder), os.environ)
            found[name] = None
        except Exception as exc:  # noqa: BLE001  an app may fail in any way
            found[name] = str(exc)
        sys.path[:] = before
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
