"""A small HTTP load generator, `python -m dev.bench.load_generator PORT PATH`: keep-alive, without pauses."""

import socket
import subprocess
import sys
import threading
import time

from dev.paths import ROOT
from dev.ports import LOOPBACK

_CONNECTIONS = 4
_SECONDS = 5.0


def requests_per_second(port: int, path: str) -> float:
    """Return the answers per second, measured in another process so that this one takes no time from it."""
    command = [sys.executable, "-m", "dev.bench.load_generator", str(port), path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def _main(port: int, path: str) -> None:
    counts: list[int] = []
    end = time.monotonic() + _SECONDS
    threads = [
        threading.Thread(target=lambda: counts.append(_count_answers(port, path, end)))
        for _ in range(_CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) < _CONNECTIONS:
        raise SystemExit("not every request was answered with 200")
    print(sum(counts) / _SECONDS)


def _count_answers(port: int, path: str, end: float) -> int:
    """Send requests on one connection until `end`; http.client would take as long as the app does."""
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\n\r\n".encode()
    count = 0
    with socket.create_connection((LOOPBACK, port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = connection.makefile("rb")
        while time.monotonic() < end:
            connection.sendall(request)
            if not answers.readline().startswith(b"HTTP/1.1 200"):
                raise RuntimeError("the status was not 200")
            length = 0
            while (line := answers.readline()) != b"\r\n":
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            answers.read(length)
            count += 1
    return count


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
