"""Every error that the app raises deliberately, and what each one means for the file or the caller.

IngestError
├── SettingsError          a setting is missing or wrong: the operator corrects it
├── RequestError           the request is at fault: a problem with `status` is the response
│   ├── InvalidRequest         400, one or more faults listed in `faults`
│   ├── NotFound               404
│   ├── Conflict               409
│   ├── Gone                   410
│   ├── LengthRequired         411
│   └── TooLarge               413
├── WrongOverride          a format option is not valid (400 over HTTP, else the file is refused)
├── UnknownDataset         no contract of that name (400 over HTTP, a blob is refused)
├── FileRefused            the file is at fault: it cannot be loaded, and a retry cannot help
├── Superseded             the blob version was replaced or deleted before it was loaded
├── Unavailable            Postgres or storage is unavailable or not ready: a retry may help
│   └── ConcurrencyConflict    another load changed the same rows or table: a retry helps
├── LoadFailed             the app or its surroundings are at fault: a retry cannot help
│   └── RowCountMismatch       the counts of the rows do not add up
└── Unexpected             any other exception: a defect of the app
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from shared.error_codes import REFUSALS


class IngestError(Exception):
    """Base of all; the docstring of a subclass is its default message."""

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (self.__doc__ or "").strip().splitlines()[0]
        super().__init__(self.message)


class SettingsError(IngestError):
    """A setting is missing or wrong."""


class RequestError(IngestError):
    """The request is not valid."""

    status: ClassVar[int] = 400

    def __init__(self, message: str | None = None, faults: Sequence[Mapping[str, Any]] = ()) -> None:
        """`faults` are the errors that the response lists."""
        self.faults = tuple(faults)
        super().__init__(message)


class InvalidRequest(RequestError):
    """The request has errors."""


class NotFound(RequestError):
    """Nothing has this name."""

    status = 404


class Conflict(RequestError):
    """The request conflicts with the current state."""

    status = 409


class Gone(RequestError):
    """The resource no longer exists."""

    status = 410


class LengthRequired(RequestError):
    """The request needs a Content-Length: the platform delivers chunked bodies empty."""

    status = 411


class TooLarge(RequestError):
    """The body is over the limit; upload big files directly to the container."""

    status = 413


class WrongOverride(IngestError):
    """Options for a file's format are not valid; `faults` has a sentence for each."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(" ".join(self.faults))


class UnknownDataset(IngestError):
    """No contract has this name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"There is no dataset {name!r}; known: {', '.join(self.known)}.")


class FileRefused(IngestError):
    """The file cannot be loaded.

    `reason` is a key of `error_codes.REFUSALS`, the stable `code` is its part before a dot. `facts` are JSON
    values that are stored beside the code. They and the further values `wording` fill in the message.
    """

    def __init__(self, reason: str, wording: Mapping[str, Any] | None = None, /, **facts: Any) -> None:
        self.code = reason.partition(".")[0]
        self.facts = facts
        super().__init__(REFUSALS[reason].format({**facts, **(wording or {})}))

    def as_json(self) -> dict[str, Any]:
        """The refusal as the ledger stores it and a dry run reports it: `code`, `detail` and the facts."""
        return {"code": self.code, "detail": self.message, **self.facts}


class Superseded(IngestError):
    """The blob was replaced or deleted before this version was loaded."""


class Unavailable(IngestError):
    """Postgres or storage is unavailable or not ready; `part` is `postgres` or `storage`."""

    def __init__(self, part: str, reason: str, faults: Sequence[Mapping[str, Any]] = ()) -> None:
        self.part = part
        self.reason = reason
        self.faults = tuple(faults)
        super().__init__(f"{part} is unavailable: {reason}")


class ConcurrencyConflict(Unavailable):
    """Another load changed the same rows or table; an exclusive load would have succeeded."""


class LoadFailed(IngestError):
    """The load failed, and a retry would fail too."""


class RowCountMismatch(LoadFailed):
    """Rows read differ from inserted + updated + unchanged + duplicates + rejected; nothing was loaded."""


class Unexpected(IngestError):
    """An exception that the app does not expect.

    `frames` has its stack as text, without values; its own message is left out, since it may quote a row.
    """

    def __init__(self, cause: BaseException) -> None:
        self.frames = "".join(traceback.format_tb(cause.__traceback__))
        super().__init__(f"unexpected {type(cause).__name__}")
