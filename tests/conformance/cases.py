"""Apps that both the worker and the local host load, and one app that both invoke."""

PRELUDE = """
import json, os
import azure.functions as func
import azurefunctions.extensions.bindings.blob as blob

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
"""

INVOKED = """
def record(name, **facts):
    with open(os.path.join(os.environ["RECORDS"], name + ".json"), "w") as file:
        json.dump(facts, file)

def about(context):
    local = context.thread_local_storage.invocation_id
    return [context.function_name, os.path.basename(context.function_directory),
            context.invocation_id == local, len(context.invocation_id), context.retry_context.retry_count]

@app.route("seen/{first}/{second?}", methods=["GET", "POST"])
def seen(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    try:
        parsed = req.get_json()
    except ValueError as exc:
        parsed = type(exc).__name__
    return func.HttpResponse(json.dumps({
        "method": req.method, "url": req.url, "headers": sorted(req.headers.items()),
        "params": sorted(req.params.items()), "route": sorted(req.route_params.items()),
        "body": req.get_body().decode("latin-1"), "json": parsed, "form": sorted(req.form.items()),
        "files": [[k, f.filename, f.content_type, f.read().decode()] for k, f in req.files.items(multi=True)],
        "context": about(context)}), mimetype="application/json")

@app.route("answers/{what}")
def answers(req: func.HttpRequest):
    return {
        "none": lambda: None, "int": lambda: 5, "dict": lambda: {"a": 1}, "list": lambda: [1],
        "bytes": lambda: b"x", "text": lambda: "t\\u00e9xt",
        "raise": lambda: 1 / 0,
        "empty": lambda: func.HttpResponse(status_code=204),
        "bare": lambda: func.HttpResponse(),
        "html": lambda: func.HttpResponse("<p>", mimetype="text/html"),
        "binary": lambda: func.HttpResponse(b"\\xff\\x00", status_code=418, mimetype="image/png"),
        "headers": lambda: func.HttpResponse("x", headers={"X-A": "1", "Content-Type": "text/csv"}),
    }[req.route_params["what"]]()

@app.route("later")
async def later(req: func.HttpRequest, context) -> func.HttpResponse:
    return func.HttpResponse(json.dumps([context.function_name, len(context.invocation_id)]))

@app.blob_trigger("client", "%CONTAINER%/client-{name}", "DATA")
def client(client: blob.BlobClient) -> None:
    record("client", type=type(client).__module__ + "." + type(client).__name__,
           container=client.container_name, blob=client.blob_name, account=client.account_name,
           content=client.download_blob().readall().decode())

@app.blob_trigger("data", "%CONTAINER%/stream-{name}", "DATA")
def stream(data: func.InputStream) -> None:
    record("stream", path=data.name, length=data.length, content=data.read().decode(),
           uri=os.path.basename(data.uri), metadata=data.metadata)

@app.blob_trigger("data", "%CONTAINER%/bytes-{name}", "DATA")
def content(data: bytes) -> None:
    record("content", type=type(data).__name__, content=data.decode())

@app.queue_trigger("message", "%QUEUE%", "DATA")
def message(message: func.QueueMessage) -> None:
    record("message", body=message.get_body().decode(), json=message.get_json(), tries=message.dequeue_count,
           id=type(message.id).__name__, receipt=type(message.pop_receipt).__name__,
           inserted=str(message.insertion_time.tzinfo), expires=str(message.expiration_time.tzinfo),
           days=(message.expiration_time - message.insertion_time).days,
           next=str(message.time_next_visible.tzinfo))

@app.queue_trigger("message", "%QUEUE%-text", "DATA")
def text(message: str) -> None:
    record("text", type=type(message).__name__, body=message)

@app.timer_trigger("timer", "0 0 0 1 1 *", run_on_startup=True)
def timer(timer: func.TimerRequest, context: func.Context) -> None:
    record("timer", past_due=timer.past_due, status=sorted(timer.schedule_status), schedule=timer.schedule,
           context=about(context))

@app.timer_trigger("timer", "0 0 0 1 1 *", run_on_startup=True)
def returning(timer: func.TimerRequest):
    record("returning")
    return "a value without a binding for it"
"""

_HTTP = "@app.route('x')\ndef f({}) -> {}: return func.HttpResponse()\n"
_QUEUE = "@app.queue_trigger('m', 'q', 'DATA')\ndef f({}): ...\n"
_BLOB = "@app.blob_trigger('b', 'c/{{name}}', 'DATA')\ndef f({}): ...\n"
_REQ, _RESPONSE = "req: func.HttpRequest", "func.HttpResponse"

LOADED = {
    "http": _HTTP.format(_REQ, _RESPONSE),
    "http without annotations": "@app.route('x')\ndef f(req): return func.HttpResponse()\n",
    "http returning str": _HTTP.format(_REQ, "str"),
    "http with context": _HTTP.format(f"{_REQ}, context: func.Context", _RESPONSE),
    "http with bare context": _HTTP.format(f"{_REQ}, context", _RESPONSE),
    "http with wrong context": _HTTP.format(f"{_REQ}, context: int", _RESPONSE),
    "http with unbound parameter": _HTTP.format(f"{_REQ}, more: int", _RESPONSE),
    "http without its parameter": _HTTP.format("request: func.HttpRequest", _RESPONSE),
    "http from a queue message": _HTTP.format("req: func.QueueMessage", _RESPONSE),
    "http from str": _HTTP.format("req: str", _RESPONSE),
    "http from an optional": _HTTP.format("req: func.HttpRequest | None", _RESPONSE),
    "http from Out": _HTTP.format("req: func.Out[str]", _RESPONSE),
    "http from a string annotation": _HTTP.format("req: 'func.HttpRequest'", _RESPONSE),
    "http from an unknown name": _HTTP.format("req: 'Unknown'", _RESPONSE),
    "http returning int": _HTTP.format(_REQ, "int"),
    "http returning None": _HTTP.format(_REQ, "None"),
    "http returning an optional": _HTTP.format(_REQ, "func.HttpResponse | None"),
    "http returning Out": _HTTP.format(_REQ, "func.Out[str]"),
    "queue message": _QUEUE.format("m: func.QueueMessage"),
    "queue str": _QUEUE.format("m: str"),
    "queue bytes": _QUEUE.format("m: bytes"),
    "queue dict": _QUEUE.format("m: dict"),
    "queue list of str": _QUEUE.format("m: list[str]"),
    "queue blob client": _QUEUE.format("m: blob.BlobClient"),
    "queue returning str": "@app.queue_trigger('m', 'q', 'DATA')\ndef f(m: str) -> str: ...\n",
    "blob client": _BLOB.format("b: blob.BlobClient"),
    "blob container client": _BLOB.format("b: blob.ContainerClient"),
    "blob stream": _BLOB.format("b: func.InputStream"),
    "blob str": _BLOB.format("b: str"),
    "blob int": _BLOB.format("b: int"),
    "blob list of clients": _BLOB.format("b: list[blob.BlobClient]"),
    "timer": "@app.timer_trigger('t', '0 0 0 * * *')\ndef f(t: func.TimerRequest): ...\n",
    "timer message": "@app.timer_trigger('t', '0 0 0 * * *')\ndef f(t: func.QueueMessage): ...\n",
    "wrong output annotation": (
        "@app.queue_trigger('m', 'q', 'DATA')\n@app.queue_output('o', 'q2', 'DATA')\n"
        "def f(m: str, o: str): ...\n"
    ),
    "two functions of one name": _HTTP.format(_REQ, _RESPONSE) * 2,
    "two triggers": "@app.route('x')\n" + _QUEUE.format("m: str"),
    "no trigger": "@app.queue_output('o', 'q', 'DATA')\ndef f(o: func.Out[str]): ...\n",
    "two apps": "other = func.FunctionApp()\n",
    "no app": "del app\n",
    "a failing import": "import nothing_of_the_kind\n",
    "a failing statement": "1 / 0\n",
}
