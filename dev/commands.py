"""Each command of `python3 dev`: what it checks first, and whether it runs inside `.venv`."""

import os
import signal
import sys
from argparse import Namespace
from importlib import import_module

from dev import data_dir as folder
from dev import install as environment
from dev import ports
from dev.errors import Complaint
from dev.paths import ROOT, VENV, VENV_PYTHON
from dev.reset import reset


def run(options: Namespace, arguments: list[str]) -> int:
    """Run the command of `options`, inside `.venv` where it needs what is installed there.

    What would stop it later is checked before anything is installed.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if options.command == "reset":
        return reset(options.data.absolute(), yes=options.yes)
    azurite = True
    if options.command == "up":
        with folder.held(options.data.absolute()):
            ports.claim(options.port)
        azurite = not os.environ.get("STORAGE_CONNECTION_STRING")
    if options.command == "migrate":
        _database_url()
        azurite = False
    environment.ensure(azurite=azurite)
    if os.path.realpath(sys.prefix) != os.path.realpath(VENV):
        sys.stdout.flush()
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), str(ROOT / "dev"), *arguments])  # noqa: S606
    return _run_installed(options)


def _run_installed(options: Namespace) -> int:
    # Imported here: these need what has just been installed.
    if options.command == "up":
        from dev.up import up  # noqa: PLC0415

        return up(options.data.absolute(), options.port, options.host)
    if options.command == "test":
        from dev.run_tests import test  # noqa: PLC0415

        return test(options.arguments, checks=not options.no_checks)
    if options.command == "bench":
        code: int = import_module("dev.bench.__main__").main(options.arguments)
        return code
    from dev.readiness import migrate  # noqa: PLC0415

    print(*migrate(_database_url()), sep="\n")
    return 0


def _database_url() -> str:
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise Complaint(
            "set DATABASE_URL to the database to migrate, postgresql://user:password@host/database"
        )
    return url


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
