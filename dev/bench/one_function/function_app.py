"""The smallest app with a function for Blob storage and Postgres: its import is timed, it is never run."""

import azure.functions as func
from azure.storage.blob import BlobServiceClient
from sqlalchemy import create_engine

app = func.FunctionApp()


@app.function_name("one")
@app.route("one")
def one(request: func.HttpRequest) -> func.HttpResponse:
    """Return the names of the imported classes."""
    return func.HttpResponse(f"{request.method} {BlobServiceClient.__name__} {create_engine.__name__}")
