"""Signed URLs: write access to one blob for one hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import (
    BlobSasPermissions,
    BlobServiceClient,
    ContainerClient,
    generate_blob_sas,
)

from shared import driver_errors
from shared.errors import SettingsError

_LIFE = timedelta(hours=1)
_SKEW = timedelta(minutes=5)
"""How far the clocks of this machine and of storage may differ."""


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """The address to write to."""

    url: str
    expires_at: datetime


def sign_upload(container: ContainerClient, path: str, *, by_identity: bool) -> SignedUrl:
    """The address of the blob at `path` with a signature; a container that is missing is made.

    With the account's key, or, `by_identity`, a key that storage gives to the app's identity. Raises
    `Unavailable`, and `SettingsError` where the connection string has no key.
    """
    now = datetime.now(UTC)
    blob = container.get_blob_client(path)
    with driver_errors.translate_errors():
        _ensure(container)
        key = _delegated(container, now) if by_identity else {"account_key": _account_key(container)}
        signature = generate_blob_sas(
            account_name=str(container.account_name),
            container_name=str(container.container_name),
            blob_name=path,
            permission=BlobSasPermissions(create=True, write=True),
            start=now - _SKEW,
            expiry=now + _LIFE,
            protocol="https" if blob.url.startswith("https:") else None,
            **key,
        )
    return SignedUrl(f"{blob.url}?{signature}", now + _LIFE)


def _ensure(container: ContainerClient) -> None:
    """Storage makes no container for whoever has but a blob's address."""
    if not container.exists():
        try:
            container.create_container()
        except ResourceExistsError:
            return


def _delegated(container: ContainerClient, now: datetime) -> dict[str, Any]:
    with BlobServiceClient(_account_url(container), credential=container.credential) as service:
        return {"user_delegation_key": service.get_user_delegation_key(now - _SKEW, now + _LIFE)}


def _account_url(container: ContainerClient) -> str:
    """The name of an account may begin like that of the container."""
    return container.url.rpartition(f"/{container.container_name}")[0]


def _account_key(container: ContainerClient) -> str:
    key = getattr(container.credential, "account_key", None)
    if not key:
        raise SettingsError(
            "UPLOADS has no account key, so no address for a direct upload can be signed: "
            "use a connection string with AccountKey, or UPLOADS__blobServiceUri and the app's identity."
        )
    return str(key)
