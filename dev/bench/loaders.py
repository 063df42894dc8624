"""The ways to load a file that are compared, each on a database of its own on the same server."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, create_engine, text

from dev.bench import sales_file
from dev.postgres import Postgres
from shared.contracts.sales import Sales
from shared.ingesting import Ingesting
from shared.ledger.state import State
from shared.settings import postgres_url
from shared.tables import dataset
from shared.tables.migrating import migrate

PLAIN_TABLE = """
    create table plain (sales_order_number text, sales_order_line_number bigint, order_date timestamp,
        customer_name text, email_address text, item text, quantity bigint, unit_price numeric,
        tax_amount numeric, primary key (sales_order_number, sales_order_line_number))
"""
"""What `\\copy` loads into: the columns and key of `sales`, in the default collation, without lineage."""


@contextmanager
def fresh_database(postgres: Postgres) -> Iterator[Engine]:
    """An engine on a new database with our tables and the plain one; dropped afterwards."""
    server = create_engine(postgres_url(postgres.url), isolation_level="AUTOCOMMIT")
    name = f"bench_{time.monotonic_ns()}"
    with server.connect() as connection:
        connection.execute(text(f"create database {name}"))
    url = postgres.url.rpartition("/")[0] + f"/{name}"
    migrate(url)
    engine = create_engine(postgres_url(url), pool_size=4)
    try:
        with engine.begin() as connection:
            connection.execute(text(PLAIN_TABLE))
        yield engine
    finally:
        engine.dispose()
        with server.connect() as connection:
            connection.execute(text(f"drop database {name} with (force)"))
        server.dispose()


def ours(engine: Engine, container: ContainerClient, path: str, expected: State) -> float:
    """Seconds of one load, from the handler's call to the commit; the blob is in storage already."""
    ingesting = Ingesting(engine, container, "sales")
    begun = time.perf_counter()
    outcome = ingesting.ingest(path)
    seconds = time.perf_counter() - begun
    if outcome.state is not expected:
        raise RuntimeError(f"{path} ended {outcome.state}, not {expected}")
    return seconds


def psql_copy(postgres: Postgres, engine: Engine, file: Path) -> float:
    r"""Seconds of `psql \copy` from disk into the plain table, the start of psql included."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    command = [str(postgres.psql), url, "--quiet", "--no-psqlrc", "-v", "ON_ERROR_STOP=1"]
    begun = time.perf_counter()
    subprocess.run([*command, "-c", rf"\copy plain from '{file}' with (format csv, header)"], check=True)
    return time.perf_counter() - begun


def pandas_to_sql(engine: Engine, file: Path) -> float:
    """Seconds of the usual script: `read_csv` with the right types, then `to_sql` into the plain table."""
    names = [field.name for field in dataset.fields(Sales)]
    begun = time.perf_counter()
    frame = pd.read_csv(file, names=names, header=0, parse_dates=["order_date"])
    frame.to_sql("plain", engine, if_exists="append", index=False, chunksize=10_000, method="multi")
    return time.perf_counter() - begun


def write_file(folder: Path, rows: int, *, reverse: bool = False) -> Path:
    """Write the file of `rows` rows into `folder`."""
    path = folder / f"sales-{rows}{'-reverse' if reverse else ''}.csv"
    sales_file.write(path, rows, reverse=reverse)
    return path
