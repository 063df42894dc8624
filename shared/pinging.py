"""Makes sure that a connection from the pool still lives, if it rested long enough to have been dropped."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

_REST_SECONDS = 1.0
_KEY = "rests_since"


def ping_rested(engine: Engine) -> None:
    """Ping each connection that rested for a second before it is used again; a dead one is replaced.

    Idle connections are dropped by firewalls and by restarts. `pool_pre_ping` asks for every use, which is a
    round trip more where one use follows another.
    """

    @event.listens_for(engine, "checkin")
    def begin_rest(_connection: Any, record: Any) -> None:
        record.info[_KEY] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get(_KEY, float("inf")) < _REST_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as exc:
            raise InvalidatePoolError from exc  # the pool makes new ones, and hands out one of them
