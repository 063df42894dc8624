"""Drives PyPI's azure-functions-runtime, the worker's own library; runs in the 3.13 environment.

`worker.py load` loads many apps and tells which are refused; `worker.py invoke FOLDER` answers invocations.
Questions come as JSON on standard input, answers go as JSON to standard output.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import uuid
from typing import Any

from tests.conformance import protos
from tests.conformance.protos import Message, ParameterBinding, TypedData

runtime: Any = importlib.import_module("azure_functions_runtime")


async def initialize(folder: str) -> str | None:
    """Load an app as the host asks the worker to; answer what was wrong with it."""
    for name in [name for name, module in sys.modules.items() if name == "function_app" and module]:
        del sys.modules[name]
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        details = Message(capabilities={}, function_app_directory=folder)
        request = Message(
            request=Message(worker_init_request=details), properties={"host": "x", "protos": protos}
        )
        response = await runtime.worker_init_request(request)
    finally:
        sys.path.remove(folder)
    return None if response.result.status else str(response.result.exception.message)


def typed(value: dict[str, Any]) -> TypedData:
    """Build a value from its JSON form: one key, the kind."""
    ((kind, content),) = value.items()
    if kind == "http":
        return TypedData(
            http=protos.RpcHttp(**{**content, "body": TypedData(bytes=content["body"].encode("latin-1"))})
        )
    if kind == "bytes":
        return TypedData(bytes=content.encode("latin-1"))
    return TypedData(**{kind: Message(**content) if isinstance(content, dict) else content})


async def invoke(question: dict[str, Any]) -> dict[str, Any]:
    """Invoke a function with one input."""
    invocation = Message(
        invocation_id=str(uuid.uuid4()),
        function_id=str(uuid.uuid5(uuid.NAMESPACE_OID, question["function"])),
        input_data=[ParameterBinding(name=question["parameter"], data=typed(question["data"]))],
        trigger_metadata={name: typed(value) for name, value in question.get("metadata", {}).items()},
        trace_context=Message(trace_parent="", trace_state="", attributes={}),
        retry_context=Message(retry_count=0, max_retry_count=0),
    )
    response = await runtime.invocation_request(Message(request=Message(invocation_request=invocation)))
    if not response.result.status:
        return {"failed": response.result.exception.message}
    value = response.return_value
    if value is None:
        return {}
    if value.string is not None:
        return {"text": value.string}
    http = value.http
    body = http.body.bytes.decode("latin-1")
    return {"status": int(http.status_code), "headers": http.headers, "body": body}


async def main() -> None:
    """Answer all questions."""
    answers = os.fdopen(os.dup(1), "w")  # an app may print
    questions = json.load(sys.stdin)
    if sys.argv[1] == "load":
        found: Any = {name: await initialize(folder) for name, folder in questions.items()}
    else:
        refused = await initialize(sys.argv[2])
        if refused:
            raise SystemExit(refused)
        found = {name: await invoke(question) for name, question in questions.items()}
    json.dump(found, answers)
    answers.close()


if __name__ == "__main__":
    asyncio.run(main())
