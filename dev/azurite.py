"""Azurite, the storage emulator of the local stack: blobs, queues and tables on loopback."""

import signal
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from dev import ports
from dev.errors import UsageError
from dev.paths import AZURITE, node
from dev.process import ChildProcess, stop_orphan

NAME = "azurite"
ATTEMPTS, START_SECONDS = 3, 60
SERVICES = ("blob", "queue", "table")
# Azurite's published account: the same on every machine, not a secret.
# https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class Azurite:
    """The emulator on `<data>/azurite`."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.home = data / NAME
        self.ports: list[int] = []
        self._keep_ports = False  # a restart uses the same addresses
        self.child: ChildProcess | None = None

    @property
    def connection_string(self) -> str:
        """The connection string for the Azure SDK; a restart does not change it."""
        endpoints = "".join(
            f"{service.capitalize()}Endpoint=http://{ports.LOOPBACK}:{port}/{ACCOUNT};"
            for service, port in zip(SERVICES, self.ports, strict=True)
        )
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{endpoints}"

    def start(self) -> ChildProcess:
        """Start the emulator on free ports and return when all three services answer."""
        self.launch()
        return self.wait()

    def launch(self) -> None:
        """Begin to start the emulator; `wait` does the rest."""
        stop_orphan(self.data, NAME, signal.SIGTERM)
        self.home.mkdir(parents=True, exist_ok=True)
        self._keep_ports = bool(self.ports)
        self._launch()

    def wait(self) -> ChildProcess:
        """Wait until all three services answer, and return the process."""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(1)  # another program may have taken a port
                self._launch()
            if self.child and self.child.wait_until_up(self._answers, START_SECONDS):
                return self.child
        last_lines = self.child.last_lines(3) if self.child else ""
        self.stop()
        raise UsageError(f"Azurite did not start on {self.home}: {last_lines}")

    def stop(self) -> None:
        """Stop the emulator, if it runs; it saves its data first."""
        if self.child is not None:
            self.child.stop()
            self.child = None

    def _launch(self) -> None:
        if not self._keep_ports:
            self.ports = ports.free(len(SERVICES))
        self.child = ChildProcess(NAME, self._command(), data=self.data)

    def _answers(self) -> bool:
        return all(map(_is_azurite, self.ports))

    def _command(self) -> list[str]:
        command = [node(), str(AZURITE), "--location", str(self.home), "--silent"]
        # The SDK uses a newer API version than Azurite knows; the requests of this app are in both.
        command += ["--skipApiVersionCheck", "--disableTelemetry"]
        for service, port in zip(SERVICES, self.ports, strict=True):
            command += [f"--{service}Host", ports.LOOPBACK, f"--{service}Port", str(port)]
        return command


def _is_azurite(port: int) -> bool:
    connection = HTTPConnection(ports.LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/")
        return (connection.getresponse().getheader("Server") or "").startswith("Azurite")
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
