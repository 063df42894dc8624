"""Creates what the app needs in its servers: the uploads container and the tables."""

from azure.core.exceptions import AzureError
from azure.storage.blob import BlobServiceClient, CorsRule
from sqlalchemy.exc import SQLAlchemyError

from dev.azurite import ACCOUNT
from dev.errors import UsageError
from shared.errors import IngestError
from shared.settings import UPLOADS_CONTAINER
from shared.use_cases.migrate import migrate as apply_migrations

_CONSOLE_UPLOADS = CorsRule(["*"], ["PUT"], allowed_headers=["*"], max_age_in_seconds=3600)
"""Lets the console's page send big files directly to storage, authorized by a SAS URL."""


def create_container(storage_connection_string: str) -> None:
    """Create the uploads container if it is missing, and allow uploads from browsers on Azurite."""
    try:
        with BlobServiceClient.from_connection_string(storage_connection_string, retry_total=1) as account:
            container = account.get_container_client(UPLOADS_CONTAINER)
            if not container.exists():
                container.create_container()
            if account.account_name == ACCOUNT:  # a storage account of the user is not changed
                account.set_service_properties(cors=[_CONSOLE_UPLOADS])
    except (AzureError, ValueError) as error:
        raise UsageError(f"cannot use STORAGE_CONNECTION_STRING: {_first_line(error)}") from error


def migrate(database_url: str) -> list[str]:
    """Create or update the tables; return a line for each change."""
    try:
        return apply_migrations(database_url)
    except (SQLAlchemyError, IngestError) as error:
        raise UsageError(f"cannot migrate DATABASE_URL: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0]
