"""The least that a function between Blob storage and Postgres imports; measured against, never run."""

import azure.functions as func
from azure.storage.blob import BlobServiceClient
from sqlalchemy import create_engine

app = func.FunctionApp()


@app.function_name("one")
@app.route("one")
def one(request: func.HttpRequest) -> func.HttpResponse:
    """Answer with the names of what it uses."""
    return func.HttpResponse(f"{request.method} {BlobServiceClient.__name__} {create_engine.__name__}")
