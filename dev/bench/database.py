r"""Databases for the benchmark: new ones, idle before each timed part, and the baseline `psql \copy`."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from dev.errors import UsageError
from dev.postgres import Postgres
from dev.process import wait_until
from shared.use_cases.migrate import migrate

PLAIN_TABLE = """
    create table plain (sales_order_number text, sales_order_line_number bigint, order_date timestamp,
        customer_name text, email_address text, item text, quantity bigint, unit_price numeric,
        tax_amount numeric, primary key (sales_order_number, sales_order_line_number))
"""
r"""The target of `\copy`: the columns and key of `sales`, in the default collation, without `_load`."""

_TEMPLATE = "bench_template"
_IDLE_SECONDS = 300
_AUTOVACUUM = "select count(*) from pg_stat_activity where backend_type = 'autovacuum worker'"


def create_template(postgres: Postgres) -> None:
    """Create the database that new ones are cloned from, with the app's tables and the plain one."""
    execute(postgres.url, f"create database {_TEMPLATE}")
    migrate(_url(postgres, _TEMPLATE))
    execute(_url(postgres, _TEMPLATE), PLAIN_TABLE)


@contextmanager
def new_database(postgres: Postgres) -> Iterator[str]:
    """Yield the URL of a new database, and drop it afterwards."""
    name = f"bench_{time.monotonic_ns()}"
    execute(postgres.url, f"create database {name} template {_TEMPLATE}")
    try:
        yield _url(postgres, name)
    finally:
        execute(postgres.url, f"drop database {name} with (force)")


def make_idle(url: str) -> None:
    """Vacuum, analyze and write a checkpoint, so that a timed part does not pay for earlier ones.

    Otherwise autovacuum and the checkpointer would do this work later, in the middle of a timed part.
    """
    if not wait_until(lambda: query(url, _AUTOVACUUM) == [(0,)], _IDLE_SECONDS):
        raise UsageError(f"autovacuum still works after {_IDLE_SECONDS} s")
    execute(url, "vacuum (analyze)", "checkpoint")


def copy_seconds(postgres: Postgres, url: str, file: Path) -> float:
    r"""Return the seconds of `psql \copy` into the plain table, with psql's start; then empty the table."""
    command = [str(postgres.psql), url, "--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1"]
    make_idle(url)
    began = time.perf_counter()
    subprocess.run([*command, "-c", rf"\copy plain from '{file}' with (format csv, header)"], check=True)
    seconds = time.perf_counter() - began
    execute(url, "truncate plain")
    return seconds


def execute(url: str, *statements: str) -> None:
    """Run each statement in autocommit mode."""
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
