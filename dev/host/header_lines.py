"""The header lines of a request, read strictly: Python's parser drops all that follow a malformed one."""

import io
import re
from typing import BinaryIO

from dev.host.body import BadRequestError, DisconnectedError

# A token, a colon, a value without NUL or a lone CR; no folded lines (RFC 9112, section 5; Kestrel alike).
_LINE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[^\0\r\n]*\r?\n")
_ENDS = (b"\r\n", b"\n")


class HeaderLines(io.BufferedIOBase):
    """A stream for `http.client.parse_headers`, which reads from it line by line up to an empty one."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read a line; BadRequestError if it is no header, DisconnectedError if it ends too early."""
        limit = -1 if size is None else size
        line = self._stream.readline(limit)
        if line in _ENDS or len(line) == limit:  # the parser refuses a line as long as its limit
            return line
        if not line.endswith(b"\n"):
            raise DisconnectedError
        if not _LINE.fullmatch(line):
            raise BadRequestError("malformed header line")
        return line
