"""`/api/read/…`, `/api/ingestions`, `/api/datasets`, `/api/health`, `/api/openapi.json`, and the pages
`/api/docs` and `/api/console`.

See `ingest_http` on the imports.
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
def every_row(req: func.HttpRequest) -> func.HttpResponse:
    """A page of rows, filtered or not, as JSON, CSV or a JSON object a line."""
    from read_http import rows  # noqa: PLC0415

    return rows.page(req)


@blueprint.function_name("row")
@blueprint.route("read/{dataset}/{key}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def one_row(req: func.HttpRequest) -> func.HttpResponse:
    """The row with a key."""
    from read_http import rows  # noqa: PLC0415

    return rows.one(req)


@blueprint.function_name("put_row")
@blueprint.route("read/{dataset}/{key}", methods=["PUT"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def put_row(req: func.HttpRequest) -> func.HttpResponse:
    """Write the row with a key."""
    from read_http import rows  # noqa: PLC0415

    return rows.put(req)


@blueprint.function_name("delete_row")
@blueprint.route("read/{dataset}/{key}", methods=["DELETE"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def delete_row(req: func.HttpRequest) -> func.HttpResponse:
    """Delete the row with a key."""
    from read_http import rows  # noqa: PLC0415

    return rows.delete(req)


@blueprint.function_name("ingestions")
@blueprint.route("ingestions", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def every_ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the ingestions, the newest first, filtered by dataset, state, time or blob."""
    from read_http import ingestions  # noqa: PLC0415

    return ingestions.list_ingestions(req)


@blueprint.function_name("ingestion")
@blueprint.route("ingestions/{id}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def ingestion(req: func.HttpRequest) -> func.HttpResponse:
    """What happened to one version of one file."""
    from read_http import ingestions  # noqa: PLC0415

    return ingestions.one_ingestion(req)


@blueprint.function_name("rejects")
@blueprint.route("ingestions/{id}/rejects", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def rejects(req: func.HttpRequest) -> func.HttpResponse:
    """The rejects of an ingestion: a page in JSON, or a CSV file to be mended and sent again."""
    from read_http import rejects  # noqa: PLC0415

    return rejects.list_rejects(req)


@blueprint.function_name("datasets")
@blueprint.route("datasets", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def every_dataset(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the datasets by name, declared and inferred."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.list_datasets(req)


@blueprint.function_name("dataset")
@blueprint.route("datasets/{name}", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def one_dataset(req: func.HttpRequest) -> func.HttpResponse:
    """A dataset, and a page of the changes of its table, the newest first."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.one_dataset(req)


@blueprint.function_name("loads")
@blueprint.route("datasets/{name}/loads", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def loads(req: func.HttpRequest) -> func.HttpResponse:
    """How many rows were loaded into a dataset on each of the last days."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.loads(req)


@blueprint.function_name("set_key")
@blueprint.route("datasets/{name}", methods=["PUT"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def set_key(req: func.HttpRequest) -> func.HttpResponse:
    """Give an inferred dataset a key, once; the dataset as it is then."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.put_key(req)


@blueprint.function_name("contract")
@blueprint.route("datasets/{name}/contract.py", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@responses.problem_responses
def contract(req: func.HttpRequest) -> func.HttpResponse:
    """The contract of a dataset as a module of Python."""
    from read_http import datasets  # noqa: PLC0415

    return datasets.contract(req)


@blueprint.function_name("health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@responses.problem_responses
def check_health(req: func.HttpRequest) -> func.HttpResponse:  # noqa: ARG001 - the platform passes it
    """200 where every part answers, 503 where one does not; a line for each."""
    from read_http import health  # noqa: PLC0415

    return health.health()


@blueprint.function_name("openapi")
@blueprint.route("openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@responses.problem_responses
def openapi(req: func.HttpRequest) -> func.HttpResponse:
    """The description of the API."""
    from read_http import api_docs  # noqa: PLC0415

    return api_docs.description(req)


@blueprint.function_name("docs")
@blueprint.route("docs", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@responses.problem_responses
def show_docs(req: func.HttpRequest) -> func.HttpResponse:
    """The description of the API as a page."""
    from read_http import api_docs  # noqa: PLC0415

    return api_docs.page(req)


@blueprint.function_name("docs_file")
@blueprint.route("docs/{file}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@responses.problem_responses
def docs_file(req: func.HttpRequest) -> func.HttpResponse:
    """A file of that page."""
    from read_http import api_docs  # noqa: PLC0415

    return api_docs.file(req)


@blueprint.function_name("console")
@blueprint.route("console", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@responses.problem_responses
def console(req: func.HttpRequest) -> func.HttpResponse:
    """The console's page; what it shows it asks the other endpoints for, with a key where one is needed."""
    from read_http import console_page  # noqa: PLC0415

    return console_page.page(req)


@blueprint.function_name("console_file")
@blueprint.route("console/{file}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@responses.problem_responses
def console_file(req: func.HttpRequest) -> func.HttpResponse:
    """A file that the console's page is made of."""
    from read_http import console_page  # noqa: PLC0415

    return console_page.file(req)
