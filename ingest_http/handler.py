"""The HTTP functions that upload files, preview them, and replay or undo a load.

Each function imports its code when it is called, so no process waits for code that it does not use.
"""

from __future__ import annotations

import azure.functions as func

from shared.http import responses

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("ingest")
@blueprint.route("ingest", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def ingest(req: func.HttpRequest) -> func.HttpResponse:
    """Store or preview one or many files; the response has an entry for each, in their order."""
    from ingest_http import dry_run, upload  # noqa: PLC0415

    return dry_run.preview_files(req) if dry_run.is_dry_run(req.params) else upload.accept_files(req)


@blueprint.function_name("uploads")
@blueprint.route("uploads", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def uploads(req: func.HttpRequest) -> func.HttpResponse:
    """Create an address to upload one big file directly to storage within an hour."""
    from ingest_http import big_upload  # noqa: PLC0415

    return big_upload.create_upload_url(req)


@blueprint.function_name("replay_ingestion")
@blueprint.route("ingestions/{id}/replay", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def replay_ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """Load a version of a blob again, whatever its state is; 202 with the ingestion."""
    from ingest_http import replay_undo  # noqa: PLC0415

    return replay_undo.replay(req)


@blueprint.function_name("undo_ingestion")
@blueprint.route("ingestions/{id}", methods=["DELETE"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def undo_ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """Delete the rows of a load; 200 with the ingestion."""
    from ingest_http import replay_undo  # noqa: PLC0415

    return replay_undo.undo(req)
