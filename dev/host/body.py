"""Request bodies on the socket: how long they are, reading them, and throwing them away."""

import re
import socket
import time
from email.message import Message
from typing import BinaryIO

LIMIT = 104_857_600
_PIECE = 1 << 16
_LINE = 1 << 12
# Many clients read the answer only after they have sent all of a refused body; so it is taken, within reason.
_LINGER_BYTES = 1 << 30
_LINGER_SECONDS = 30.0
_LINGER_IDLE_SECONDS = 2.0


class BadRequestError(Exception):
    """The request's framing is malformed: 400."""


class TooLargeError(Exception):
    """The body is over the limit: 413."""


class DisconnectedError(Exception):
    """The client went away in the middle of its body."""


def is_chunked(headers: Message) -> bool:
    """Tell whether the body comes in chunks, without a length."""
    codings = headers.get_all("Transfer-Encoding", [])
    if not codings:
        return False
    if [coding.strip().lower() for coding in codings] != ["chunked"]:
        raise BadRequestError("unknown transfer coding")
    return True


def content_length(headers: Message) -> int:
    """Answer the announced length in bytes, 0 without one."""
    lengths = {value.strip() for value in headers.get_all("Content-Length", [])}
    if not lengths:
        return 0
    if len(lengths) > 1 or not re.fullmatch(r"[0-9]{1,18}", (length := lengths.pop())):
        raise BadRequestError("malformed Content-Length")
    return int(length)


def read(stream: BinaryIO, length: int) -> bytes:
    """Read a body of `length` bytes."""
    content = stream.read(length) if length else b""
    if len(content) < length:
        raise DisconnectedError
    return content


def drain_chunked(stream: BinaryIO) -> None:
    """Read a chunked body and forget it, up to the body limit."""
    total = 0
    while size := _chunk_size(stream):
        total += size
        if total > LIMIT:
            raise TooLargeError
        left = size
        while left:
            piece = stream.read(min(left, _PIECE))
            if not piece:
                raise DisconnectedError
            left -= len(piece)
        if stream.readline(_LINE).strip():
            raise BadRequestError("malformed chunk")
    while stream.readline(_LINE).strip():  # trailers, up to the empty line
        pass


def _chunk_size(stream: BinaryIO) -> int:
    line = stream.readline(_LINE)
    if not line:
        raise DisconnectedError
    size = line.partition(b";")[0].strip()
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
        raise BadRequestError("malformed chunk size")
    return int(size, 16)


def linger(connection: socket.socket, stream: BinaryIO) -> None:
    """End our side of the connection and take what the client still sends, within bounds.

    Closing with unread data would reset the connection, and the client would lose the answer just sent.
    """
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(_LINGER_IDLE_SECONDS)
    deadline, taken = time.monotonic() + _LINGER_SECONDS, 0
    while taken < _LINGER_BYTES and time.monotonic() < deadline:
        piece = stream.read1(_PIECE)  # type: ignore[attr-defined]
        if not piece:
            return
        taken += len(piece)
