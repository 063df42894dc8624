"""A connection that was closed while it was idle is replaced before it is used."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import Engine, create_engine, text

from shared import resources


def backend_pid(engine: Engine) -> int:
    with engine.connect() as connection:
        pid: int = connection.scalar(text("select pg_backend_pid()"))
        return pid


def test_a_connection_that_was_closed_while_idle_is_replaced(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "_IDLE_SECONDS", 0.1)
    pool = create_engine(engine.url, pool_size=1, max_overflow=0)
    resources.ping_idle(pool)
    first = backend_pid(pool)
    assert backend_pid(pool) == first
    with engine.connect() as other:
        other.execute(text("select pg_terminate_backend(:pid)"), {"pid": first})
    time.sleep(0.2)
    assert backend_pid(pool) != first
    pool.dispose()
