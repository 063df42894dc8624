"""The tables of schema `ingest`: ledger of ingestions, rejects, datasets, as the migrations made them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Identity, Integer, MetaData, Table, Text, Uuid, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

SCHEMA = "ingest"

metadata = MetaData(schema=SCHEMA)

_JSON = JSONB(none_as_null=True)
"""Nothing is NULL, not JSON's null, which those who query the tables would have to know of."""

ingestions = Table(
    "ingestions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("serial", BigInteger, nullable=False),
    Column("container", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("dataset", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("size", BigInteger),
    Column("sha256", Text),
    Column("head_sha256", Text),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("bytes_read", BigInteger),
    Column("rows_read", BigInteger),
    Column("rows_inserted", BigInteger),
    Column("rows_updated", BigInteger),
    Column("rows_unchanged", BigInteger),
    Column("rows_duplicate", BigInteger),
    Column("rows_rejected", BigInteger),
    Column("ignored_columns", ARRAY(Text)),
    Column("format", _JSON),
    Column("columns", _JSON),
    Column("member", Text, nullable=False, server_default=""),
    Column("duplicate_of", Uuid),
    Column("replaced_by", Uuid),
    Column("corrects", Uuid),
    Column("replaying", Text),
    Column("undone", _JSON),
    Column("error", _JSON),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("started_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
)

datasets = Table(
    "datasets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("commits", BigInteger, nullable=False),
    Column("columns", _JSON),
    Column("key", ARRAY(Text), nullable=False, server_default="{}"),
)

dataset_changes = Table(
    "dataset_changes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("dataset", Text, nullable=False),
    Column("ingestion_id", Uuid),
    Column("change", JSONB, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp()),
)

rejects = Table(
    "rejects",
    metadata,
    Column("ingestion_id", Uuid, primary_key=True),
    Column("line", BigInteger, primary_key=True),
    Column("raw", Text, nullable=False),
    Column("errors", JSONB, nullable=False),
)
