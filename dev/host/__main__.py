"""`python -m dev.host`: load the app, start the host, stop it on SIGTERM or Ctrl-C."""

import argparse
import sys
import threading
from pathlib import Path

from dev.host import logs, startup
from dev.host.errors import HostError
from dev.host.lifecycle import Lifecycle
from dev.host.running import Invocations
from dev.host.server import Server
from dev.host.shutdown import Signals, stop

_STAND_IN = (
    "dev.host: a local stand-in for the Azure Functions host, for development and tests only.\n"
    "It imitates the real host's documented behaviour; `func start` and Azure have the last word."
)


def main() -> int:
    """Run until stopped; answer the exit code."""
    options = _options()
    invocations, lifecycle = Invocations(), Lifecycle()
    logs.configure(invocations)
    print(_STAND_IN, flush=True)
    try:
        host = startup.build(options.app.resolve(), startup.pace(options), lifecycle, invocations)
        server = Server(options.port, host.site.respond, lifecycle)
    except HostError as exc:
        print(f"{exc}\n0 functions loaded", flush=True)
        return 1
    except OSError as exc:
        print(f"cannot listen on 127.0.0.1:{options.port}: {exc.strerror}", flush=True)
        return 1
    signals = Signals()
    startup.print_functions(host, server.server_port)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    print(f"Host started on http://127.0.0.1:{server.server_port}", flush=True)
    host.start()
    signals.wait()
    stop(server, lifecycle, invocations, signals)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m dev.host", description=_STAND_IN)
    parser.add_argument("--app", type=Path, default=Path(), help="folder of function_app.py and host.json")
    parser.add_argument("--port", type=int, default=7071, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--scan-seconds", type=float, default=1.0, help="rest between looks at a container")
    parser.add_argument("--lease-seconds", type=int, default=10, help="how long a message stays invisible")
    options = parser.parse_args()
    if options.lease_seconds < 1 or options.scan_seconds <= 0:
        parser.error("--lease-seconds must be at least 1 and --scan-seconds above 0")
    return options


if __name__ == "__main__":
    sys.exit(main())
