"""The ledger of ingestions and the rejects."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make both tables. Plain SQL: what stands here must never change, whatever the code's tables become."""
    op.execute("""
        create table ingest.ingestions (
            id uuid primary key,
            serial bigint generated always as identity unique,
            container text not null,
            path text not null,
            etag text not null,
            dataset text not null,
            filename text not null,
            size bigint,
            sha256 text,
            state text not null check (state in (
                'received', 'loading', 'loaded', 'refused', 'failed', 'duplicate', 'superseded')),
            attempts integer not null default 0,
            rows_read bigint,
            rows_inserted bigint,
            rows_updated bigint,
            rows_unchanged bigint,
            rows_duplicate bigint,
            rows_rejected bigint,
            ignored_columns text[],
            duplicate_of uuid references ingest.ingestions (id),
            error jsonb,
            received_at timestamptz not null default now(),
            started_at timestamptz,
            finished_at timestamptz,
            constraint conservation check (state <> 'loaded' or (rows_read is not null and rows_read
                = rows_inserted + rows_updated + rows_unchanged + rows_duplicate + rows_rejected))
        )""")
    # The same bytes are loaded once per dataset, even when two blobs of them load at the same moment.
    op.execute("""
        create unique index ingestions_loaded_once on ingest.ingestions (dataset, sha256)
        where state = 'loaded'""")
    op.execute("create index ingestions_by_path on ingest.ingestions (container, path)")
    # What a sweep looks for; nearly all entries are in a final state.
    op.execute("""
        create index ingestions_unfinished on ingest.ingestions (state)
        where state in ('received', 'loading', 'failed')""")
    op.execute("""
        create table ingest.rejects (
            ingestion_id uuid not null references ingest.ingestions (id) on delete cascade,
            line bigint not null,
            raw text not null,
            errors jsonb not null,
            primary key (ingestion_id, line)
        )""")


def downgrade() -> None:
    """Drop both; what was loaded is forgotten, so this is for development only."""
    op.execute("drop table ingest.rejects, ingest.ingestions")
