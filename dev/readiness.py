"""What the servers must hold before the app starts: the container that is watched, the tables."""

from azure.core.exceptions import AzureError
from azure.storage.blob import BlobServiceClient, CorsRule
from sqlalchemy.exc import SQLAlchemyError

from dev.errors import Complaint
from shared.errors import IngestError
from shared.settings import UPLOADS_CONTAINER
from shared.use_cases.migrate import migrate as apply_migrations

AZURITES_ACCOUNT = "devstoreaccount1"
_FROM_THE_CONSOLE = CorsRule(["*"], ["PUT"], allowed_headers=["*"], max_age_in_seconds=3600)
"""Lets the console's page send big files straight to storage; what permits it is the address it is given."""


def create_container(storage_connection_string: str) -> None:
    """Create the container that is watched, unless it exists; let browsers write to Azurite."""
    try:
        with BlobServiceClient.from_connection_string(storage_connection_string, retry_total=1) as account:
            container = account.get_container_client(UPLOADS_CONTAINER)
            if not container.exists():
                container.create_container()
            if account.account_name == AZURITES_ACCOUNT:  # nobody's own account is changed
                account.set_service_properties(cors=[_FROM_THE_CONSOLE])
    except (AzureError, ValueError) as error:
        raise Complaint(f"cannot use STORAGE_CONNECTION_STRING: {_first_line(error)}") from error


def migrate(database_url: str) -> list[str]:
    """Bring the database up to date; return what was done, a line each."""
    try:
        return apply_migrations(database_url)
    except (SQLAlchemyError, IngestError) as error:
        raise Complaint(f"cannot migrate DATABASE_URL: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(getattr(error, "orig", None) or error).strip() or type(error).__name__).splitlines()[0]
