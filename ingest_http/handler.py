"""`POST /api/ingest`, in earnest or as a dry run, `POST /api/uploads`, and replaying or undoing a load.

What answers is imported by the first request, so that no process waits for it to which none comes.
"""

from __future__ import annotations

import azure.functions as func

from shared.http import responses

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("ingest")
@blueprint.route("ingest", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def ingest(req: func.HttpRequest) -> func.HttpResponse:
    """Store one or many files, or say what would become of each; an entry for each, in their order."""
    from ingest_http import dry_run, upload  # noqa: PLC0415

    return dry_run.answer_dry_run(req) if dry_run.is_dry_run(req.params) else upload.accept_files(req)


@blueprint.function_name("uploads")
@blueprint.route("uploads", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def uploads(req: func.HttpRequest) -> func.HttpResponse:
    """An address to which one big file may be uploaded past the app, for an hour."""
    from ingest_http import big_upload  # noqa: PLC0415

    return big_upload.create_upload_url(req)


@blueprint.function_name("replay_ingestion")
@blueprint.route("ingestions/{id}/replay", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def replay_ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """Load a version of a blob again, whatever became of it; 202 with its entry."""
    from ingest_http import replay_undo  # noqa: PLC0415

    return replay_undo.replay(req)


@blueprint.function_name("undo_ingestion")
@blueprint.route("ingestions/{id}", methods=["DELETE"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def undo_ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """Take the rows of a load away; 200 with its entry."""
    from ingest_http import replay_undo  # noqa: PLC0415

    return replay_undo.undo(req)
