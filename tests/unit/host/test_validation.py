"""The worker's checks on functions, which the host makes before it starts."""

from collections.abc import Callable
from typing import Any

import azure.functions as func
import pytest
from azurefunctions.extensions.bindings import blob

from dev.host.errors import LoadError
from dev.host.function import Function
from dev.host.validation import checked
from tests.unit.host.making import indexed

App = func.FunctionApp


def check(build: Callable[[App], Any]) -> Function:
    app = App()
    build(app)
    return checked(indexed(app), {"type": "any"})


def test_a_blob_client_is_a_deferred_parameter() -> None:
    def build(app: App) -> None:
        @app.blob_trigger("client", "c/{name}", "DATA")
        def load(client: blob.BlobClient, context: func.Context) -> None: ...

    function = check(build)
    assert function.parameter.deferred
    assert function.needs_context
    assert function.returns is None


@pytest.mark.parametrize(
    ("annotation", "binding"), [(func.InputStream, "blobTrigger"), (bytes, "generic"), (str, "generic")]
)
def test_content_is_not_deferred(annotation: type, binding: str) -> None:
    def build(app: App) -> None:
        def load(data) -> None: ...  # type: ignore[no-untyped-def]

        load.__annotations__["data"] = annotation
        app.blob_trigger("data", "c/{name}", "DATA")(load)

    function = check(build)
    assert (function.parameter.deferred, function.parameter.binding) == (False, binding)


def test_parameters_need_no_annotations() -> None:
    def build(app: App) -> None:
        @app.queue_trigger("message", "q", "DATA")
        async def take(message, context): ...  # type: ignore[no-untyped-def]

    function = check(build)
    assert function.is_async
    assert function.parameter.binding == "queueTrigger"


def unbound(app: App) -> None:
    @app.route("x")
    def refused(req: func.HttpRequest, more: int) -> func.HttpResponse:
        raise NotImplementedError


def missing(app: App) -> None:
    @app.route("x")
    def refused(request: func.HttpRequest) -> func.HttpResponse:
        raise NotImplementedError


def wrong_type(app: App) -> None:
    @app.route("x")
    def refused(req: func.QueueMessage) -> func.HttpResponse:
        raise NotImplementedError


def wrong_sdk_type(app: App) -> None:
    @app.queue_trigger("message", "q", "DATA")
    def refused(message: blob.BlobClient) -> None: ...


def no_type(app: App) -> None:
    @app.route("x")
    def refused(req: func.HttpRequest | None) -> func.HttpResponse:
        raise NotImplementedError


def list_type(app: App) -> None:
    @app.queue_trigger("message", "q", "DATA")
    def refused(message: list[str]) -> None: ...


def out_for_in(app: App) -> None:
    @app.queue_trigger("message", "q", "DATA")
    def refused(message: func.Out[str]) -> None: ...


def in_for_out(app: App) -> None:
    @app.queue_trigger("message", "q", "DATA")
    @app.queue_output("out", "q2", "DATA")
    def refused(message: func.QueueMessage, out: str) -> None: ...


def wrong_context(app: App) -> None:
    @app.route("x")
    def refused(req: func.HttpRequest, context: int) -> func.HttpResponse:
        raise NotImplementedError


def wrong_return(app: App) -> None:
    @app.route("x")
    def refused(req: func.HttpRequest) -> int:
        raise NotImplementedError


def none_return(app: App) -> None:
    @app.route("x")
    def refused(req: func.HttpRequest) -> None: ...


def no_type_return(app: App) -> None:
    @app.route("x")
    def refused(req: func.HttpRequest) -> func.HttpResponse | None:
        raise NotImplementedError


def unknown_name(app: App) -> None:
    @app.route("x")
    def refused(req: "NoSuchThing") -> func.HttpResponse:  # type: ignore[name-defined]  # noqa: F821
        raise NotImplementedError


def other_trigger(app: App) -> None:
    @app.event_grid_trigger("event")
    def refused(event: func.EventGridEvent) -> None: ...


def other_binding(app: App) -> None:
    @app.queue_trigger("message", "q", "DATA")
    @app.queue_output("out", "q2", "DATA")
    def refused(message: func.QueueMessage, out: func.Out[str]) -> None: ...


@pytest.mark.parametrize(
    "build",
    [unbound, missing, wrong_type, wrong_sdk_type, no_type, list_type, out_for_in, in_for_out, wrong_context,
     wrong_return, none_return, no_type_return, unknown_name, other_trigger, other_binding],
)  # fmt: skip
def test_what_cannot_run_is_refused_by_name(build: Callable[[App], None]) -> None:
    with pytest.raises(LoadError, match="cannot load the refused function"):
        check(build)
