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

_LIFETIME = timedelta(hours=1)
_CLOCK_SKEW = timedelta(minutes=5)
"""How far the clocks of this machine and of storage may differ."""


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """A URL with a signature that allows writes to one blob."""

    url: str
    expires_at: datetime


def sign_upload(container: ContainerClient, path: str, *, by_identity: bool) -> SignedUrl:
    """Return a signed URL of the blob at `path`; creates a missing container.

    It is signed with the account's key or, `by_identity`, with a key that storage issues to the app's
    identity. Raises `Unavailable`, and `SettingsError` if the connection string has no key.
    """
    now = datetime.now(UTC)
    blob = container.get_blob_client(path)
    with driver_errors.translate_errors():
        _create_if_missing(container)
        key = _delegation_key(container, now) if by_identity else {"account_key": _account_key(container)}
        signature = generate_blob_sas(
            account_name=str(container.account_name),
            container_name=str(container.container_name),
            blob_name=path,
            permission=BlobSasPermissions(create=True, write=True),
            start=now - _CLOCK_SKEW,
            expiry=now + _LIFETIME,
            protocol="https" if blob.url.startswith("https:") else None,
            **key,
        )
    return SignedUrl(f"{blob.url}?{signature}", now + _LIFETIME)


def _create_if_missing(container: ContainerClient) -> None:
    """Create the container, which a write to a signed URL does not."""
    if not container.exists():
        try:
            container.create_container()
        except ResourceExistsError:
            return


def _delegation_key(container: ContainerClient, now: datetime) -> dict[str, Any]:
    with BlobServiceClient(_account_url(container), credential=container.credential) as service:
        return {"user_delegation_key": service.get_user_delegation_key(now - _CLOCK_SKEW, now + _LIFETIME)}


def _account_url(container: ContainerClient) -> str:
    """Return the URL without the container; the name of the account may begin with the container's."""
    return container.url.rpartition(f"/{container.container_name}")[0]


def _account_key(container: ContainerClient) -> str:
    key = getattr(container.credential, "account_key", None)
    if not key:
        raise SettingsError(
            "UPLOADS has no account key, so the app cannot sign URLs for direct uploads. "
            "Use a connection string with AccountKey, or UPLOADS__blobServiceUri and the app's identity."
        )
    return str(key)
