"""A small load generator, `python -m dev.bench.load_generator PORT PATH`: kept connections, never a pause."""

import socket
import subprocess
import sys
import threading
import time

from dev.paths import ROOT
from dev.ports import LOOPBACK

_CONNECTIONS = 4
_SECONDS = 5.0


def a_second(port: int, path: str) -> float:
    """Answers a second; a process of its own asks, so that it takes no turns from whoever calls."""
    command = [sys.executable, "-m", "dev.bench.load_generator", str(port), path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _main(port: int, path: str) -> None:
    answered: list[int] = []
    end = time.monotonic() + _SECONDS
    askers = [
        threading.Thread(target=lambda: answered.append(_ask(port, path, end))) for _ in range(_CONNECTIONS)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    if len(answered) < _CONNECTIONS:
        raise SystemExit("not every request was answered with 200")
    print(sum(answered) / _SECONDS)


def _ask(port: int, path: str, end: float) -> int:
    """Requests answered on one connection. http.client would take as long as the app does."""
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\n\r\n".encode()
    count = 0
    with socket.create_connection((LOOPBACK, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = connection.makefile("rb")
        while time.monotonic() < end:
            connection.sendall(request)
            if not answers.readline().startswith(b"HTTP/1.1 200"):
                raise RuntimeError("another answer than 200")
            length = 0
            while (line := answers.readline()) != b"\r\n":
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            answers.read(length)
            count += 1
    return count


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
