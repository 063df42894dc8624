"""Which processes belong together, as the system tells it."""

import os

import pytest

from dev import groups

# As macOS prints it; the columns are aligned with spaces.
PS = {
    "pid=,ppid=,pgid=,stat=": "  1   0   1 Ss\n500   1 500 S+\n501 500 500 R\n502 501 500 Z\n",
    "comm=": "/Applications/My Tools/postgres\n",
    "command=": "/Applications/My Tools/postgres -D /data\n",
    "lstart=": "Mon Nov 23 14:16:50 2026\n",
}


@pytest.fixture
def on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "ON_LINUX", False)
    monkeypatch.setattr(groups, "_ps", lambda *arguments: next(PS[word] for word in arguments if word in PS))


def test_a_group_has_its_live_processes_and_their_parents() -> None:
    assert groups.members(os.getpgrp())[os.getpid()] == os.getppid()


def test_a_birth_is_one_process_own() -> None:
    assert groups.birth(os.getpid()) == groups.birth(os.getpid()) != groups.birth(1)
    assert groups.birth(2**22 + 1) == ""


@pytest.mark.usefixtures("on_macos")
def test_macos_tells_the_same_through_ps() -> None:
    assert groups.members(500) == {500: 1, 501: 500}
    assert groups.birth(500) == "Mon Nov 23 14:16:50 2026"
    assert groups.command_line(500) == ["/Applications/My Tools/postgres", "-D", "/data"]
