"""Retries calls that raise `Unavailable`, with exponential back-off."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from loguru import logger
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from shared.errors import Unavailable

Result = TypeVar("Result")


def retry_unavailable(call: Callable[[], Result], seconds: float) -> Result:
    """The result of `call`, repeated while it raises `Unavailable`, for about `seconds` in all.

    The pauses are drawn from a range that doubles up to 10 s, so that many workers do not knock at once on a
    server that comes back. The platform's own retries have no pause at all, which is why this one exists.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(Unavailable),
        wait=wait_random_exponential(multiplier=0.5, max=10),
        stop=stop_after_delay(seconds),
        before_sleep=_log,
        reraise=True,
    )
    return retrying(call)


def _log(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    pause = state.next_action.sleep if state.next_action else 0.0
    logger.warning("{}; trying again in {:.1f} s", error, pause)
