"""`/api/read/first-chunk`, `/api/ingestions`, `/api/datasets` and `/api/health`.

See `ingest_http` on the imports.
"""

from __future__ import annotations

import azure.functions as func

from shared.http import answer

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("first_chunk")
@blueprint.route("read/first-chunk", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def first_chunk(req: func.HttpRequest) -> func.HttpResponse:
    """The first rows of a dataset in load order, a JSON array of objects."""
    from read_http import answers  # noqa: PLC0415

    return answers.first_chunk(req)


@blueprint.function_name("ingestions")
@blueprint.route("ingestions", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def every_ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the ingestions, the newest first, filtered by dataset, state, time or blob."""
    from read_http import ingestions  # noqa: PLC0415

    return ingestions.every(req)


@blueprint.function_name("ingestion")
@blueprint.route("ingestions/{id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """What happened to one version of one file."""
    from read_http import ingestions  # noqa: PLC0415

    return ingestions.one(req)


@blueprint.function_name("rejects")
@blueprint.route("ingestions/{id}/rejects", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def rejects(req: func.HttpRequest) -> func.HttpResponse:
    """The rejects of an ingestion: a page in JSON, or a CSV file to be mended and sent again."""
    from read_http import rejects  # noqa: PLC0415

    return rejects.of(req)


@blueprint.function_name("datasets")
@blueprint.route("datasets", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def every_dataset(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the datasets by name, declared and inferred."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.every(req)


@blueprint.function_name("dataset")
@blueprint.route("datasets/{name}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def one_dataset(req: func.HttpRequest) -> func.HttpResponse:
    """A dataset, and a page of the changes of its table, the newest first."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.one(req)


@blueprint.function_name("loads")
@blueprint.route("datasets/{name}/loads", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def loads(req: func.HttpRequest) -> func.HttpResponse:
    """How many rows were loaded into a dataset on each of the last days."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.loads(req)


@blueprint.function_name("set_key")
@blueprint.route("datasets/{name}", methods=["PUT"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def set_key(req: func.HttpRequest) -> func.HttpResponse:
    """Give an inferred dataset a key, once; the dataset as it is then."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.set_key(req)


@blueprint.function_name("contract")
@blueprint.route("datasets/{name}/contract.py", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@answer.answered
def contract(req: func.HttpRequest) -> func.HttpResponse:
    """The contract of a dataset as a module of Python."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.contract(req)


@blueprint.function_name("health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@answer.answered
def check_health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the platform passes it
    """200 where every part answers, 503 where one does not; a line for each."""
    from read_http import answers  # noqa: PLC0415

    return answers.check_health()
