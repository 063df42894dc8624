"""`POST /api/ingest`, in earnest or as a dry run, `POST /api/uploads`, and replaying or undoing a load.

What answers is imported by the first request, so that no process waits for it to which none comes.
"""

from __future__ import annotations

import azure.functions as func

from shared.http import answer

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("ingest")
@blueprint.route("ingest", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def ingest(req: func.HttpRequest) -> func.HttpResponse:
    """Store one or many files, or say what would become of each; an entry for each, in their order."""
    from ingest_http import accepting, trying  # noqa: PLC0415

    return trying.answer_with_outlook(req) if trying.is_asked(req.params) else accepting.accept(req)


@blueprint.function_name("uploads")
@blueprint.route("uploads", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def uploads(req: func.HttpRequest) -> func.HttpResponse:
    """An address to which one big file may be uploaded past the app, for an hour."""
    from ingest_http import direct  # noqa: PLC0415

    return direct.upload(req)


@blueprint.function_name("replay_ingestion")
@blueprint.route("ingestions/{id}/replay", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def replay_ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """Load a version of a blob again, whatever became of it; 202 with its entry."""
    from ingest_http import steering  # noqa: PLC0415

    return steering.replay(req)


@blueprint.function_name("undo_ingestion")
@blueprint.route("ingestions/{id}", methods=["DELETE"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def undo_ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """Take the rows of a load away; 200 with its entry."""
    from ingest_http import steering  # noqa: PLC0415

    return steering.undo(req)
