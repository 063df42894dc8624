"""A process that loads a small file, waits for a line on stdin, loads another file, and prints its memory.

`python -m dev.bench.two_loads DATABASE_URL STORAGE_CONNECTION_STRING SMALL_BLOB BLOB`
"""

import json
import resource
import sys
import uuid

from loguru import logger

from dev.bench.app_load import AppLoad


def main(database_url: str, storage_connection_string: str, small_blob: str, blob: str) -> None:
    """Print a line of JSON after each load."""
    logger.remove()
    app_load = AppLoad(database_url, storage_connection_string)
    _print_report(app_load(small_blob).ingestion_id)
    sys.stdin.readline()
    _print_report(app_load(blob).ingestion_id)
    app_load.close()


def _print_report(ingestion_id: uuid.UUID | None) -> None:
    max_rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps({"ingestion_id": str(ingestion_id), "peak_bytes": max_rss * unit}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
