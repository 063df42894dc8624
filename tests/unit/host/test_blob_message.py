"""Messages about blob versions."""

import pytest

from dev.host.blob_message import BlobMessage, quoted


def test_a_message_is_read_as_it_was_written() -> None:
    message = BlobMessage("Host.Functions.load", "c", 'a "b" é.csv', '"0x1"')
    assert BlobMessage.from_json(message.to_json()) == message


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "{}", '{"FunctionId": "f"}'])
def test_a_text_that_is_not_a_message_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a blob trigger message"):
        BlobMessage.from_json(text)


def test_etags_have_double_quotes() -> None:
    assert quoted("0x1") == quoted('"0x1"') == '"0x1"'


def test_a_message_is_indented_json() -> None:
    text = BlobMessage("Host.Functions.load", "c", "a.csv", '"0x1"').to_json()
    assert text.startswith('{\n  "Type": "BlobTrigger",\n  "FunctionId": "Host.Functions.load",\n')
