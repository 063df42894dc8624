"""Functions for unit tests, made without an app."""

from typing import Any

import azure.functions as func

from dev.host.function import Function, Parameter


def http_function(name: str, route: str | None = None, methods: list[str] | None = None) -> Function:
    """An HTTP function that answers nothing."""
    return Function(
        name=name,
        call=lambda req: None,
        directory="/",
        trigger={"type": "httpTrigger", "route": route, "methods": methods},
        parameter=Parameter("req", "httpTrigger", func.HttpRequest),
        returns=Parameter("$return", "http", None),
        needs_context=False,
        is_async=False,
    )


def indexed(app: func.FunctionApp) -> Any:
    """The only function of an app, as the library describes it."""
    (function,) = app.get_functions()
    return function
