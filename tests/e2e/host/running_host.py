"""A small app in a folder of its own, run by a local host of its own."""

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from dev.paths import ROOT
from dev.process import wait_until

PRELUDE = """
import json, logging, os, threading, time
import azure.functions as func
import azurefunctions.extensions.bindings.blob as blob

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

def record(**facts):
    with open(os.environ["RECORD"], "a") as file:
        file.write(json.dumps(facts) + "\\n")
"""
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """A response of the host."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class RunningHost:
    """An app and its host; the app's functions call `record` to write facts for the test."""

    def __init__(self, folder: Path, code: str, settings: Mapping[str, str], *options: str) -> None:
        self.folder = folder
        self.options = options
        self.log_file = folder / "host.log"
        self.record_file = folder / "record.jsonl"
        self.settings = {**os.environ, "RECORD": str(self.record_file), "PYTHONUNBUFFERED": "1", **settings}
        self.port = 0
        self.python = sys.executable
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "function_app.py").write_text(PRELUDE + code)

    def launch(self) -> "subprocess.Popen[bytes]":
        """Start the process without waiting."""
        command = [self.python, "-m", "dev.host", "--app", str(self.folder), "--port", str(self.port)]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.options], cwd=ROOT, env=self.settings, stdout=log, stderr=subprocess.STDOUT
            )
        return self.process

    def start(self) -> "RunningHost":
        """Start and wait until it listens."""
        starts = self.log.count("Host started on")
        process = self.launch()
        self.wait_for(lambda: self.log.count("Host started on") > starts or process.poll() is not None)
        assert process.poll() is None, self.log
        self.port = int(self.log.rpartition("Host started on http://127.0.0.1:")[2].partition("\n")[0])
        return self

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to the host and return its exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=15)

    @property
    def log(self) -> str:
        return self.log_file.read_text() if self.log_file.exists() else ""

    def records(self, **wanted: object) -> list[dict[str, Any]]:
        """Return the records of the functions that contain `wanted`."""
        if not self.record_file.exists():
            return []
        found = [json.loads(line) for line in self.record_file.read_text().splitlines()]
        return [facts for facts in found if wanted.items() <= facts.items()]

    def wait_for(self, question: Callable[[], T], seconds: float = 15) -> T:
        """Return the first true answer of `question`; fail with the host's log after `seconds`."""
        answer = wait_until(question, seconds)
        assert answer, f"still {answer!r}\n{self.log[-5000:]}"
        return answer

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()


def encoded(text: str) -> str:
    """Encode a queue message's body as the host expects it."""
    return base64.b64encode(text.encode()).decode()
