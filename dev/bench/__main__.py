"""`python3 dev bench`: loads one file several ways, in turn, and prints medians and ratios to `\\copy`."""

import argparse
import statistics
import tempfile
import uuid
from pathlib import Path

from azure.storage.blob import BlobServiceClient, ContainerClient
from loguru import logger

from dev.azurite import Azurite
from dev.bench import loaders
from dev.postgres import Postgres
from shared.ledger.state import State

Seconds = dict[str, list[float]]

YARDSTICK = r"psql \copy into a plain table"


def main(arguments: list[str]) -> int:
    """Run the benchmark; 0 when every way loaded every row."""
    parser = argparse.ArgumentParser("python3 dev bench", description=__doc__)
    parser.add_argument("--rows", type=above_0, default=100_000, help="rows of the file (100000)")
    parser.add_argument("--runs", type=above_0, default=3, help="times that each way is measured (3)")
    options = parser.parse_args(arguments)
    logger.disable("shared")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data = Path(folder)
        postgres, azurite = Postgres(data), Azurite(data)
        try:
            postgres.start()
            azurite.start()
            _print(_measure(data, postgres, azurite, options.rows, options.runs), options.rows)
        finally:
            azurite.stop()
            postgres.stop()
    return 0


def above_0(text: str) -> int:
    """Read a count of at least 1."""
    if not (text.isdecimal() and int(text)):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _measure(data: Path, postgres: Postgres, azurite: Azurite, rows: int, runs: int) -> Seconds:
    file, reverse = loaders.write_file(data, rows), loaders.write_file(data, rows, reverse=True)
    print(f"{file.stat().st_size / 1e6:.1f} MB, {rows} rows, {runs} runs of each, in turn", flush=True)
    seconds: Seconds = {}
    with BlobServiceClient.from_connection_string(azurite.connection_string) as storage:
        container = storage.create_container(f"bench-{uuid.uuid4().hex}")
        for path, source in (("sales/a.csv", file), ("sales/b.csv", file), ("sales/c.csv", reverse)):
            with source.open("rb") as content:
                container.upload_blob(path, content)
        for _ in range(runs):
            for way, taken in _one_round(postgres, container, file).items():
                seconds.setdefault(way, []).append(taken)
    return seconds


def _one_round(postgres: Postgres, container: ContainerClient, file: Path) -> dict[str, float]:
    with loaders.fresh_database(postgres) as engine:
        copied = loaders.psql_copy(postgres, engine, file)
        fresh = loaders.ours(engine, container, "sales/a.csv", State.LOADED)
        again = loaders.ours(engine, container, "sales/b.csv", State.DUPLICATE)
        unchanged = loaders.ours(engine, container, "sales/c.csv", State.LOADED)
    with loaders.fresh_database(postgres) as engine:
        scripted = loaders.pandas_to_sql(engine, file)
    return {
        YARDSTICK: copied,
        "this app, all rows new": fresh,
        "this app, the same bytes under another name": again,
        "this app, the same rows in another order": unchanged,
        "pandas.read_csv and to_sql, multi": scripted,
    }


def _print(seconds: Seconds, rows: int) -> None:
    yardstick = statistics.median(seconds[YARDSTICK])
    print(f"\n{'way':<46}{'median s':>10}{'rows/s':>10}{'ratio':>8}")
    for way, taken in seconds.items():
        median = statistics.median(taken)
        print(f"{way:<46}{median:>10.2f}{rows / median:>10.0f}{median / yardstick:>8.2f}")
