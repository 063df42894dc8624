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
    """Call `call` again while it raises `Unavailable`, for about `seconds` in all; returns its result.

    The pauses are random, up to a limit that doubles until 10 s, so that many workers do not connect at once
    to a server that is available again. The platform's own retries have no pause.
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
    logger.warning("{}; next attempt in {:.1f} s", error, pause)
