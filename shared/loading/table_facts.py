"""Facts about a table that decide how rows may be written: triggers, partitions, key order."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg2 import sql
from sqlalchemy import Connection

from shared.contracts import dataset_table
from shared.contracts.base import Contract
from shared.database.transactions import cursor

_FACTS = sql.SQL("""
    select
        table_.relkind = 'r' and not (table_.relhastriggers or table_.relhasrules or table_.relrowsecurity
            or table_.relhassubclass)
        and not exists (
            select from pg_attribute where attrelid = table_.oid and attnum > 0 and not attisdropped
                and attname <> all (%(columns)s))
        and not exists (
            select from pg_publication_tables
            where schemaname = table_.relnamespace::regnamespace::text and tablename = table_.relname),
        array(
            select conname::text from pg_constraint where contype = 'p' and (conrelid = table_.oid
                or conrelid in (select relid from pg_partition_tree(table_.oid)))),
        array(
            select attname::text from unnest(key_.conkey) with ordinality as place (number, position)
            join pg_attribute on attrelid = table_.oid and attnum = number order by position),
        (select bool_and(coalesce(collname in ('C', 'POSIX'), atttypid <> 'float8'::regtype))
            from pg_attribute left join pg_collation on pg_collation.oid = attcollation
            where attrelid = table_.oid and attnum = any (key_.conkey)),
        current_setting('block_size')::int / 24
    from pg_class as table_ join pg_constraint as key_ on key_.conrelid = table_.oid and key_.contype = 'p'
    where table_.oid = {table}::regclass""")


@dataclass(frozen=True, slots=True)
class TableFacts:
    """Facts about a table with a primary key.

    `may_replace`: a row may be deleted and inserted instead of updated, since nothing can notice the
    difference. The table has no triggers (foreign keys are triggers), rules, row security, partitions,
    publications, or columns that the contract does not have. `constraints` are the names of the primary key
    in the table and its partitions. `key` are the key's columns in the order of its index, and
    `has_byte_order` says whether the index sorts them as Arrow does. A page has fewer rows than
    `max_rows_per_page`, as a row has a header of 24 bytes.
    """

    may_replace: bool
    constraints: tuple[str, ...]
    key: tuple[str, ...]
    has_byte_order: bool
    max_rows_per_page: int


def read_table_facts(connection: Connection, contract: type[Contract]) -> TableFacts:
    """Read the facts about the table of `contract`, which has a key."""
    table = dataset_table.sqlalchemy_table(contract)
    statement = _FACTS.format(table=sql.Literal(f'"{table.schema}"."{table.name}"'))
    with cursor(connection) as driver:
        driver.execute(statement, {"columns": [column.name for column in table.columns]})
        may_replace, constraints, key, has_byte_order, max_rows_per_page = driver.fetchall()[0]
    return TableFacts(may_replace, tuple(constraints), tuple(key), has_byte_order, max_rows_per_page)
