"""Ports: different ones, free ones, and a sentence about one that is not."""

import socket

import pytest

from dev import ports
from dev.errors import Complaint


def test_free_ports_are_different() -> None:
    assert len(set(ports.free(20))) == 20


def test_a_free_port_can_be_claimed() -> None:
    ports.claim(ports.free(1)[0])


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - what func listens on
def test_a_taken_port_is_named(address: str) -> None:
    with socket.create_server((address, 0)) as taken, pytest.raises(Complaint, match="--port"):
        ports.claim(taken.getsockname()[1])
