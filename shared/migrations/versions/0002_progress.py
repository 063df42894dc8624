"""How far a load has come, and a quick look for files of the same size."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column and the index."""
    op.execute("alter table ingest.ingestions add column bytes_read bigint")
    op.execute("""
        create index ingestions_loaded_by_size on ingest.ingestions (dataset, size) where state = 'loaded'""")


def downgrade() -> None:
    """Remove both."""
    op.execute("drop index ingest.ingestions_loaded_by_size")
    op.execute("alter table ingest.ingestions drop column bytes_read")
