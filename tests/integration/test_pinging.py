"""Connections that died while they rested are replaced before anybody uses them."""

from __future__ import annotations

import time

from sqlalchemy import Engine, create_engine, text

from shared.resources import ping_idle


def pid(engine: Engine) -> int:
    with engine.connect() as connection:
        found: int = connection.scalar(text("select pg_backend_pid()"))
        return found


def test_a_connection_that_was_cut_while_it_rested_is_replaced(engine: Engine) -> None:
    pooled = create_engine(engine.url, pool_size=1, max_overflow=0)
    ping_idle(pooled)
    first = pid(pooled)
    assert pid(pooled) == first
    with engine.connect() as other:
        other.execute(text("select pg_terminate_backend(:pid)"), {"pid": first})
    time.sleep(1.1)
    assert pid(pooled) != first
    pooled.dispose()
