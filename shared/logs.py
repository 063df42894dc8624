"""Forwards log records from loguru to the standard library's `logging`, which the Functions worker reads."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from loguru import logger

from shared import bindings

if TYPE_CHECKING:
    from loguru import Message


def _forward(message: Message) -> None:
    record = message.record
    target = logging.getLogger(record["name"] or "app")
    exception = record["exception"]
    target.log(
        record["level"].no,
        "%s",
        record["message"] + "".join(f" {key}={value}" for key, value in record["extra"].items()),
        exc_info=(exception.type, exception.value, exception.traceback)
        if exception and exception.type and exception.value
        else None,
    )


def configure() -> None:
    """Forward all records of loguru to `logging`, in the caller's thread.

    The worker finds the invocation of a record by its thread, so records must not be queued.
    """
    level = bindings.log_level()
    logger.remove()
    # diagnose=False: tracebacks must not show values of variables, which could be rows or secrets.
    logger.add(_forward, level=level, format="{message}", enqueue=False, diagnose=False, backtrace=False)
    logging.getLogger("shared").setLevel(level)
    logging.getLogger("azure").setLevel(logging.WARNING)
