"""`python3 dev up`: start the servers and the app, print the addresses, stop everything at the end."""

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dev import ports
from dev.data_dir import hold_data_dir
from dev.errors import UsageError
from dev.functions_host import FunctionsHost, choose
from dev.process import ChildProcess
from dev.progress import Steps
from dev.stack import OWN_DATABASE, OWN_STORAGE, Endpoints, bypass_proxy, launch

READY_SECONDS = 180  # `func` may have to download its extension bundle first
POLL_SECONDS = 0.1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ENDPOINTS_FILE = "endpoints.json"


class ServerEndedError(Exception):
    """A server ended although nobody stopped it."""

    def __init__(self, child: ChildProcess) -> None:
        super().__init__(f"{child.name} ended; the last lines of {child.log}:\n{child.last_lines()}")


def up(data: Path, port: int, wanted_host: str) -> int:
    """Run the app on `port` until a signal stops it or a server ends; return the exit code."""
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        with ExitStack() as stack:
            _run(stack, data, port, wanted_host)
    except KeyboardInterrupt:
        print("stopped", flush=True)
    except ServerEndedError as error:
        print(f"python3 dev: {error}", file=sys.stderr)
        return 1
    return 0


def _run(stack: ExitStack, data: Path, port: int, wanted_host: str) -> None:
    stack.enter_context(hold_data_dir(data))
    ports.check_free(port)
    kind, description = choose(wanted_host)
    shutil.rmtree(data / "logs", ignore_errors=True)
    (data / ENDPOINTS_FILE).unlink(missing_ok=True)  # of a run that was killed
    bypass_proxy(os.environ)
    steps = Steps("up", 3)
    with steps.step("servers"):
        servers = launch(stack, data, os.environ)
        # Imported here, while the servers start, because it takes as long as they do.
        from dev.readiness import create_container, migrate  # noqa: PLC0415

        endpoints, children = servers.wait(os.environ)
    with steps.step("container and tables") as step:
        create_container(endpoints.storage_connection_string)
        step.add_remark("; ".join(migrate(endpoints.database_url)))
    host = FunctionsHost(kind, port, data, endpoints)
    stack.callback(host.stop)
    with steps.step(f"Functions host: {description}") as step:
        children.append(host.start(os.environ))
        _wait_until_healthy(host, children, step.heartbeat)
    log = LogFollower(children[-1].log)
    log.print_new_lines()
    stack.enter_context(_endpoints_file(host.url, endpoints, data))
    print(_address_table(host.url, description, endpoints, data))
    print(f"ready {host.url}", flush=True)
    while True:
        _check_running(children)
        log.print_new_lines()
        time.sleep(POLL_SECONDS)


def _wait_until_healthy(
    host: FunctionsHost, children: list[ChildProcess], heartbeat: Callable[[], None]
) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not host.is_healthy():
        _check_running(children)
        heartbeat()
        if time.monotonic() > deadline:
            raise UsageError(
                f"the app did not answer {host.url}/api/health with 200 within {READY_SECONDS} s; "
                f"the last lines of the host's log:\n{children[-1].last_lines()}"
            )
        time.sleep(POLL_SECONDS)


def _check_running(children: list[ChildProcess]) -> None:
    for child in children:
        if not child.is_running:
            raise ServerEndedError(child)


class LogFollower:
    """Prints a log file to stdout as it grows."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("rb")

    def print_new_lines(self) -> None:
        """Print what was added since the last call."""
        sys.stdout.write(self.file.read().decode(errors="replace"))
        sys.stdout.flush()


@contextmanager
def _endpoints_file(url: str, endpoints: Endpoints, data: Path) -> Iterator[None]:
    """Write `<data>/endpoints.json`, readable only by this user, and delete it when the block ends."""
    path = data / ENDPOINTS_FILE
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    addresses = {
        "api": url,
        "database_url": endpoints.database_url,
        "storage_connection_string": endpoints.storage_connection_string,
    }
    unfinished.write_text(json.dumps(addresses, indent=2) + "\n")
    unfinished.rename(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _address_table(url: str, host: str, endpoints: Endpoints, data: Path) -> str:
    """Return the addresses of everything; the passwords of the user's own servers are not shown."""
    folder = data.relative_to(Path.cwd()) if data.is_relative_to(Path.cwd()) else data
    rows = {
        "app": f"{url}/api/",
        "host": host,
        "database": _own_server(OWN_DATABASE) or endpoints.database_url,
        "storage": _own_server(OWN_STORAGE) or endpoints.storage_connection_string,
        "logs": f"{folder}/logs/",
        "endpoints": f"{folder}/{ENDPOINTS_FILE}",
    }
    return "\n".join(f"  {name:<10} {address}" for name, address in rows.items())


def _own_server(variable: str) -> str | None:
    return f"your own, from {variable}" if os.environ.get(variable) else None


def _stop(_number: int, _frame: object) -> None:
    # A second signal must not interrupt the stopping, which has time limits of its own.
    for number in SIGNALS:
        signal.signal(number, _ignore)
    print("\nstopping …", flush=True)
    raise KeyboardInterrupt


def _ignore(_number: int, _frame: object) -> None:
    """Do nothing; unlike SIG_IGN, children do not inherit this."""
