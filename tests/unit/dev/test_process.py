"""Facts about processes from /proc on Linux and from ps on macOS."""

import os

import pytest

from dev import process

# Output of `ps` on macOS, which aligns the columns with spaces.
PS = {
    "pid=,ppid=,pgid=,stat=": "  1   0   1 Ss\n500   1 500 S+\n501 500 500 R\n502 501 500 Z\n",
    "comm=": "/Applications/My Tools/postgres\n",
    "command=": "/Applications/My Tools/postgres -D /data\n",
    "lstart=": "Mon Nov 23 14:16:50 2026\n",
}


@pytest.fixture
def on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ON_LINUX", False)
    monkeypatch.setattr(process, "_ps", lambda *arguments: next(PS[word] for word in arguments if word in PS))


def test_group_members_are_the_live_processes_with_their_parents() -> None:
    assert process.group_members(os.getpgrp())[os.getpid()] == os.getppid()


def test_the_start_time_identifies_a_process() -> None:
    assert process.start_time(os.getpid()) == process.start_time(os.getpid()) != process.start_time(1)
    assert process.start_time(2**22 + 1) == ""


@pytest.mark.usefixtures("on_macos")
def test_on_macos_the_facts_come_from_ps() -> None:
    assert process.group_members(500) == {500: 1, 501: 500}
    assert process.start_time(500) == "Mon Nov 23 14:16:50 2026"
    assert process.command_line(500) == ["/Applications/My Tools/postgres", "-D", "/data"]
