"""The blobs of an account as the scan sees them: listed, one's present version, and empty ones as marks."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

from dev.host.blob_message import quoted
from dev.host.wire import Wire


@dataclass(frozen=True, slots=True)
class Listed:
    """A blob in a listing; `etag` carries its double quotes, `metadata` are the names of what it has."""

    name: str
    etag: str
    blob_type: str
    metadata: frozenset[str]


class BlobStore:
    """The blob service behind `wire`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def pages(self, container: str, prefix: str, *, metadata: bool = False) -> Iterator[list[Listed]]:
        """List the blobs of `container` whose names begin with `prefix`, some thousand at a time."""
        query = {"restype": "container", "comp": "list", "prefix": prefix}
        if metadata:
            query["include"] = "metadata"
        while True:
            root = ET.fromstring(self._wire.ask("GET", container, query).data)  # noqa: S314 - our own account's
            yield [_listed(blob) for blob in root.iter("Blob")]
            query["marker"] = root.findtext("NextMarker") or ""
            if not query["marker"]:
                return

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def etag(self, container: str, blob: str) -> str:
        """The present version of a blob; ResourceNotFoundError where there is none."""
        return quoted(self._wire.ask("HEAD", f"{container}/{blob}").headers["ETag"])

    def mark(self, container: str, blob: str, metadata: str) -> None:
        """Write an empty blob that has `metadata`, in a container that is made if it is missing."""
        headers = {"x-ms-blob-type": "BlockBlob", f"x-ms-meta-{metadata}": "True"}
        try:
            self._wire.ask("PUT", f"{container}/{blob}", headers=headers)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # several threads may find it missing
                self._wire.ask("PUT", container, {"restype": "container"})
            self._wire.ask("PUT", f"{container}/{blob}", headers=headers)


def _listed(blob: ET.Element) -> Listed:
    name, properties, metadata = blob.find("Name"), blob.find("Properties"), blob.find("Metadata")
    if name is None or properties is None:
        raise ValueError("a listing names a blob without its properties")
    text = name.text or ""
    return Listed(
        # What XML cannot hold is percent-encoded, and said to be.
        name=unquote(text) if name.get("Encoded") == "true" else text,
        etag=quoted(properties.findtext("Etag", "")),
        blob_type=properties.findtext("BlobType", "BlockBlob"),
        metadata=frozenset(() if metadata is None else (one.tag for one in metadata)),
    )
