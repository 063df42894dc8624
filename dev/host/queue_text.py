"""Message bodies on storage queues: base64 of UTF-8, as the host's default, or plain text."""

import base64
import binascii


def encode(text: str) -> str:
    """Encode a body."""
    return base64.b64encode(text.encode()).decode()


def decode(body: str) -> str | bytes:
    """Decode a body, to bytes if it is not UTF-8; ValueError if it is not base64."""
    try:
        content = base64.b64decode(body, validate=True)
    except binascii.Error as exc:
        raise ValueError("the message is not base64") from exc
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content
