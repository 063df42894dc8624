"""Arguments and return values through the libraries' converters."""

import azure.functions as func
import pytest
from azure.functions.meta import Datum
from azurefunctions.extensions.bindings import blob

from dev.azurite import ACCOUNT, KEY
from dev.host import bindings
from dev.host.function import Parameter

CONNECTION = (
    f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
    f"BlobEndpoint=http://127.0.0.1:1/{ACCOUNT};"
)
HTTP = Parameter("$return", "http", func.HttpResponse)


def test_an_sdk_type_is_built_from_names_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_DATA", CONNECTION)
    parameter = Parameter("client", "blobTrigger", blob.BlobClient, deferred=True)
    client = bindings.decode(parameter, bindings.blob_reference("SOME_DATA", "c", "f/ä.csv"), {})
    with client:
        assert (client.container_name, client.blob_name, client.account_name) == ("c", "f/ä.csv", ACCOUNT)


def test_text_and_bytes_pass_unchanged() -> None:
    parameter = Parameter("data", "generic", bytes)
    assert bindings.decode(parameter, Datum(b"\xff", "bytes"), {}) == b"\xff"


@pytest.mark.parametrize("value", [None, 5, {"a": 1}, b"bytes", ["x"]])
def test_a_value_that_is_not_a_response_is_an_error(value: object) -> None:
    with pytest.raises(TypeError, match="a http function cannot return"):
        bindings.encode(HTTP, value)
