"""Storage accounts by the name of their connection setting, and what is logged when one does not answer."""

import datetime as dt
import logging
import re
import threading
import time
from collections.abc import Mapping
from typing import Any

from azure.core.exceptions import AzureError
from azure.storage import blob, queue

from dev.host.blob_store import BlobStore
from dev.host.errors import LoadError, SettingError
from dev.host.function import Function
from dev.host.message_queue import MessageQueue
from dev.host.wire import Wire

log = logging.getLogger("host")
_SECONDS_BETWEEN_LINES = 5.0
# The loops retry by themselves; a retry inside the client would only hide an outage and delay a stop.
_CLIENT: dict[str, Any] = {"retry_total": 0, "connection_timeout": 5, "read_timeout": 30}
_SIGNED_FOR = dt.timedelta(days=365)  # the signature stays in this process, which ends before
_PERMISSIONS = "rwdlacup"
_EMULATOR = re.compile(r"UseDevelopmentStorage=true|//127\.0\.0\.1|//localhost", re.IGNORECASE)


class Account:
    """One storage account: its blobs and queues, and whether it answers.

    `blobs` is the SDK's client, `store` and `queue` are for what is asked for each blob and message.
    """

    def __init__(self, setting: str, connection_string: str) -> None:
        self.setting = setting
        # An emulator needs neither proxies nor .netrc, and looking for them costs a quarter of every request.
        proxies = _EMULATOR.search(connection_string) is None
        options = {**_CLIENT, "use_env_settings": proxies}
        try:
            self.blobs = blob.BlobServiceClient.from_connection_string(connection_string, **options)
            queues = queue.QueueServiceClient.from_connection_string(connection_string, **options)
        except ValueError as exc:
            raise SettingError(f"the setting {setting} is not a valid storage connection string") from exc
        self.store = BlobStore(_wire(self.blobs, blob, proxies=proxies))
        self._queues = _wire(queues, queue, proxies=proxies)
        self._lock = threading.Lock()
        self._last_line: dict[str, float] = {}  # by what was being done: the loops fail and recover apart
        self._announced: set[str] = set()

    def queue(self, name: str) -> MessageQueue:
        """Answer the queue of that name, whether it is there or not."""
        return MessageQueue(self._queues, name)

    def close(self) -> None:
        """Close the connections."""
        self.blobs.close()
        self.store.close()
        self._queues.close()

    def failed(self, doing: str, error: AzureError) -> None:
        """Log that `doing` something failed, at most once in a few seconds however often it does."""
        with self._lock:
            now = time.monotonic()
            if now - self._last_line.get(doing, float("-inf")) < _SECONDS_BETWEEN_LINES:
                return
            self._last_line[doing] = now
            self._announced.add(doing)
        # Without a URL's query, which may be a shared access signature.
        reason = re.sub(r"\?\S*", "", str(error).partition("\n")[0])
        log.warning("storage account of %s: %s failed, trying again: %s", self.setting, doing, reason)

    def answered(self, doing: str) -> None:
        """Log that `doing` something works again, if it was logged that it failed."""
        if doing not in self._announced:
            return
        with self._lock:
            ended = doing in self._announced
            self._announced.discard(doing)
        if ended:
            log.info("storage account of %s answers again: %s", self.setting, doing)


def _wire(client: Any, sdk: Any, *, proxies: bool) -> Wire:
    """Open the service of an SDK's `client`, signing once for all requests; `sdk` is the client's package."""
    url, _, token = str(client.url).partition("?")
    key = getattr(client.credential, "account_key", None)
    if key is not None:
        token = sdk.generate_account_sas(
            client.account_name,
            key,
            sdk.ResourceTypes(container=True, object=True),
            sdk.AccountSasPermissions.from_string(_PERMISSIONS),
            dt.datetime.now(dt.UTC) + _SIGNED_FOR,
        )
    return Wire(url, token, proxies=proxies)


class Accounts:
    """All accounts that the app names."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._accounts: dict[str, Account] = {}

    def __getitem__(self, setting: str) -> Account:
        """Answer the account whose connection string is the setting; SettingError if there is none."""
        if setting not in self._accounts:
            self._accounts[setting] = Account(setting, self._connection_string(setting))
        return self._accounts[setting]

    def of(self, function: Function) -> Account:
        """Answer the account of a function's trigger; LoadError if there is none."""
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
                f"{setting} is given as an identity-based connection ({setting}__…); "
                f"the local stand-in needs a connection string in {setting}"
            )
        raise SettingError(f"the setting {setting} is not set; it must hold a storage connection string")
