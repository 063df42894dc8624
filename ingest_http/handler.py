"""`POST /api/ingest`, in earnest or as a dry run.

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
