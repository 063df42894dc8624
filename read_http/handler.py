"""The HTTP functions that read and edit data, check health, and serve the API description and the pages.

Each function imports its code when it is called, so no process waits for code that it does not use.
"""

from __future__ import annotations

import azure.functions as func

from shared.http import responses

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("first_chunk")
@blueprint.route("read/first-chunk", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def first_chunk(req: func.HttpRequest) -> func.HttpResponse:
    """The first rows of a dataset in load order, a JSON array of objects."""
    from read_http import rows  # noqa: PLC0415

    return rows.first_chunk(req)


@blueprint.function_name("rows")
@blueprint.route("read/{dataset}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def rows(req: func.HttpRequest) -> func.HttpResponse:
    """A page of rows as JSON, CSV or one JSON object per line."""
    from read_http import rows  # noqa: PLC0415

    return rows.list_rows(req)


@blueprint.function_name("row")
@blueprint.route("read/{dataset}/{key}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def row(req: func.HttpRequest) -> func.HttpResponse:
    """The row with this key."""
    from read_http import rows  # noqa: PLC0415

    return rows.read_row(req)


@blueprint.function_name("put_row")
@blueprint.route("read/{dataset}/{key}", methods=["PUT"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def put_row(req: func.HttpRequest) -> func.HttpResponse:
    """Write the row with this key."""
    from read_http import rows  # noqa: PLC0415

    return rows.put_row(req)


@blueprint.function_name("delete_row")
@blueprint.route("read/{dataset}/{key}", methods=["DELETE"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def delete_row(req: func.HttpRequest) -> func.HttpResponse:
    """Delete the row with this key."""
    from read_http import rows  # noqa: PLC0415

    return rows.delete_row(req)


@blueprint.function_name("ingestions")
@blueprint.route("ingestions", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def ingestions(req: func.HttpRequest) -> func.HttpResponse:
    """A page of ingestions, newest first, filtered by dataset, state, time or blob."""
    from read_http import ingestions  # noqa: PLC0415

    return ingestions.list_ingestions(req)


@blueprint.function_name("ingestion")
@blueprint.route("ingestions/{id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """The result of one version of one file."""
    from read_http import ingestions  # noqa: PLC0415

    return ingestions.read_ingestion(req)


@blueprint.function_name("rejects")
@blueprint.route("ingestions/{id}/rejects", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def rejects(req: func.HttpRequest) -> func.HttpResponse:
    """The rejects of an ingestion: a page in JSON, or a CSV file to correct and upload again."""
    from read_http import rejects  # noqa: PLC0415

    return rejects.list_rejects(req)


@blueprint.function_name("datasets")
@blueprint.route("datasets", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def datasets(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the declared and inferred datasets, by name."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.list_datasets(req)


@blueprint.function_name("dataset")
@blueprint.route("datasets/{name}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def dataset(req: func.HttpRequest) -> func.HttpResponse:
    """A dataset, and a page of the changes of its table, newest first."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.read_dataset(req)


@blueprint.function_name("loads")
@blueprint.route("datasets/{name}/loads", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def loads(req: func.HttpRequest) -> func.HttpResponse:
    """The number of rows loaded into a dataset on each of the last days."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.list_loads(req)


@blueprint.function_name("set_key")
@blueprint.route("datasets/{name}", methods=["PUT"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def set_key(req: func.HttpRequest) -> func.HttpResponse:
    """Set the key of an inferred dataset, once; the response is the changed dataset."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.set_key(req)


@blueprint.function_name("contract")
@blueprint.route("datasets/{name}/contract.py", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def contract(req: func.HttpRequest) -> func.HttpResponse:
    """The contract of a dataset as a Python module."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.read_contract(req)


@blueprint.function_name("health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@responses.problem_responses
def health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the binding needs the parameter
    """200 if Postgres and storage answer, 503 if one does not; an entry for each."""
    from read_http import health  # noqa: PLC0415

    return health.check_health()


@blueprint.function_name("openapi")
@blueprint.route("openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@responses.problem_responses
def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """The OpenAPI description."""
    from read_http import api_docs  # noqa: PLC0415

    return api_docs.serve_description(req, blueprint)


@blueprint.function_name("docs")
@blueprint.route("docs", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@responses.problem_responses
def docs(req: func.HttpRequest) -> func.HttpResponse:
    """The API description as a page."""
    from read_http import api_docs  # noqa: PLC0415

    return api_docs.serve_page(req)


@blueprint.function_name("docs_file")
@blueprint.route("docs/{file}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@responses.problem_responses
def docs_file(req: func.HttpRequest) -> func.HttpResponse:
    """A file of the page with the API description."""
    from read_http import api_docs  # noqa: PLC0415

    return api_docs.serve_file(req)


@blueprint.function_name("console")
@blueprint.route("console", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@responses.problem_responses
def console(req: func.HttpRequest) -> func.HttpResponse:
    """The page of the console, which gets its data from the other endpoints."""
    from read_http import console_page  # noqa: PLC0415

    return console_page.serve_page(req)


@blueprint.function_name("console_file")
@blueprint.route("console/{file}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@responses.problem_responses
def console_file(req: func.HttpRequest) -> func.HttpResponse:
    """A file of the console."""
    from read_http import console_page  # noqa: PLC0415

    return console_page.serve_file(req)
