"""The command line of `python3 dev`: arguments, supported Python versions, error messages."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dev import __main__ as dev
from dev import commands
from dev.bench import __main__ as bench
from dev.errors import UsageError
from dev.paths import ROOT, VENV_PYTHON


@pytest.mark.parametrize(
    ("version", "word"), [((3, 6), "too old"), ((3, 10), "too old"), ((3, 14), "too new")]
)
def test_an_unsupported_python_version_is_refused(version: tuple[int, int], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        dev.check_python(version)


@pytest.mark.parametrize("version", [(3, 11), (3, 12), (3, 13)])
def test_a_supported_python_version_is_accepted(version: tuple[int, int]) -> None:
    dev.check_python(version)


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py", "errors.py"])
def test_python_3_6_can_parse_the_files_that_refuse_it(name: str) -> None:
    ast.parse((ROOT / "dev" / name).read_text(), feature_version=(3, 6))


def test_up_listens_on_7071_and_keeps_its_data_in_the_clone() -> None:
    options = dev.parse(["up"])
    assert (options.port, options.data, options.host) == (7071, ROOT / ".dev", "auto")


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_an_invalid_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        dev.parse(["up", f"--port={port}"])
    assert "is not a port number" in capsys.readouterr().err


def test_pytest_gets_every_argument_of_test_except_no_checks() -> None:
    options = dev.parse(["test", "-k", "not slow", "--no-checks", "-x", "--", "tests/unit"])
    assert options.arguments == ["-k", "not slow", "-x", "--", "tests/unit"]
    assert options.no_checks


def test_the_help_of_test_lists_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        dev.parse(["test", "--help"])
    options = capsys.readouterr().out.partition("options:")[2]
    assert re.findall(r"^  (--[a-z-]+)", options, re.MULTILINE) == ["--no-checks", "--no-browser"]


def test_pytest_gets_no_browser() -> None:
    assert dev.parse(["test", "--no-browser"]).arguments == ["--no-browser"]


@pytest.mark.parametrize("option", ["--rows=0", "--runs=0", "--rows=-1", "--runs=many"])
def test_the_benchmark_refuses_sizes_that_are_not_positive(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        bench.main([option])
    assert "is not a whole number above 0" in capsys.readouterr().err


def test_the_benchmark_prints_its_options_without_measuring(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        bench.main(["--help"])
    printed = capsys.readouterr().out
    for option in ("--rows", "--runs", "--only", "--json", "--svg"):
        assert option in printed


def test_the_benchmark_refuses_an_unknown_case_and_lists_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="2"):
        bench.main(["--only", "warp"])
    errors = capsys.readouterr().err
    assert "warp" in errors
    assert "same-bytes" in errors


def test_bench_help_is_passed_to_the_benchmark() -> None:
    assert dev.parse(["bench", "--help"]).arguments == ["--help"]


def test_every_argument_of_bench_is_passed_to_the_benchmark() -> None:
    assert dev.parse(["bench", "--rows", "10"]).arguments == ["--rows", "10"]


def test_a_usage_error_is_one_line_on_stderr_with_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert dev.main(["migrate"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1


def test_outside_the_virtual_environment_the_command_restarts_with_its_python(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[object] = []

    def execv(program: Path, command: list[str]) -> None:
        started.extend([program, command])
        raise SystemExit(0)

    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr("dev.commands.ensure_installed", lambda *, azurite: None)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nowhere")
    with pytest.raises(SystemExit):
        commands.run(dev.parse(["migrate"]), ["migrate"])
    assert started == [VENV_PYTHON, [str(VENV_PYTHON), str(ROOT / "dev"), "migrate"]]


def test_the_ci_script_runs_in_the_clone_from_any_folder(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\necho "$PWD" "$@"\n')
    python.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    printed = subprocess.run(
        [ROOT / ".ci" / "run"], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True, check=True
    )
    assert printed.stdout == f"{ROOT} dev test\n"
