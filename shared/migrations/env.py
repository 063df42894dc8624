"""Alembic's environment: runs the revisions on the connection that `migrating` hands over."""

from __future__ import annotations

from alembic import context

from shared.ledger.tables import SCHEMA

context.configure(connection=context.config.attributes["connection"], version_table_schema=SCHEMA)
context.run_migrations()
