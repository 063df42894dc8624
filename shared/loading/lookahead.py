"""Looks at the present rows of the next part, on its own connection, while the part before is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import psycopg2
from loguru import logger
from sqlalchemy.exc import SQLAlchemyError

from shared.ahead import ahead
from shared.loading import comparing
from shared.loading.finding import Finding
from shared.loading.part import Part
from shared.loading.target import Target
from shared.stopwatch import Stopwatch


def looked(parts: Iterator[Part], target: Target, watch: Stopwatch) -> Iterator[Part]:
    """The same parts, with what was `seen` of them once `target` has met present rows.

    The look does not see what the load itself has written; `target` finds that out and looks again.
    """
    for part in parts:
        yield part
        if not target.expects_new:
            break
    with closing(ahead(parts)) as rest, ExitStack() as stack:
        yield from _with_looks(rest, target, watch, stack)


def _with_looks(parts: Iterator[Part], target: Target, watch: Stopwatch, stack: ExitStack) -> Iterator[Part]:
    """A look is a help only: where none can be had, the parts pass as they are."""
    finding: Finding | None = None
    is_possible = True
    for part in parts:
        seen = None
        if is_possible and part.rows.num_rows and not target.expects_new:
            try:
                finding = finding or stack.enter_context(target.finding_beside())
                with watch.stage("look", part.rows.num_rows):
                    seen = comparing.compare(part.rows, finding.find(part.rows), target.key)
            except (SQLAlchemyError, psycopg2.Error) as exc:
                logger.info("no look ahead: {}", type(exc).__name__)
                stack.close()
                is_possible = False
        yield replace(part, seen=seen)
        del part, seen
