"""The functions of the app, which loads CSV files into PostgreSQL."""

import azure.functions as func

import blob_trigger
import ingest_http
import read_http
from shared import logs

logs.configure()

app = func.FunctionApp()
app.register_functions(ingest_http.blueprint)
app.register_functions(blob_trigger.blueprint)
app.register_functions(read_http.blueprint)
