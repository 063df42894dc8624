"""`python3 dev up`: starts everything in order, shows where it is, and stops it again."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from dev import data_dir as folder
from dev import ports, showing
from dev.errors import Complaint
from dev.functions_host import FunctionsHost, choose
from dev.process import Child
from dev.progress import Steps
from dev.stack import launch, stay_off_proxies

READY_SECONDS = 180  # func may fetch its extension bundle first
LOOK_SECONDS = 0.1
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ServerEndedError(Exception):
    """A server ended although nobody stopped it."""

    def __init__(self, child: Child) -> None:
        super().__init__(f"{child.name} ended; the last lines of {child.log}:\n{child.last_lines()}")


def up(data: Path, port: int, wanted_host: str) -> int:
    """Run the app on `port` until a signal stops it or a server ends; return the exit code."""
    for number in SIGNALS:
        signal.signal(number, _stop)
    try:
        with ExitStack() as started:
            _run(started, data, port, wanted_host)
    except KeyboardInterrupt:
        print("stopped", flush=True)
    except ServerEndedError as error:
        print(f"python3 dev: {error}", file=sys.stderr)
        return 1
    return 0


def _run(started: ExitStack, data: Path, port: int, wanted_host: str) -> None:
    started.enter_context(folder.held(data))
    ports.claim(port)
    kind, why = choose(wanted_host)
    shutil.rmtree(data / "logs", ignore_errors=True)
    stay_off_proxies(os.environ)
    (data / showing.ENDPOINTS_FILE).unlink(missing_ok=True)  # of a run that was killed
    steps = Steps("up", 3)
    with steps.step("servers"):
        servers = launch(started, data, os.environ)
        # Imported here, while the servers start: it takes as long as they do.
        from dev.readiness import create_container, migrate  # noqa: PLC0415

        endpoints, children = servers.wait(os.environ)
    with steps.step("container and tables") as step:
        create_container(endpoints.storage_connection_string)
        step.say("; ".join(migrate(endpoints.database_url)))
    host = FunctionsHost(kind, port, data, endpoints)
    started.callback(host.stop)
    with steps.step(f"Functions host: {why}") as step:
        children.append(host.start(os.environ))
        _wait_until_healthy(host, children, step.still_alive)
    log = showing.Log(children[-1].log)
    log.show_new_lines()
    started.enter_context(showing.endpoints_file(host.url, endpoints, data))
    print(showing.table(host.url, why, endpoints, data))
    print(f"ready {host.url}", flush=True)
    _watch(children, log.show_new_lines)


def _wait_until_healthy(host: FunctionsHost, children: list[Child], meanwhile: Callable[[], None]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not host.is_healthy():
        _check_alive(children)
        meanwhile()
        if time.monotonic() > deadline:
            raise Complaint(
                f"the app did not answer {host.url}/api/health with 200 within {READY_SECONDS} s; "
                f"the end of the host's log:\n{children[-1].last_lines()}"
            )
        time.sleep(LOOK_SECONDS)


def _watch(children: list[Child], meanwhile: Callable[[], None]) -> None:
    while True:
        _check_alive(children)
        meanwhile()
        time.sleep(LOOK_SECONDS)


def _check_alive(children: list[Child]) -> None:
    for child in children:
        if not child.alive:
            raise ServerEndedError(child)


def _stop(_number: int, _frame: object) -> None:
    # A second signal must not interrupt the stopping, which has time limits of its own.
    for number in SIGNALS:
        signal.signal(number, _ignore)
    print("\nstopping …", flush=True)
    raise KeyboardInterrupt


def _ignore(_number: int, _frame: object) -> None:
    """Do nothing; unlike SIG_IGN this is not inherited by children."""
