"""Notes fresh uploads in the ledger at once, where it can be reached, so that their status is seen."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from loguru import logger
from sqlalchemy import Engine

from shared.database import brief
from shared.errors import IngestError, Unexpected
from shared.ledger import ingestions
from shared.storage.uploads import Upload

_PATIENCE_SECONDS = 2.0


def note(engine: Engine, stored: Sequence[Upload], dataset: str) -> bool:
    """Enter `stored` as `received`; `False` where that did not work within 2 s.

    A courtesy: the files are safe in storage, and the trigger enters them too. Uploading needs no database.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="note")
    try:
        pool.submit(_note, engine, stored, dataset).result(timeout=_PATIENCE_SECONDS)
    except Exception as exc:  # noqa: BLE001 - whatever it is, the files are stored
        reason = exc.message if isinstance(exc, IngestError) else Unexpected(exc).message
        logger.warning("the upload is stored but not yet in the ledger: {}", reason)
        return False
    finally:
        pool.shutdown(wait=False)
    return True


def _note(engine: Engine, stored: Sequence[Upload], dataset: str) -> None:
    with brief.connect(engine) as connection:
        for upload in stored:
            ingestions.receive(connection, upload, dataset)
