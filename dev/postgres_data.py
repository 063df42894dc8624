"""The data directory of the embedded Postgres: made, checked, and cleared of what a killed server left."""

import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from dev.account import for_postgres
from dev.errors import Complaint
from dev.groups import command_line
from dev.process import launched

# Nothing of the user's: PGDATA, PGPORT and their kin would change what the server does.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
OPTIONS = (
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    # Postgres' own UTF-8 rules: the same on every machine, whatever locales it has.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-sync",
)


def exist(home: Path) -> bool:
    """Say whether there are data in `home`."""
    return (home / "PG_VERSION").exists()


def make(home: Path, programs: Path, password_file: Path) -> None:
    """Make the data in `home`, with a new superuser's password in `password_file`."""
    # In a folder beside, renamed when complete: a run killed here leaves nothing that looks finished.
    unfinished = home.with_name(f"{home.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    account = for_postgres(unfinished, programs / "postgres")
    unfinished.mkdir(mode=0o700, parents=True)
    account.own(unfinished)
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(secrets.token_hex(16))
    account.own(password_file)
    initdb = [str(programs / "initdb"), f"--pgdata={unfinished}", f"--pwfile={password_file}", *OPTIONS]
    made = subprocess.run(
        launched(initdb, account, signal.SIGTERM),
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise Complaint(f"Postgres could not make its data in {home}: {made.stderr.strip()}")
    unfinished.rename(home)


def check_version(home: Path, programs: Path) -> None:
    """Complain about data that another version of Postgres made."""
    theirs = (home / "PG_VERSION").read_text().strip()
    shown = subprocess.run(
        [str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    ours = shown.stdout.split()[-1].split(".")[0]
    if theirs != ours:
        raise Complaint(
            f"the data in {home} were made by Postgres {theirs}, installed is {ours}: "
            "remove them with `python3 dev reset`"
        )


def clear_stale_lock(home: Path) -> None:
    """Remove the lock file of a server that was killed: its number may belong to somebody else by now."""
    lock = home / "postmaster.pid"
    if not lock.exists():
        return
    command = command_line(int(lock.read_text().split()[0]))
    if command and Path(command[0]).name == "postgres":
        # Not one of ours (those `stop_orphan` knows), so not ours to stop; Postgres itself knows better.
        return
    lock.unlink()
