"""Resources of a process: settings, engine and storage clients, built on first use under a lock."""

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
_KEY = "rests_since"


def ping_idle(engine: Engine) -> None:
    """Ping each connection that rested for a second before it is used again; a dead one is replaced.

    Idle connections are dropped by firewalls and by restarts. `pool_pre_ping` asks for every use, which is a
    round trip more where one use follows another.
    """

    @event.listens_for(engine, "checkin")
    def begin_rest(_connection: Any, record: Any) -> None:
        record.info[_KEY] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ping(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get(_KEY, float("inf")) < _IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as exc:
            raise InvalidatePoolError from exc  # the pool makes new ones, and hands out one of them


_BLOCK = 8 * 1024 * 1024
"""Bytes of one read from storage."""

_TOKEN_SCOPE = "https://ossrdbms-aad.database.windows.net/.default"  # noqa: S105 - the scope's public name

_POOL_SIZE = 3
_POOL_OVERFLOW = 15
"""A load holds one connection, a second one where it meets present rows, a third one if it is in an archive,
and needs one more for moments, so the pool must exceed the loads at once (host.json: 2 blobs, and one each of
replays, poison queue and sweep) or they would wait for each other."""


class Resources:
    """Made once per process by `resources()`; the properties are built on first use."""

    def __init__(self, loaded: Settings) -> None:
        self.settings = loaded

    @cached_property
    def engine(self) -> Engine:
        """Connections to Postgres; building it connects to nothing."""
        engine = create_engine(
            self.settings.database,
            isolation_level="READ COMMITTED",  # locks and twins are looked at anew by each statement
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_OVERFLOW,
            pool_timeout=15,
            pool_recycle=1500,
            hide_parameters=True,  # rows do not belong in logs
            connect_args={
                "connect_timeout": 5,
                "client_encoding": "utf8",  # what COPY is sent, whatever the database's own encoding
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
        """Entra tokens expire, so each new connection gets its own (the credential caches a valid one)."""
        parameters["password"] = self.credential.get_token(_TOKEN_SCOPE).token
        parameters.setdefault("sslmode", "require")

    @cached_property
    def credential(self) -> TokenCredential:
        """The app's identity: managed in Azure, the developer's login elsewhere."""
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - slow to import, seldom needed

        return DefaultAzureCredential(managed_identity_client_id=self.settings.identity_client_id)

    @cached_property
    def uploads(self) -> ContainerClient:
        """The container of uploads; building the client connects to nothing.

        The SDK's own retries are cut short: with its defaults an HTTP caller would wait a minute to learn
        that storage is away, and the load has its own back-off.
        """
        options: dict[str, Any] = {
            "retry_total": 1,
            "initial_backoff": 1,
            "increment_base": 2,
            "connection_timeout": 5,
            "read_timeout": 20,
            "max_single_get_size": _BLOCK,
            "max_chunk_get_size": _BLOCK,
        }
        if self.settings.storage_account_url:
            service = BlobServiceClient(self.settings.storage_account_url, self.credential, **options)
        else:
            service = self._service_by_connection_string(options)
        return service.get_container_client(UPLOADS_CONTAINER)

    @cached_property
    def replays(self) -> QueueClient:
        """The queue of blobs that are to be delivered once more; building the client connects to nothing.

        Raises `SettingsError` where nothing says where it is.
        """
        from azure.storage.queue import QueueClient, TextBase64EncodePolicy  # noqa: PLC0415 - seldom needed

        options: dict[str, Any] = {
            "retry_total": 1,
            "connection_timeout": 5,
            "read_timeout": 10,
            "message_encode_policy": TextBase64EncodePolicy(),  # what the platform's triggers expect
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
            # The chain is cut because the SDK's message can hold the account's key.
            raise SettingsError(f"{settings.STORAGE_CONNECTION} is no connection string") from None


_lock = threading.RLock()
_made: Resources | None = None


def resources() -> Resources:
    """The process's resources. Only handlers call this; everything else gets what it needs as arguments.

    Raises `SettingsError` where a setting is missing or wrong, on every call until it is mended.
    """
    global _made  # noqa: PLW0603 - the one place where the process keeps its state
    with _lock:
        if _made is None:
            _made = Resources(settings.load(os.environ))
            _ = (_made.engine, _made.uploads)  # built here, under the lock: cached_property has none
        return _made
