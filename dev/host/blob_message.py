"""The message that stands for one blob to process, on the internal queue and on the poison queue alike."""

import json
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class BlobMessage:
    """A blob version for a function; `etag` carries its double quotes."""

    function_id: str
    container: str
    blob: str
    etag: str
    blob_type: str = "BlockBlob"

    def to_json(self) -> str:
        """Write the message's body."""
        return json.dumps(
            {
                "Type": "BlobTrigger",
                "FunctionId": self.function_id,
                "BlobType": self.blob_type,
                "ContainerName": self.container,
                "BlobName": self.blob,
                "ETag": self.etag,
            },
            separators=(",", ":"),
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a message's body; ValueError if it is none."""
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
    """Write an ETag in its one form, with quotes: listings give it without, properties with."""
    return '"{}"'.format(str(etag).strip('"'))
