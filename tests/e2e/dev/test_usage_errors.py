"""Usage errors of `python3 dev`: one line on stderr, exit code 2, and no process left."""

import socket
from pathlib import Path

from dev.data_dir import hold_data_dir
from tests.e2e.dev.conftest import Dev, Run, processes_on


def error_line(run: Run) -> str:
    """Return the only line on stderr."""
    assert run.wait() == 2
    [line] = run.errors.splitlines()
    assert line.startswith("python3 dev: ")
    return line


def test_a_port_in_use_is_refused(dev: Dev, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = error_line(dev("up", "--port", port, "--data", str(tmp_path / "data")))
    assert f"port {port}" in line
    assert "--port" in line
    assert processes_on(tmp_path / "data") == []


def test_up_without_node_is_refused(dev: Dev, port: str, tmp_path: Path) -> None:
    line = error_line(dev("up", "--port", port, "--data", str(tmp_path / "data"), PATH=str(tmp_path)))
    assert "node is not on the PATH" in line
    assert processes_on(tmp_path / "data") == []


def test_up_with_func_is_refused_without_core_tools(dev: Dev, port: str, tmp_path: Path) -> None:
    (tmp_path / "node").symlink_to("/bin/true")
    arguments = ("up", "--port", port, "--data", str(tmp_path / "data"), "--host", "func")
    assert "func is not on the PATH" in error_line(dev(*arguments, PATH=str(tmp_path)))


def test_a_data_directory_that_cannot_be_written_is_refused(dev: Dev, port: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert f"{tmp_path}/file/data" in error_line(dev("up", "--port", port, "--data", f"{tmp_path}/file/data"))


def test_a_directory_with_other_files_is_refused_and_not_changed(dev: Dev, port: str, tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    assert "contains files of another program" in error_line(
        dev("up", "--port", port, "--data", str(tmp_path))
    )
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_an_unreachable_database_is_reported_without_its_password(
    dev: Dev, port: str, tmp_path: Path
) -> None:
    nowhere = f"postgresql://postgres:secret@127.0.0.1:{port}/postgres"
    with hold_data_dir(tmp_path / "data") as data:
        (data / "endpoints.json").write_text("{}")  # of a run that was killed
    line = error_line(dev("up", "--port", port, "--data", str(tmp_path / "data"), DATABASE_URL=nowhere))
    assert "cannot migrate DATABASE_URL" in line
    assert "secret" not in line
    assert processes_on(tmp_path / "data") == []
    assert not (tmp_path / "data" / "endpoints.json").exists()


def test_migrate_without_a_database_url_is_refused(dev: Dev) -> None:
    assert "set DATABASE_URL" in error_line(dev("migrate"))


def test_migrate_prints_what_it_created_and_runs_once_at_a_time(dev: Dev, empty_database_url: str) -> None:
    first, second = (dev("migrate", DATABASE_URL=empty_database_url) for _ in range(2))
    assert (first.wait(), second.wait()) == (0, 0)
    printed = {first.output, second.output}
    # One of them may first print that it waits for the other to check what is installed.
    assert sum(one.endswith("the database is up to date\n") for one in printed) == 1
    assert sum("table sales: created" in one for one in printed) == 1


def test_reset_does_not_remove_a_directory_that_up_did_not_create(dev: Dev, tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    assert "is not removed" in error_line(dev("reset", "--yes", "--data", str(tmp_path)))
    assert (tmp_path / "precious").exists()


def test_a_data_directory_in_use_is_refused(dev: Dev, port: str, tmp_path: Path) -> None:
    with hold_data_dir(tmp_path / "data") as data:
        assert "already runs" in error_line(dev("up", "--port", port, "--data", str(data)))
        assert "already runs" in error_line(dev("reset", "--yes", "--data", str(data)))


def test_reset_removes_the_data_directory_after_confirmation(dev: Dev, tmp_path: Path) -> None:
    with hold_data_dir(tmp_path / "data") as data:
        pass
    assert "confirm with --yes" in error_line(dev("reset", "--data", str(data)))
    assert data.exists()
    assert dev("reset", "--yes", "--data", str(data)).wait() == 0
    assert not data.exists()
