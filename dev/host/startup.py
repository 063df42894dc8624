"""From the command line to a host that is ready to start, and the list of functions it prints."""

import argparse
import os
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dev.host import app, settings
from dev.host.errors import HostError
from dev.host.host import Host, Pace
from dev.host.host_json import read_host_json
from dev.host.lifecycle import Lifecycle
from dev.host.running import Invocations
from dev.host.storage import Accounts


def pace(options: argparse.Namespace) -> Pace:
    """Take the pace from the command line's options."""
    return Pace(options.scan_seconds, options.lease_seconds)


def build(folder: Path, chosen: Pace, lifecycle: Lifecycle, invocations: Invocations) -> Host:
    """Read the settings, load the app, check its triggers; HostError says what is wrong."""
    settings.apply_local_settings(folder, os.environ)
    host_json = read_host_json(folder, os.environ)
    host_id = settings.host_id(folder, os.environ)
    try:
        functions = app.load(folder, os.environ)
    except HostError:
        raise
    except (Exception, SystemExit) as exc:
        traceback.print_exc()
        raise HostError(f"the app cannot be imported: {type(exc).__name__}: {exc}") from exc
    return Host(
        functions=functions,
        host_id=host_id,
        settings=host_json,
        accounts=Accounts(os.environ),
        pace=chosen,
        lifecycle=lifecycle,
        invocations=invocations,
    )


def print_functions(host: Host, port: int) -> None:
    """Print every function with its route or trigger, as `func start` does."""
    print("\nFunctions:\n")
    for route in host.routes:
        methods = ",".join(sorted(route.methods)) or "any method"
        print(f"\t{route.function.name}: [{methods}] http://127.0.0.1:{port}/{route.template}\n")
    for function in host.functions:
        if function.kind != "httpTrigger":
            print(f"\t{function.name}: {function.kind} {_source(function.trigger)}\n")
    print(f"{len(host.functions)} functions loaded", flush=True)


def _source(trigger: Mapping[str, Any]) -> str:
    shown = trigger.get("path") or trigger.get("queueName") or trigger.get("schedule") or ""
    return f"{shown} (Event Grid)" if str(trigger.get("source", "")).lower() == "eventgrid" else str(shown)
