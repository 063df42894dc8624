"""Free TCP ports, and the error for a port in use."""

import socket

import pytest

from dev import ports
from dev.errors import UsageError


def test_free_ports_are_distinct() -> None:
    assert len(set(ports.free(20))) == 20


def test_a_free_port_passes_the_check() -> None:
    ports.check_free(ports.free(1)[0])


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - what func listens on
def test_a_port_in_use_is_refused_with_the_option_to_change_it(address: str) -> None:
    with socket.create_server((address, 0)) as taken, pytest.raises(UsageError, match="--port"):
        ports.check_free(taken.getsockname()[1])
