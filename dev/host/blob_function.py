"""A function with a blob trigger: the path it watches and what it is given for a blob."""

import re
from dataclasses import dataclass
from typing import Any, Self

from azure.functions.meta import Datum
from azure.storage.blob import BlobClient, BlobProperties

from dev.host import bindings
from dev.host.errors import LoadError
from dev.host.function import Function
from dev.host.invocation import Call
from dev.host.storage import Account, Accounts

_PARAMETER = re.compile(r"\{[^{}/]+\}")


@dataclass(frozen=True)
class BlobPath:
    """The pattern `container/{name}`, `container/folder/{name}.csv` or just `container`."""

    container: str
    prefix: str
    pattern: re.Pattern[str]

    def matches(self, blob: str) -> bool:
        """Tell whether a blob's name fits; a parameter may span folders, as in Azure."""
        return self.pattern.fullmatch(blob) is not None


def parse_path(path: str) -> BlobPath:
    """Read a blob trigger's path; ValueError says what is wrong with it."""
    container, _, blob = path.strip("/").partition("/")
    if not container or "{" in container:
        raise ValueError(f"the blob path '{path}' must begin with a container's name")
    if not blob:
        return BlobPath(container, "", re.compile(".*", re.DOTALL))
    literals = _PARAMETER.split(blob)
    if any(brace in literal for literal in literals for brace in "{}"):
        raise ValueError(f"the blob path '{path}' has an unmatched brace")
    pattern = ".*".join(re.escape(literal) for literal in literals)
    return BlobPath(container, literals[0], re.compile(pattern, re.DOTALL))


@dataclass(frozen=True)
class BlobFunction:
    """A function, its path, and the account its blobs are in; not polled if Event Grid tells of them."""

    function: Function
    path: BlobPath
    account: Account
    polled: bool

    @classmethod
    def of(cls, function: Function, accounts: Accounts) -> Self:
        """Describe a function with a blob trigger."""
        try:
            path = parse_path(str(function.trigger.get("path", "")))
        except ValueError as exc:
            raise LoadError(function.name, str(exc)) from exc
        polled = str(function.trigger.get("source", "")).lower() != "eventgrid"
        return cls(function, path, accounts.of(function), polled)

    def client(self, container: str, blob: str) -> BlobClient:
        """Open a blob in the function's account."""
        return self.account.blobs.get_blob_client(container, blob)

    def call(self, container: str, blob: str, reason: str) -> Call:
        """Make the invocation for a blob: a reference for SDK types, else the whole content."""
        if self.function.parameter.deferred:
            reference = bindings.blob_reference(self.function.connection, container, blob)
            return Call(self.function, reference, reason)
        client = self.client(container, blob)
        download = client.download_blob()
        content = download.readall()
        as_text = str(self.function.trigger.get("dataType", "")).upper() == "STRING"
        data = Datum(content.decode("utf-8-sig"), "string") if as_text else Datum(content, "bytes")
        return Call(self.function, data, reason, _metadata(client, container, blob, download.properties))


def _metadata(client: BlobClient, container: str, blob: str, found: BlobProperties) -> dict[str, Datum]:
    properties: dict[str, Any] = {
        "ContentLength": found.size,
        "ContentType": found.content_settings.content_type,
        "ETag": found.etag,
        "LastModified": found.last_modified.isoformat() if found.last_modified else None,
    }
    return {
        "BlobTrigger": bindings.text(f"{container}/{blob}"),
        "Uri": bindings.text(client.url.partition("?")[0]),
        "Properties": bindings.as_json(properties),
        "Metadata": bindings.as_json(dict(found.metadata or {})),
    }
