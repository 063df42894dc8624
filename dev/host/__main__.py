"""`python -m dev.host`: load the app, start the host, stop it on SIGTERM or Ctrl-C."""

import argparse
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dev.host import app_loader, config, logs
from dev.host.errors import HostError
from dev.host.host import Host, Signals, Timing, stop
from dev.host.http_server import Server
from dev.host.invocation import Invocations
from dev.host.lifecycle import Lifecycle
from dev.host.storage import Accounts

_INTRODUCTION = (
    "dev.host: the local host, not the Azure Functions host; for development and tests only.\n"
    "It follows the rules of the real host that matter to the app; `func start` and Azure are authoritative."
)


def main() -> int:
    """Run until stopped; return the exit code."""
    options = _options()
    invocations, lifecycle = Invocations(), Lifecycle()
    logs.configure(invocations)
    print(_INTRODUCTION, flush=True)
    timing = Timing(options.scan_seconds, options.visibility_seconds)
    try:
        host = _build(options.app.resolve(), timing, lifecycle, invocations)
        server = Server(options.port, host.site.respond, lifecycle, config.body_limit(os.environ))
    except HostError as exc:
        print(f"{exc}\n0 functions loaded", flush=True)
        return 1
    except OSError as exc:
        print(f"cannot listen on 127.0.0.1:{options.port}: {exc.strerror}", flush=True)
        return 1
    signals = Signals()
    _print_functions(host, server.port)
    server.start()
    print(f"Host started on http://127.0.0.1:{server.port}", flush=True)
    host.start()
    signals.wait()
    stop(server, lifecycle, invocations, signals)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev.host", description=_INTRODUCTION)
    parser.add_argument("--app", type=Path, default=Path(), help="folder of function_app.py and host.json")
    parser.add_argument("--port", type=int, default=7071, help="port on 127.0.0.1; 0 selects a free one")
    parser.add_argument("--scan-seconds", type=float, default=1.0, help="pause between scans for new blobs")
    parser.add_argument(
        "--visibility-seconds",
        type=int,
        default=600,
        help="how long the message of a killed host stays invisible: 600 in Azure, less in tests",
    )
    options = parser.parse_args()
    if options.visibility_seconds < 1 or options.scan_seconds <= 0:
        parser.error("--visibility-seconds must be at least 1 and --scan-seconds above 0")
    return options


def _build(folder: Path, timing: Timing, lifecycle: Lifecycle, invocations: Invocations) -> Host:
    """Read the settings, load the app, check its triggers; the message of a HostError says what is wrong."""
    config.apply_local_settings(folder, os.environ)
    host_json = config.read_host_json(folder, os.environ)
    host_id = config.host_id(folder, os.environ)
    try:
        functions = app_loader.load(folder, os.environ)
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
        timing=timing,
        lifecycle=lifecycle,
        invocations=invocations,
    )


def _print_functions(host: Host, port: int) -> None:
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
    source = trigger.get("path") or trigger.get("queueName") or trigger.get("schedule") or ""
    return f"{source} (Event Grid)" if str(trigger.get("source", "")).lower() == "eventgrid" else str(source)


if __name__ == "__main__":
    sys.exit(main())
