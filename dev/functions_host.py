"""The Functions host that runs the app: `func` of Azure Functions Core Tools, or the local host."""

import os
import shutil
import signal
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from dev import ports
from dev.errors import UsageError
from dev.paths import ROOT, VENV
from dev.process import ChildProcess, stop_orphan
from dev.stack import Endpoints

NAME = "host"
HTTP_OK = 200


class FunctionsHost:
    """The app of this clone on `port`, with the servers `endpoints`; the local host also gets `options`."""

    def __init__(
        self, kind: str, port: int, data: Path, endpoints: Endpoints, options: tuple[str, ...] = ()
    ) -> None:
        self.kind = kind
        self.port = port
        self.data = data
        self.endpoints = endpoints
        self.options = options
        self.child: ChildProcess | None = None

    @property
    def url(self) -> str:
        """The base URL, without a path."""
        return f"http://{ports.LOOPBACK}:{self.port}"

    def start(self, environment: Mapping[str, str]) -> ChildProcess:
        """Start the host with `environment` and the settings of the servers."""
        stop_orphan(self.data, NAME, signal.SIGTERM)
        self.child = ChildProcess(
            NAME,
            self._command(),
            data=self.data,
            folder=ROOT,
            environment={**environment, **app_environment(environment, self.endpoints)},
        )
        return self.child

    def is_healthy(self) -> bool:
        """Return whether the app answers and reaches its servers."""
        connection = HTTPConnection(ports.LOOPBACK, self.port, timeout=10)
        try:
            connection.request("GET", "/api/health")
            return connection.getresponse().status == HTTP_OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> None:
        """Stop the host, if it runs; running functions end first."""
        if self.child is not None:
            self.child.stop()
            self.child = None

    def _command(self) -> list[str]:
        if self.kind == "func":
            return [shutil.which("func") or "func", "start", "--port", str(self.port)]
        return [sys.executable, "-m", "dev.host", "--app", str(ROOT), "--port", str(self.port), *self.options]


def choose(wanted: str) -> tuple[str, str]:
    """Return the kind of host (`func` or `local`) for `auto`, `func` or `local`, and its description."""
    func = shutil.which("func")
    if wanted == "func" and not func:
        raise UsageError("func is not on the PATH: install Azure Functions Core Tools, or use --host local")
    if wanted == "local":
        return "local", "local host (--host local)"
    if func:
        return "func", f"Azure Functions Core Tools, {func}"
    return "local", "local host, because Core Tools (func) are not installed"


def app_environment(environment: Mapping[str, str], endpoints: Endpoints) -> dict[str, str]:
    """Return the variables that the app needs in addition to the user's `environment`."""
    python = str(VENV / "bin")
    return {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": endpoints.storage_connection_string,
        "UPLOADS": endpoints.storage_connection_string,
        "DATABASE_URL": endpoints.database_url,
        # Azurite sends no events.
        "BLOB_TRIGGER_SOURCE": environment.get("BLOB_TRIGGER_SOURCE") or "polling",
        # `func` takes its Python from here.
        "VIRTUAL_ENV": str(VENV),
        "PATH": os.pathsep.join([python, environment.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
    }
