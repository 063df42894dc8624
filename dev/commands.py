"""The commands of `python3 dev`: check the arguments, install what is missing, run the command."""

import os
import shutil
import signal
import sys
from argparse import Namespace
from importlib import import_module
from pathlib import Path

from dev import ports
from dev.data_dir import hold_data_dir, is_data_dir
from dev.errors import UsageError
from dev.install import ensure_installed
from dev.paths import ROOT, VENV, VENV_PYTHON


def run(options: Namespace, arguments: list[str]) -> int:
    """Run the command of `options` and return the exit code.

    All but `reset` run with `.venv`'s Python: this process is replaced by one that gets the same `arguments`.
    Invalid arguments are reported before anything is installed.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if options.command == "reset":
        return reset(options.data.absolute(), confirmed=options.yes)
    needs_azurite = options.command != "migrate"
    if options.command == "up":
        with hold_data_dir(options.data.absolute()):
            ports.check_free(options.port)
        needs_azurite = not os.environ.get("STORAGE_CONNECTION_STRING")
    if options.command == "migrate":
        _database_url()
    ensure_installed(azurite=needs_azurite)
    if os.path.realpath(sys.prefix) != os.path.realpath(VENV):
        sys.stdout.flush()
        os.execv(VENV_PYTHON, [str(VENV_PYTHON), str(ROOT / "dev"), *arguments])  # noqa: S606
    return _run_in_venv(options)


def _run_in_venv(options: Namespace) -> int:
    # Imported here, because these modules need the installed packages.
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


def reset(data: Path, *, confirmed: bool) -> int:
    """Remove the data directory `data` if `up` created it and nothing uses it; return the exit code."""
    if not data.exists():
        print(f"{data} does not exist: nothing to remove")
        return 0
    if not is_data_dir(data):
        raise UsageError(f"{data} was not created by `python3 dev up` and is not removed")
    with hold_data_dir(data):
        if not (confirmed or _confirm(data)):
            print("nothing removed")
            return 0
        try:
            shutil.rmtree(data)
        except OSError as error:
            raise UsageError(
                f"cannot remove {error.filename} ({error.strerror}): run this as the user who ran "
                "`python3 dev up`"
            ) from error
    print(f"removed {data}")
    return 0


def _confirm(data: Path) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("reset removes data: confirm with --yes")
    return input(f"Remove all local data in {data}? [y/N] ").strip().lower() in {"y", "yes"}


def _database_url() -> str:
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise UsageError(
            "set DATABASE_URL to the database to migrate, postgresql://user:password@host/database"
        )
    return url


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
