"""The app's settings: read from the environment once, and validated on first use, never at import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from shared.bindings import STORAGE_CONNECTION, UPLOADS_CONTAINER, LogLevel, TriggerSource
from shared.errors import SettingsError

__all__ = ["STORAGE_CONNECTION", "UPLOADS_CONTAINER", "Settings", "load", "postgres_url"]


class Settings(BaseModel):
    """Settings of one process; the alias of each field is its key in the environment."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    storage_connection_string: Annotated[str | None, Field(alias=STORAGE_CONNECTION, repr=False)] = None
    storage_account_url: Annotated[
        str | None, Field(alias=f"{STORAGE_CONNECTION}__blobServiceUri", pattern=r"^https?://")
    ] = None
    storage_queue_url: Annotated[
        str | None, Field(alias=f"{STORAGE_CONNECTION}__queueServiceUri", pattern=r"^https?://")
    ] = None
    identity_client_id: Annotated[str | None, Field(alias=f"{STORAGE_CONNECTION}__clientId")] = None
    database_url: Annotated[str, Field(alias="DATABASE_URL", min_length=1, repr=False)]
    database_auth: Annotated[Literal["password", "entra"], Field(alias="DATABASE_AUTH")] = "password"
    blob_trigger_source: Annotated[TriggerSource, Field(alias="BLOB_TRIGGER_SOURCE")] = "polling"
    default_dataset: Annotated[str, Field(alias="DEFAULT_DATASET", min_length=1)] = "sales"
    undeclared_datasets: Annotated[Literal["create", "refuse"], Field(alias="UNDECLARED_DATASETS")] = "create"
    retry_seconds: Annotated[float, Field(alias="RETRY_SECONDS", ge=0, le=240)] = 60
    log_level: Annotated[LogLevel, Field(alias="LOG_LEVEL")] = "INFO"

    @model_validator(mode="after")
    def _check_storage(self) -> Self:
        if not (self.storage_connection_string or self.storage_account_url):
            raise ValueError(f"set {STORAGE_CONNECTION} or {STORAGE_CONNECTION}__blobServiceUri")
        return self

    @property
    def database(self) -> URL:
        """`DATABASE_URL`, parsed by `postgres_url`."""
        return postgres_url(self.database_url)


def postgres_url(text: str) -> URL:
    """Parse a Postgres URL; the driver is always psycopg2.

    Raises `SettingsError` if it is not a Postgres URL. The message does not contain the URL, which has a
    password.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise SettingsError("DATABASE_URL is not a URL; use postgresql://user:…@host/db") from None
    if url.get_backend_name() not in {"postgresql", "postgres"}:
        raise SettingsError(f"DATABASE_URL must be postgresql://…, not {url.get_backend_name()}://…")
    return url.set(drivername="postgresql+psycopg2")


def load(environment: Mapping[str, str]) -> Settings:
    """Read the settings from `environment`; a blank value counts as absent.

    Raises a `SettingsError` that names every wrong key, but not its value, which may be a secret.
    """
    given = {key: value for key, value in environment.items() if value.strip()}
    try:
        settings = Settings.model_validate(given)
    except ValidationError as exc:
        errors = [
            f"{'.'.join(map(str, error['loc'])) or 'storage'}: {error['msg']}" for error in exc.errors()
        ]
        raise SettingsError(f"Settings: {'; '.join(errors)}.") from None
    _ = settings.database
    return settings
