"""Databases to measure in: fresh ones, at rest before each timed part."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2

from dev.errors import Complaint
from dev.postgres import Postgres
from dev.process import wait_until
from shared.use_cases.migrate import migrate

PLAIN_TABLE = """
    create table plain (sales_order_number text, sales_order_line_number bigint, order_date timestamp,
        customer_name text, email_address text, item text, quantity bigint, unit_price numeric,
        tax_amount numeric, primary key (sales_order_number, sales_order_line_number))
"""
"""What `\\copy` loads into: the columns and key of `sales`, in the default collation, without lineage."""

_TEMPLATE = "bench_template"
_REST_SECONDS = 300


def make_template(postgres: Postgres) -> None:
    """Make the database that fresh ones are copies of, with our tables and the plain one."""
    execute(postgres.url, f"create database {_TEMPLATE}")
    migrate(_url(postgres, _TEMPLATE))
    execute(_url(postgres, _TEMPLATE), PLAIN_TABLE)


@contextmanager
def fresh(postgres: Postgres) -> Iterator[str]:
    """The URL of a new database; dropped afterwards."""
    name = f"bench_{time.monotonic_ns()}"
    execute(postgres.url, f"create database {name} template {_TEMPLATE}")
    try:
        yield _url(postgres, name)
    finally:
        execute(postgres.url, f"drop database {name} with (force)")


def settle(url: str) -> None:
    """Bring the server to rest, so that no part pays for what an earlier one left behind.

    What autovacuum and the checkpointer would do within minutes, and in the middle of whatever is measured
    then, is done now: dead rows gone, statistics up to date, dirty pages written.
    """
    if not wait_until(lambda: query(url, _AUTOVACUUM) == [(0,)], _REST_SECONDS):
        raise Complaint(f"autovacuum still works after {_REST_SECONDS} s")
    execute(url, "vacuum (analyze)", "checkpoint")


def execute(url: str, *statements: str) -> None:
    """Run statements, each on its own, outside of a transaction."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        for statement in statements:
            with connection.cursor() as cursor:
                cursor.execute(statement)


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def _url(postgres: Postgres, name: str) -> str:
    return postgres.url.rpartition("/")[0] + f"/{name}"


_AUTOVACUUM = "select count(*) from pg_stat_activity where backend_type = 'autovacuum worker'"
