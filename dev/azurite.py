"""Azurite, the storage emulator: blobs, queues and tables on loopback, in a data directory of ours."""

import signal
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from dev import ports
from dev.errors import Complaint
from dev.paths import AZURITE, node
from dev.process import Child, stop_orphan

NAME = "azurite"
ATTEMPTS, START_SECONDS = 3, 60
SERVICES = ("blob", "queue", "table")
# Azurite's published account, the same on every machine in the world; not a secret.
# https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class Azurite:
    """The emulator on `<data>/azurite`."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.home = data / NAME
        self.ports: list[int] = []
        self._ports_are_given = False  # after a restart the addresses stay
        self.child: Child | None = None

    @property
    def connection_string(self) -> str:
        """What the Azure SDK connects with; stays the same over a restart."""
        endpoints = "".join(
            f"{service.capitalize()}Endpoint=http://{ports.LOOPBACK}:{port}/{ACCOUNT};"
            for service, port in zip(SERVICES, self.ports, strict=True)
        )
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{endpoints}"

    def start(self) -> Child:
        """Start on free ports; return when all three services answer."""
        self.launch()
        return self.wait()

    def launch(self) -> None:
        """Begin to start; `wait` sees to the rest."""
        stop_orphan(self.data, NAME, signal.SIGTERM)
        self.home.mkdir(parents=True, exist_ok=True)
        self._ports_are_given = bool(self.ports)
        self._launch()

    def wait(self) -> Child:
        """Wait until all three services answer, and return it."""
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(1)  # another program may have taken a port
                self._launch()
            if self.child and self.child.came_up(self._answers, START_SECONDS):
                return self.child
        last_lines = self.child.last_lines(3) if self.child else ""
        self.stop()
        raise Complaint(f"Azurite did not start on {self.home}: {last_lines}")

    def stop(self) -> None:
        """Stop after it has written everything down; does nothing where it does not run."""
        if self.child is not None:
            self.child.stop()
            self.child = None

    def _launch(self) -> None:
        if not self._ports_are_given:
            self.ports = ports.free(len(SERVICES))
        self.child = Child(NAME, self._command(), data=self.data)

    def _answers(self) -> bool:
        return all(map(_answers, self.ports))

    def _command(self) -> list[str]:
        command = [node(), str(AZURITE), "--location", str(self.home), "--silent"]
        # The SDK speaks a newer version of the protocol than Azurite knows; what is used here is in both.
        command += ["--skipApiVersionCheck", "--disableTelemetry"]
        for service, port in zip(SERVICES, self.ports, strict=True):
            command += [f"--{service}Host", ports.LOOPBACK, f"--{service}Port", str(port)]
        return command


def _answers(port: int) -> bool:
    connection = HTTPConnection(ports.LOOPBACK, port, timeout=2)
    try:
        connection.request("GET", "/")
        return (connection.getresponse().getheader("Server") or "").startswith("Azurite")
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
