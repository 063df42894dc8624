"""Storage accounts: their blobs and queues, and the log lines about a service that does not respond.

Requests for each blob and message use `StorageService` instead of the SDK, which needs 2 to 4 ms of CPU time
for a request, five times as much. The host makes four of them for each blob; with the SDK they would cost
as much as loading a small file. Rare requests use the SDK.
"""

import datetime as dt
import logging
import re
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import urllib3
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from azure.storage import blob, queue
from azure.storage.queue import QueueMessage

from dev.host.blob_message import quoted
from dev.host.errors import LoadError, SettingError
from dev.host.function import Function

log = logging.getLogger("host")
_SECONDS_BETWEEN_LINES = 5.0
# The loops retry; a retry inside the client would only hide an outage and delay a stop.
_CLIENT: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 30}
_SAS_VALIDITY = dt.timedelta(days=365)  # the signature is not stored, and the process ends before
_PERMISSIONS = "rwdlacup"
_EMULATOR = re.compile(r"UseDevelopmentStorage=true|//127\.0\.0\.1|//localhost", re.IGNORECASE)
_API_VERSION = "2021-12-02"  # https://learn.microsoft.com/rest/api/storageservices/versioning-for-the-azure-storage-services
_TIMEOUT = urllib3.Timeout(connect=5, read=30)
_CONNECTIONS = 32
_CLIENT_ERROR = 400
_ERRORS: dict[int, type[HttpResponseError]] = {404: ResourceNotFoundError, 409: ResourceExistsError}


class StorageService:
    """One service of an account, at `url`, on pooled connections; `token` is a shared access signature."""

    def __init__(self, url: str, token: str, *, proxies: bool) -> None:
        """`proxies`: use the proxies of the environment."""
        parts = urlsplit(url)
        options: dict[str, Any] = {"maxsize": _CONNECTIONS, "timeout": _TIMEOUT, "retries": False}
        proxy = urllib.request.getproxies().get(parts.scheme) if proxies else None
        manager = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
        self._connections = manager.connection_from_url(url)
        self._root = f"{parts.scheme}://{parts.netloc}{parts.path}" if proxy else parts.path
        self._token = token

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        """Send a request and return the response, read to its end; errors are the SDK's, `AzureError`."""
        parameters = f"{urlencode(query)}&{self._token}" if query else self._token
        target = f"{self._root.rstrip('/')}/{quote(path, safe='/~')}?{parameters}"
        try:
            response = self._connections.urlopen(
                method, target, body, {"x-ms-version": _API_VERSION, **(headers or {})}, redirect=False
            )
        except urllib3.exceptions.HTTPError as exc:
            raise ServiceRequestError(f"{method} {path}: {type(exc).__name__}", error=exc) from exc
        if response.status >= _CLIENT_ERROR:
            code = response.headers.get("x-ms-error-code", response.reason)
            error = _ERRORS.get(response.status, HttpResponseError)(
                f"{method} {path}: {response.status} {code}"
            )
            error.status_code = response.status
            raise error
        return response

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()


@dataclass(frozen=True, slots=True)
class ListedBlob:
    """A blob in a listing; `etag` has its double quotes, `metadata` holds the names of its metadata."""

    name: str
    etag: str
    blob_type: str
    metadata: frozenset[str]


class BlobStore:
    """The blobs of an account, listed, read and written."""

    def __init__(self, service: StorageService) -> None:
        self._service = service

    def pages(self, container: str, prefix: str, *, metadata: bool = False) -> Iterator[list[ListedBlob]]:
        """List the blobs of `container` whose names begin with `prefix`, some thousand in a page."""
        query = {"restype": "container", "comp": "list", "prefix": prefix}
        if metadata:
            query["include"] = "metadata"
        while True:
            root = ET.fromstring(self._service.request("GET", container, query).data)  # noqa: S314 - our own account's
            yield [_listed_blob(blob) for blob in root.iter("Blob")]
            query["marker"] = root.findtext("NextMarker") or ""
            if not query["marker"]:
                return

    def close(self) -> None:
        """Close the connections."""
        self._service.close()

    def etag(self, container: str, blob: str) -> str:
        """Return the ETag of a blob; ResourceNotFoundError if it does not exist."""
        return quoted(self._service.request("HEAD", f"{container}/{blob}").headers["ETag"])

    def read(self, container: str, blob: str) -> bytes:
        """Return the content of a small blob; ResourceNotFoundError if it does not exist."""
        return self._service.request("GET", f"{container}/{blob}").data

    def put(self, container: str, blob: str, content: bytes = b"", metadata: str = "") -> None:
        """Write a blob with the metadata `metadata` = True; create its container if it does not exist."""
        headers = {"x-ms-blob-type": "BlockBlob"} | ({f"x-ms-meta-{metadata}": "True"} if metadata else {})
        try:
            self._service.request("PUT", f"{container}/{blob}", body=content, headers=headers)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # another thread may have created it
                self._service.request("PUT", container, {"restype": "container"})
            self._service.request("PUT", f"{container}/{blob}", body=content, headers=headers)


def _listed_blob(blob: ET.Element) -> ListedBlob:
    name, properties, metadata = blob.find("Name"), blob.find("Properties"), blob.find("Metadata")
    if name is None or properties is None:
        raise ValueError("a listing has a blob without name or properties")
    text = name.text or ""
    return ListedBlob(
        # Names that XML cannot represent are percent-encoded and marked.
        name=unquote(text) if name.get("Encoded") == "true" else text,
        etag=quoted(properties.findtext("Etag", "")),
        blob_type=properties.findtext("BlobType", "BlockBlob"),
        metadata=frozenset(() if metadata is None else (one.tag for one in metadata)),
    )


class MessageQueue:
    """The storage queue `name`, which the first `put` creates."""

    def __init__(self, service: StorageService, name: str) -> None:
        self.name = name
        self._service = service
        self._messages = f"{name}/messages"

    def put(self, body: str) -> None:
        """Add a message with the text `body`."""
        content = f"<QueueMessage><MessageText>{escape(body)}</MessageText></QueueMessage>".encode()
        try:
            self._service.request("POST", self._messages, body=content)
        except ResourceNotFoundError:
            with suppress(ResourceExistsError):  # another thread may have created it
                self._service.request("PUT", self.name)
            self._service.request("POST", self._messages, body=content)

    def receive(self, count: int, seconds: int) -> list[QueueMessage]:
        """Receive up to `count` messages (32 at most), which are then invisible for `seconds`."""
        query = {"numofmessages": count, "visibilitytimeout": seconds}
        root = ET.fromstring(self._service.request("GET", self._messages, query).data)  # noqa: S314 - our own account's
        return [_message(one) for one in root]

    def hide(self, message: QueueMessage, seconds: int) -> None:
        """Make a received message invisible for `seconds` from now on; its pop receipt changes."""
        query = {"popreceipt": message.pop_receipt, "visibilitytimeout": seconds}
        response = self._service.request("PUT", f"{self._messages}/{message.id}", query)
        message.pop_receipt = response.headers["x-ms-popreceipt"]

    def delete(self, message: QueueMessage) -> None:
        """Delete a received message; ResourceNotFoundError if it was received again meanwhile."""
        self._service.request("DELETE", f"{self._messages}/{message.id}", {"popreceipt": message.pop_receipt})


def _message(found: ET.Element) -> QueueMessage:
    message = QueueMessage(
        content=found.findtext("MessageText", ""),
        id=found.findtext("MessageId", ""),
        pop_receipt=found.findtext("PopReceipt", ""),
        dequeue_count=int(found.findtext("DequeueCount", "0")),
    )
    message.inserted_on = _time(found, "InsertionTime")
    message.expires_on = _time(found, "ExpirationTime")
    message.next_visible_on = _time(found, "TimeNextVisible")
    return message


def _time(found: ET.Element, name: str) -> dt.datetime:
    return parsedate_to_datetime(found.findtext(name, ""))


class Account:
    """One storage account; `blobs` is the SDK's client, `store` and `queue` are for frequent requests."""

    def __init__(self, setting: str, connection_string: str) -> None:
        self.setting = setting
        # An emulator needs neither proxies nor .netrc; reading them costs a quarter of every request.
        proxies = _EMULATOR.search(connection_string) is None
        options = {**_CLIENT, "use_env_settings": proxies}
        try:
            self.blobs = blob.BlobServiceClient.from_connection_string(connection_string, **options)
            queues = queue.QueueServiceClient.from_connection_string(connection_string, **options)
        except ValueError as exc:
            raise SettingError(f"the setting {setting} is not a valid storage connection string") from exc
        self.store = BlobStore(_service(self.blobs, blob, proxies=proxies))
        self._queues = _service(queues, queue, proxies=proxies)
        self._lock = threading.Lock()
        self._last_line: dict[str, float] = {}  # by activity: the loops fail and recover independently
        self._reported: set[str] = set()

    def queue(self, name: str) -> MessageQueue:
        """Return the queue of that name, which need not exist."""
        return MessageQueue(self._queues, name)

    def close(self) -> None:
        """Close the connections."""
        self.blobs.close()
        self.store.close()
        self._queues.close()

    def failed(self, activity: str, error: AzureError) -> None:
        """Log that `activity` failed, at most once in five seconds."""
        with self._lock:
            now = time.monotonic()
            if now - self._last_line.get(activity, float("-inf")) < _SECONDS_BETWEEN_LINES:
                return
            self._last_line[activity] = now
            self._reported.add(activity)
        # Without a URL's query, which may be a shared access signature.
        reason = re.sub(r"\?\S*", "", str(error).partition("\n")[0])
        log.warning("storage account of %s: %s failed, retrying: %s", self.setting, activity, reason)

    def succeeded(self, activity: str) -> None:
        """Log that `activity` succeeded, if its failure was logged."""
        if activity not in self._reported:
            return
        with self._lock:
            ended = activity in self._reported
            self._reported.discard(activity)
        if ended:
            log.info("storage account of %s is available again: %s", self.setting, activity)


def _service(client: Any, sdk: Any, *, proxies: bool) -> StorageService:
    """Return the service of a `client` of the SDK's package `sdk`, with one signature for all requests."""
    url, _, token = str(client.url).partition("?")
    key = getattr(client.credential, "account_key", None)
    if key is not None:
        token = sdk.generate_account_sas(
            client.account_name,
            key,
            sdk.ResourceTypes(container=True, object=True),
            sdk.AccountSasPermissions.from_string(_PERMISSIONS),
            dt.datetime.now(dt.UTC) + _SAS_VALIDITY,
        )
    return StorageService(url, token, proxies=proxies)


class Accounts:
    """The storage accounts that the app's settings name."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._accounts: dict[str, Account] = {}

    def __getitem__(self, setting: str) -> Account:
        """Return the account whose connection string is in the setting; SettingError if there is none."""
        if setting not in self._accounts:
            self._accounts[setting] = Account(setting, self._connection_string(setting))
        return self._accounts[setting]

    def of(self, function: Function) -> Account:
        """Return the account of a function's trigger; LoadError if there is none."""
        try:
            return self[function.connection]
        except SettingError as exc:
            raise LoadError(function.name, str(exc)) from exc

    def _connection_string(self, setting: str) -> str:
        value = self._environment.get(setting)
        if value:
            return value
        if any(name.startswith(f"{setting}__") for name in self._environment):
            raise SettingError(
                f"{setting} is an identity-based connection ({setting}__…); "
                f"the local host needs a connection string in {setting}"
            )
        raise SettingError(f"the setting {setting} is not set; it must be a storage connection string")
