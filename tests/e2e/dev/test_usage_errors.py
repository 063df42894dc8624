"""What `python3 dev` cannot do it says in one line, with exit code 2, and leaves nothing running."""

import signal
import socket
from pathlib import Path

from dev import data_dir as folder
from dev import ports
from tests.e2e.dev.conftest import Dev, Run, processes_on


def refusal(run: Run) -> str:
    """Return the one line on stderr."""
    assert run.wait() == 2
    [line] = run.errors.splitlines()
    assert line.startswith("python3 dev: ")
    return line


def test_a_port_in_use_is_named(dev: Dev, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refusal(dev("up", "--port", port, "--data", str(tmp_path / "data")))
    assert f"port {port}" in line
    assert "--port" in line
    assert processes_on(tmp_path / "data") == []


def test_a_missing_node_is_named(dev: Dev, port: str, tmp_path: Path) -> None:
    line = refusal(dev("up", "--port", port, "--data", str(tmp_path / "data"), PATH=str(tmp_path)))
    assert "node is not on the PATH" in line
    assert processes_on(tmp_path / "data") == []


def test_a_missing_func_is_named(dev: Dev, port: str, tmp_path: Path) -> None:
    (tmp_path / "node").symlink_to("/bin/true")
    arguments = ("up", "--port", port, "--data", str(tmp_path / "data"), "--host", "func")
    assert "func is not on the PATH" in refusal(dev(*arguments, PATH=str(tmp_path)))


def test_a_data_directory_that_cannot_be_written_is_named(dev: Dev, port: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert f"{tmp_path}/file/data" in refusal(dev("up", "--port", port, "--data", f"{tmp_path}/file/data"))


def test_a_directory_with_foreign_files_is_not_used(dev: Dev, port: str, tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    assert "not of the local stack" in refusal(dev("up", "--port", port, "--data", str(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_servers_that_cannot_be_reached_are_named(dev: Dev, port: str, tmp_path: Path) -> None:
    nowhere = f"postgresql://postgres:secret@127.0.0.1:{port}/postgres"
    with folder.held(tmp_path / "data") as data:
        (data / "endpoints.json").write_text("{}")  # of a run that was killed
    line = refusal(dev("up", "--port", port, "--data", str(tmp_path / "data"), DATABASE_URL=nowhere))
    assert "cannot migrate DATABASE_URL" in line
    assert "secret" not in line
    assert processes_on(tmp_path / "data") == []
    assert not (tmp_path / "data" / "endpoints.json").exists()


def test_migrate_without_a_database_says_what_to_set(dev: Dev) -> None:
    assert "set DATABASE_URL" in refusal(dev("migrate"))


def test_migrate_applies_what_is_missing_and_says_so(dev: Dev, empty_database_url: str) -> None:
    first, second = (dev("migrate", DATABASE_URL=empty_database_url) for _ in range(2))
    assert (first.wait(), second.wait()) == (0, 0)
    said = {first.output, second.output}
    # One may first say that it waits for the other to look at what is installed.
    assert sum(one.endswith("the database is up to date\n") for one in said) == 1
    assert sum("table sales: created" in one for one in said) == 1


def test_reset_removes_only_what_up_made(dev: Dev, tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    assert "so it stays" in refusal(dev("reset", "--yes", "--data", str(tmp_path)))
    assert (tmp_path / "precious").exists()


def test_one_data_directory_serves_one_up_and_reset_waits_for_its_end(
    dev: Dev, port: str, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    up = dev("up", "--port", port, "--data", str(data))
    up.wait_until_ready()
    assert "already runs" in refusal(dev("up", "--port", str(ports.free(1)[0]), "--data", str(data)))
    assert "already runs" in refusal(dev("reset", "--yes", "--data", str(data)))
    assert up.signal(signal.SIGTERM) == 0

    assert "confirm with --yes" in refusal(dev("reset", "--data", str(data)))
    assert data.exists()
    assert dev("reset", "--yes", "--data", str(data)).wait() == 0
    assert not data.exists()
