"""Resources of a process: settings, database engine and storage clients, built on first use under a lock."""

from __future__ import annotations

import os
import threading
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

from azure.core.credentials import TokenCredential
from azure.storage.blob import BlobServiceClient, ContainerClient
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from shared import settings
from shared.bindings import REPLAYS_QUEUE
from shared.errors import SettingsError
from shared.settings import UPLOADS_CONTAINER, Settings

if TYPE_CHECKING:
    from azure.storage.queue import QueueClient

_IDLE_SECONDS = 1.0
_IDLE_SINCE = "idle_since"


def ping_idle(engine: Engine) -> None:
    """Ping each connection that was idle for a second before it is used again; replace it if it is closed.

    Firewalls and restarts close idle connections. `pool_pre_ping` pings before every use, which costs a round
    trip for each of several uses in a row.
    """

    @event.listens_for(engine, "checkin")
    def record_idle(_connection: Any, record: Any) -> None:
        record.info[_IDLE_SINCE] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get(_IDLE_SINCE, float("inf")) < _IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as exc:
            raise InvalidatePoolError from exc  # then the pool opens a new connection


_BLOCK_BYTES = 8 * 1024 * 1024
"""Size of one read from storage."""

_TOKEN_SCOPE = "https://ossrdbms-aad.database.windows.net/.default"  # noqa: S105 - the scope's public name

_POOL_SIZE = 3
_POOL_OVERFLOW = 15
"""A load uses one connection, a second one to prefetch existing rows, a third one if the file is in an
archive, and another one for short statements. The pool must have enough for all loads that run at once
(host.json: 2 blobs, and one each of replays, poison queue and sweep), or they would wait for each other."""


class Resources:
    """Resources of one process, which `resources()` creates; the properties are built on first use."""

    def __init__(self, loaded: Settings) -> None:
        self.settings = loaded

    @cached_property
    def engine(self) -> Engine:
        """The pool of connections to Postgres; building it does not connect."""
        engine = create_engine(
            self.settings.database,
            isolation_level="READ COMMITTED",  # each statement sees what is committed
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_OVERFLOW,
            pool_timeout=15,
            pool_recycle=1500,
            hide_parameters=True,  # no values of rows in logs
            connect_args={
                "connect_timeout": 5,
                "client_encoding": "utf8",  # the encoding of COPY, whatever that of the database
                "application_name": "csv-ingest",
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
                "tcp_user_timeout": 30_000,
            },
        )
        ping_idle(engine)
        if self.settings.database_auth == "entra":
            event.listen(engine, "do_connect", self._use_fresh_token)
        return engine

    def _use_fresh_token(
        self, _dialect: Any, _record: Any, _arguments: list[Any], parameters: dict[str, Any]
    ) -> None:
        """Entra tokens expire, so each new connection gets one; the credential caches it."""
        parameters["password"] = self.credential.get_token(_TOKEN_SCOPE).token
        parameters.setdefault("sslmode", "require")

    @cached_property
    def credential(self) -> TokenCredential:
        """The app's managed identity in Azure, or the developer's login elsewhere."""
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - slow to import, rarely needed

        return DefaultAzureCredential(managed_identity_client_id=self.settings.identity_client_id)

    @cached_property
    def uploads(self) -> ContainerClient:
        """The container of uploads; building the client does not connect.

        The SDK retries only once: with its defaults an HTTP caller would wait a minute for the error that
        storage is unavailable, and loads have their own retries.
        """
        options: dict[str, Any] = {
            "retry_total": 1,
            "initial_backoff": 1,
            "increment_base": 2,
            "connection_timeout": 5,
            "read_timeout": 20,
            "max_single_get_size": _BLOCK_BYTES,
            "max_chunk_get_size": _BLOCK_BYTES,
        }
        if self.settings.storage_account_url:
            service = BlobServiceClient(self.settings.storage_account_url, self.credential, **options)
        else:
            service = self._service_by_connection_string(options)
        return service.get_container_client(UPLOADS_CONTAINER)

    @cached_property
    def replays(self) -> QueueClient:
        """The queue of blobs to replay; building the client does not connect.

        Raises `SettingsError` if its address is not set.
        """
        from azure.storage.queue import QueueClient, TextBase64EncodePolicy  # noqa: PLC0415 - rarely needed

        options: dict[str, Any] = {
            "retry_total": 1,
            "connection_timeout": 5,
            "read_timeout": 10,
            "message_encode_policy": TextBase64EncodePolicy(),  # as the platform's triggers expect
        }
        if self.settings.storage_account_url:
            url = self.settings.storage_queue_url
            if not url:
                raise SettingsError(f"{settings.STORAGE_CONNECTION}__queueServiceUri is not set")
            return QueueClient(url, REPLAYS_QUEUE, credential=self.credential, **options)
        text = self.settings.storage_connection_string or ""
        return QueueClient.from_connection_string(text, REPLAYS_QUEUE, **options)

    def _service_by_connection_string(self, options: dict[str, Any]) -> BlobServiceClient:
        text = self.settings.storage_connection_string or ""
        try:
            return BlobServiceClient.from_connection_string(text, **options)
        except ValueError:
            # `from None`, because the SDK's message can contain the account's key.
            raise SettingsError(f"{settings.STORAGE_CONNECTION} is not a connection string") from None


_lock = threading.RLock()
_resources: Resources | None = None


def resources() -> Resources:
    """The process's resources. Only handlers call this; everything else gets what it needs as arguments.

    Raises `SettingsError` on every call while a setting is missing or wrong.
    """
    global _resources  # noqa: PLW0603 - the only state of the process
    with _lock:
        if _resources is None:
            _resources = Resources(settings.load(os.environ))
            _ = (_resources.engine, _resources.uploads)  # built under the lock, which cached_property lacks
        return _resources
