"""What a file turned out to be, members of archives, and datasets whose tables were made from files."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the columns, and the table of changes."""
    op.execute("""
        alter table ingest.ingestions
            add column format jsonb,
            add column columns jsonb,
            add column member text not null default ''""")
    # Null columns: a contract of the app's own describes the dataset.
    op.execute("""
        alter table ingest.datasets
            add column columns jsonb,
            add column key text[] not null default '{}'""")
    op.execute("""
        create table ingest.dataset_changes (
            id bigint generated always as identity primary key,
            dataset text not null,
            ingestion_id uuid references ingest.ingestions (id),
            change jsonb not null,
            changed_at timestamptz not null default clock_timestamp()
        )""")
    op.execute("create index dataset_changes_of on ingest.dataset_changes (dataset, id)")
    op.execute("create index ingestions_of_dataset on ingest.ingestions (dataset, serial)")  # the last load


def downgrade() -> None:
    """Remove them; tables made from files stay, and nobody knows them any more."""
    op.execute("drop index ingest.ingestions_of_dataset")
    op.execute("drop table ingest.dataset_changes")
    op.execute("alter table ingest.datasets drop column columns, drop column key")
    op.execute("alter table ingest.ingestions drop column format, drop column columns, drop column member")
