"""Convert trigger data to arguments and return values to data, with the libraries' own converters.

`azure.functions` keeps a registry of converters by binding type; `azurefunctions.extensions.base` keeps
another for SDK types such as BlobClient ("deferred" bindings). A type in neither registry is "generic": text
or bytes are passed unchanged.
"""

import json
import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum

from dev.host.function import Parameter

Metadata = Mapping[str, Datum]

_get_registry: Any = func.get_binding_registry


def is_deferred(annotation: Any) -> bool:
    """Return whether an annotation is an SDK type, which the extension's converter makes."""
    extension = _extension_registry()
    return extension is not None and bool(extension.check_supported_type(annotation))


def accepts_input(binding: str, annotation: Any, *, deferred: bool) -> bool:
    """Return whether an input binding can be passed as `annotation`."""
    converter = _extension_registry().get(binding) if deferred else _get_registry().get(binding)
    if converter is None:
        return isinstance(annotation, type) and issubclass(annotation, (str, bytes))
    return _checks(converter.check_input_type_annotation, annotation)


def accepts_output(binding: str, annotation: Any, *, deferred: bool) -> bool:
    """Return whether an output binding can be set from `annotation`; SDK types never can."""
    converter = _get_registry().get(binding)
    if deferred:
        return False
    if converter is None:
        return isinstance(annotation, type) and issubclass(annotation, (str, bytes, bytearray))
    return _checks(converter.check_output_type_annotation, annotation)


def _checks(check: Any, annotation: Any) -> bool:
    try:
        return bool(check(annotation))
    except TypeError:  # the converters call issubclass, which refuses types such as list[str]
        return False


def decode(parameter: Parameter, datum: Datum, metadata: Metadata) -> Any:
    """Convert the data of a trigger to the argument for `parameter`."""
    if parameter.deferred:
        converter = _extension_registry().get(parameter.binding)
        return converter.decode(datum, trigger_metadata=metadata, pytype=parameter.annotation)
    converter = _get_registry().get(parameter.binding)
    return datum.value if converter is None else converter.decode(datum, trigger_metadata=metadata)


def encode(parameter: Parameter, value: object) -> Datum:
    """Convert a return value to data for the host; TypeError for a value that the binding does not accept."""
    try:
        datum: Datum = (
            _get_registry().get(parameter.binding).encode(value, expected_type=parameter.annotation)
        )
    except NotImplementedError as exc:
        raise TypeError(f"a {parameter.binding} function cannot return {type(value).__name__}") from exc
    return datum


def text(value: str) -> Datum:
    """Make a text datum."""
    return Datum(value, "string")


def as_json(value: object) -> Datum:
    """Make a JSON datum."""
    return Datum(json.dumps(value), "json")


def blob_reference(connection: str, container: str, blob: str) -> Datum:
    """Make the datum from which the blob extension builds its clients: names only, not content."""
    content = json.dumps({"Connection": connection, "ContainerName": container, "BlobName": blob})
    reference = SimpleNamespace(
        version="1.0", source="AzureStorageBlobs", content_type="application/json", content=content
    )
    return Datum(reference, "model_binding_data")


def _extension_registry() -> Any:
    # As in the worker: an app that never imported the extension cannot use its types.
    base = sys.modules.get("azurefunctions.extensions.base")
    return base.get_binding_registry() if base else None
