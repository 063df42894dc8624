"""The functions that load files: for a new blob, a replay, a poison message and a timer.

Their use cases are imported inside the functions: each process of the app imports this module, also one that
only serves HTTP, and pandas and pyarrow take longer to import than everything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import azure.functions as func
from azurefunctions.extensions.bindings import blob
from loguru import logger

from shared import bindings
from shared.bindings import REPLAYS_QUEUE, STORAGE_CONNECTION, UPLOADS_CONTAINER

if TYPE_CHECKING:
    from shared.resources import Resources
    from shared.use_cases.load_blob import BlobLoader

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]

_SOURCES = {
    "polling": func.BlobSource.LOGS_AND_CONTAINER_SCAN,
    "eventgrid": func.BlobSource.EVENT_GRID,
}

_SWEEP_SECONDS = 240


@blueprint.function_name("load")
@blueprint.blob_trigger(
    "client",
    f"{UPLOADS_CONTAINER}/{{name}}",
    STORAGE_CONNECTION,
    source=_SOURCES[bindings.trigger_source()],
)
def load(client: blob.BlobClient) -> None:
    """Load a new blob; after an exception the platform tries again, five times in all."""
    from shared import retry  # noqa: PLC0415
    from shared.resources import resources  # noqa: PLC0415

    if client.container_name != UPLOADS_CONTAINER:
        logger.warning("an event for another container was ignored: {}", client.container_name)
        return
    app = resources()
    loader = _loader(app)
    retry.retry_unavailable(lambda: loader.load(str(client.blob_name)), app.settings.retry_seconds)


@blueprint.function_name("replay")
@blueprint.queue_trigger("message", REPLAYS_QUEUE, STORAGE_CONNECTION)
def replay(message: func.QueueMessage) -> None:
    """Load a blob again, as a replay requests; the platform tries as often as for a new blob."""
    from shared import retry  # noqa: PLC0415
    from shared.resources import resources  # noqa: PLC0415
    from shared.use_cases import replay_load  # noqa: PLC0415

    app = resources()
    loader = _loader(app)
    path = replay_load.parse_message(message.get_body().decode())
    retry.retry_unavailable(lambda: loader.load(path), app.settings.retry_seconds)


@blueprint.function_name("give_up")
@blueprint.queue_trigger("message", "webjobs-blobtrigger-poison", STORAGE_CONNECTION)
def give_up(message: func.QueueMessage) -> None:
    """Record that a blob could not be loaded, after the last attempt of the platform."""
    from shared import retry  # noqa: PLC0415
    from shared.resources import resources  # noqa: PLC0415
    from shared.use_cases import give_up_load  # noqa: PLC0415

    app = resources()
    poison = give_up_load.PoisonMessage.parse(message.get_body().decode())
    if poison.version.container == UPLOADS_CONTAINER:
        retry.retry_unavailable(
            lambda: give_up_load.give_up(app.engine, poison.version), app.settings.retry_seconds
        )


@blueprint.function_name("sweep")
@blueprint.timer_trigger("timer", "0 */5 * * * *")
def sweep(timer: func.TimerRequest) -> None:  # noqa: ARG001 - the binding needs the parameter
    """Load blobs that no event loaded: events can be late, lost, or spent while Postgres was unavailable."""
    from shared.resources import resources  # noqa: PLC0415
    from shared.use_cases import sweep  # noqa: PLC0415

    app = resources()
    loader = _loader(app)
    loaded = sweep.sweep(app.engine, app.uploads, loader.load, _SWEEP_SECONDS)
    logger.bind(ingested=loaded).info("swept")


def _loader(app: Resources) -> BlobLoader:
    from shared.use_cases.load_blob import BlobLoader  # noqa: PLC0415

    return BlobLoader(
        app.engine,
        app.uploads,
        app.settings.default_dataset,
        undeclared_datasets=app.settings.undeclared_datasets,
    )
