"""Commits of a dataset, versions of a blob whose rows a later one replaced, a hash of the beginning."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table and the column; bytes whose rows were replaced may be loaded again."""
    op.execute("""
        create table ingest.datasets (
            name text primary key,
            commits bigint not null default 0
        )""")
    op.execute("alter table ingest.ingestions add column replaced_by uuid references ingest.ingestions (id)")
    op.execute("alter table ingest.ingestions add column head_sha256 text")  # of the first megabyte
    op.execute("drop index ingest.ingestions_loaded_once")
    op.execute("""
        create unique index ingestions_loaded_once on ingest.ingestions (dataset, sha256)
        where state = 'loaded' and replaced_by is null""")
    # Whose rows a replaced load's duplicates take over.
    op.execute("""
        create index ingestions_duplicates on ingest.ingestions (duplicate_of)
        where state = 'duplicate' and replaced_by is null""")


def downgrade() -> None:
    """Remove them; fails where the same bytes were loaded again."""
    op.execute("drop index ingest.ingestions_loaded_once")
    op.execute("""
        create unique index ingestions_loaded_once on ingest.ingestions (dataset, sha256)
        where state = 'loaded'""")
    op.execute("drop index ingest.ingestions_duplicates")
    op.execute("alter table ingest.ingestions drop column replaced_by, drop column head_sha256")
    op.execute("drop table ingest.datasets")
