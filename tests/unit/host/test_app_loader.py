"""Loading an app from its folder, and the worker's checks of its functions."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import azure.functions as func
import pytest
from azurefunctions.extensions.bindings import blob

from dev.host.app_loader import check_function, load
from dev.host.errors import HostError, LoadError
from dev.host.function import Function
from tests.unit.host.sample_functions import indexed

PRELUDE = "import azure.functions as func\n\napp = func.FunctionApp()\n"
TIMER = "@app.timer_trigger('t', '%EVERY%')\ndef tick(t: func.TimerRequest){}: ...\n"

Load = Callable[[str], list[Function]]


@pytest.fixture
def load_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Loads an app's code as the host does, and removes it afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "function_app", raising=False)

    def loaded(code: str) -> list[Function]:
        (tmp_path / "function_app.py").write_text(PRELUDE + code)
        try:
            return load(tmp_path, {"EVERY": "0 * * * * *"})
        finally:
            sys.modules.pop("function_app", None)

    return loaded


def test_a_function_is_described_with_its_settings_resolved(load_code: Load, tmp_path: Path) -> None:
    (function,) = load_code(TIMER.format(""))
    assert (function.id, function.kind, function.directory) == (
        "Host.Functions.tick",
        "timerTrigger",
        str(tmp_path),
    )
    assert function.trigger["schedule"] == "0 * * * * *"


def test_a_return_annotation_without_a_binding_is_a_warning(
    load_code: Load, caplog: pytest.LogCaptureFixture
) -> None:
    load_code(TIMER.format(" -> str"))
    assert "tick is annotated to return a value" in caplog.text


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("other = func.FunctionApp()", "defines 2"),
        ("del app", "defines 0"),
        (TIMER.format("").replace("EVERY", "NEVER"), "cannot load the tick function: '%NEVER%'"),
        (TIMER.format("").replace("(t:", "(other:"), "cannot load the tick function"),
    ],
)
def test_an_app_that_cannot_run_is_refused(load_code: Load, code: str, complaint: str) -> None:
    with pytest.raises(HostError, match=complaint):
        load_code(code)


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostError, match=r"there is no function_app\.py"):
        load(tmp_path, {})


App = func.FunctionApp


def check(build: Callable[[App], Any]) -> Function:
    app = App()
    build(app)
    return check_function(indexed(app), {"type": "any"})


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
def test_a_function_that_the_worker_refuses_is_refused_by_name(build: Callable[[App], None]) -> None:
    with pytest.raises(LoadError, match="cannot load the refused function"):
        check(build)
