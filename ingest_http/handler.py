"""`POST /api/ingest`.

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
    """Store one or many files; 202 with an entry for each, in the request's order."""
    from ingest_http import accepting  # noqa: PLC0415

    return accepting.accept(req)
