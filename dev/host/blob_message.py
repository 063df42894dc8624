"""The message about one blob version, on the internal blob queue and on the poison queue."""

import json
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class BlobMessage:
    """A blob version for a function; `etag` has its double quotes."""

    function_id: str
    container: str
    blob: str
    etag: str
    blob_type: str = "BlockBlob"

    def to_json(self) -> str:
        """Write the message text, indented as the real host does."""
        return json.dumps(
            {
                "Type": "BlobTrigger",
                "FunctionId": self.function_id,
                "BlobType": self.blob_type,
                "ContainerName": self.container,
                "BlobName": self.blob,
                "ETag": self.etag,
            },
            indent=2,
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a message text; ValueError if it is not such a message."""
        try:
            body = json.loads(text)
            return cls(
                function_id=body["FunctionId"],
                container=body["ContainerName"],
                blob=body["BlobName"],
                etag=body.get("ETag") or "",
                blob_type=body.get("BlobType") or "BlockBlob",
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise ValueError("not a blob trigger message") from exc


def quoted(etag: object) -> str:
    """Return an ETag with double quotes: listings omit them, properties have them."""
    return '"{}"'.format(str(etag).strip('"'))
