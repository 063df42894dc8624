"""Every error the app raises on purpose, and what each one means for the file or the caller.

IngestError
├── SettingsError          a setting is missing or wrong: the operator mends it
├── RequestError           the caller's fault, answered as a problem with `status`
│   ├── InvalidRequest         400, one or more faults listed in `faults`
│   ├── NotFound               404
│   ├── Conflict               409
│   ├── Gone                   410
│   ├── LengthRequired         411
│   └── TooLarge               413
├── WrongOverride          what is told about a file's format makes no sense (400 over HTTP, else refused)
├── UnknownDataset         no contract of that name (400 over HTTP, refused as a blob)
├── FileRefused            the file's fault: it cannot be loaded, and a retry cannot help
├── Superseded             the blob version was replaced or deleted before it was loaded
├── Unavailable            Postgres or storage is away or not ready: a retry may help
└── LoadFailed             ours and permanent: a retry cannot help
    └── ConservationBroken     rows were read that no count accounts for
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class IngestError(Exception):
    """Base of all; the docstring of a subclass is its default message."""

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (self.__doc__ or "").strip().splitlines()[0]
        super().__init__(self.message)


class SettingsError(IngestError):
    """A setting is missing or wrong."""


class RequestError(IngestError):
    """The request cannot be answered as it was sent."""

    status: ClassVar[int] = 400

    def __init__(self, message: str | None = None, faults: Sequence[Mapping[str, Any]] = ()) -> None:
        """`faults` are listed one by one in the answer."""
        self.faults = tuple(faults)
        super().__init__(message)


class InvalidRequest(RequestError):
    """The request has faults."""


class NotFound(RequestError):
    """There is nothing by that name."""

    status = 404


class Conflict(RequestError):
    """Something else is in the way."""

    status = 409


class Gone(RequestError):
    """It was there, and is no more."""

    status = 410


class LengthRequired(RequestError):
    """The request needs a Content-Length: the platform delivers chunked bodies empty."""

    status = 411


class TooLarge(RequestError):
    """The body is over the limit; put big files straight into the container."""

    status = 413


class WrongOverride(IngestError):
    """What is told about a file's format makes no sense. `faults` has a sentence for each."""

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

    `code` is stable and machine-readable; `facts` are what was found, as JSON values.
    """

    def __init__(self, code: str, message: str, **facts: Any) -> None:
        self.code = code
        self.facts = facts
        super().__init__(message)

    def as_json(self) -> dict[str, Any]:
        """The refusal as the ledger stores it and a dry run reports it: `code`, `detail` and the facts."""
        return {"code": self.code, "detail": self.message, **self.facts}


class Superseded(IngestError):
    """The blob was replaced or deleted before this version was loaded."""


class Unavailable(IngestError):
    """A part is away or not ready. `part` is `postgres` or `storage`."""

    def __init__(self, part: str, reason: str, faults: Sequence[Mapping[str, Any]] = ()) -> None:
        self.part = part
        self.reason = reason
        self.faults = tuple(faults)
        super().__init__(f"{part} is unavailable: {reason}")


class ConcurrencyConflict(Unavailable):
    """Another load got in the way; alone, this one would have succeeded."""


class LoadFailed(IngestError):
    """The load failed for a reason that a retry cannot mend."""


class RowCountMismatch(LoadFailed):
    """Rows read differ from inserted + updated + unchanged + duplicates + rejected; nothing was loaded."""


class Unexpected(IngestError):
    """Something went wrong that nobody thought of.

    `frames` say where, as text without any value; the original message is dropped, as it may quote a row.
    """

    def __init__(self, cause: BaseException) -> None:
        self.frames = "".join(traceback.format_tb(cause.__traceback__))
        super().__init__(f"unexpected {type(cause).__name__}")
