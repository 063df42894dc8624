"""Ingestions that are listed, corrected, replayed and undone."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"

_STATES = "'received', 'loading', 'loaded', 'refused', 'failed', 'duplicate', 'superseded'"


def upgrade() -> None:
    """Add the state, the columns, and indexes of the lists."""
    op.execute("alter table ingest.ingestions drop constraint ingestions_state_check")
    op.execute(f"""
        alter table ingest.ingestions
            add constraint ingestions_state_check check (state in ({_STATES}, 'undone')),
            add column corrects uuid,
            add column replaying text check (replaying in ('received', 'loading')),
            add column undone jsonb""")
    op.execute("""
        create index ingestions_corrections on ingest.ingestions (corrects) where corrects is not null""")
    op.execute("""
        create index ingestions_replaying on ingest.ingestions (replaying) where replaying is not null""")
    # The states that are seldom: of the others, a few steps from the newest on find enough.
    op.execute("""
        create index ingestions_of_state on ingest.ingestions (state, serial)
        where state in ('refused', 'failed', 'superseded', 'undone')""")
    op.execute("""
        create index ingestions_loaded_by_day on ingest.ingestions (dataset, finished_at)
        where state = 'loaded'""")


def downgrade() -> None:
    """Remove them; fails where a load was undone."""
    for index in ("corrections", "replaying", "of_state", "loaded_by_day"):
        op.execute(f"drop index ingest.ingestions_{index}")
    op.execute(f"""
        alter table ingest.ingestions
            drop constraint ingestions_state_check,
            add constraint ingestions_state_check check (state in ({_STATES})),
            drop column corrects,
            drop column replaying,
            drop column undone""")
