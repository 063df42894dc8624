"""`python3 dev …` reads its arguments, and names what it cannot run on."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dev import __main__ as dev
from dev import commands
from dev.bench import __main__ as bench
from dev.errors import Complaint
from dev.paths import ROOT, VENV_PYTHON


@pytest.mark.parametrize(
    ("version", "word"), [((3, 6), "too old"), ((3, 10), "too old"), ((3, 14), "too new")]
)
def test_an_unsuited_python_is_named(version: tuple[int, int], word: str) -> None:
    with pytest.raises(Complaint, match=word):
        dev.check_python(version)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_a_suited_python_passes(version: tuple[int, int]) -> None:
    dev.check_python(version)


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py", "errors.py"])
def test_an_old_python_can_read_the_files_that_tell_it_so(name: str) -> None:
    ast.parse((ROOT / "dev" / name).read_text(), feature_version=(3, 6))


def test_up_listens_on_7071_and_keeps_its_data_in_the_clone() -> None:
    options = dev.parse(["up"])
    assert (options.port, options.data, options.host) == (7071, ROOT / ".dev", "auto")


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        dev.parse(["up", f"--port={port}"])
    assert "is not a port number" in capsys.readouterr().err


def test_pytest_gets_every_argument_of_test_but_ours() -> None:
    options = dev.parse(["test", "-k", "not slow", "--no-checks", "-x", "--", "tests/unit"])
    assert options.arguments == ["-k", "not slow", "-x", "--", "tests/unit"]
    assert options.no_checks


@pytest.mark.parametrize("option", ["--rows=0", "--runs=0", "--rows=-1", "--runs=many"])
def test_the_benchmark_measures_something_or_says_what_is_wrong(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        bench.main([option])
    assert "is not a whole number above 0" in capsys.readouterr().err


def test_the_benchmark_explains_its_own_options() -> None:
    assert dev.parse(["bench", "--help"]).arguments == ["--help"]


def test_the_benchmark_gets_every_argument() -> None:
    assert dev.parse(["bench", "--rows", "10"]).arguments == ["--rows", "10"]


def test_a_complaint_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert dev.main(["migrate"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1


def test_outside_of_the_environment_the_command_goes_on_inside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    became: list[object] = []

    def become(program: Path, command: list[str]) -> None:
        became.extend([program, command])
        raise SystemExit(0)

    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(os, "execv", become)
    monkeypatch.setattr("dev.install.ensure", lambda *, azurite: None)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere")
    with pytest.raises(SystemExit):
        commands.run(dev.parse(["migrate"]), ["migrate"])
    assert became == [VENV_PYTHON, [str(VENV_PYTHON), str(ROOT / "dev"), "migrate"]]


def test_the_check_of_continuous_integration_runs_from_anywhere(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\necho "$PWD" "$@"\n')
    python.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    shown = subprocess.run(
        [ROOT / ".ci" / "run"], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True, check=True
    )
    assert shown.stdout == f"{ROOT} dev test\n"
