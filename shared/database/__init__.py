"""Access to Postgres: short transactions and COPY."""
