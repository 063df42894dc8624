"""A process that loads one small file, waits for a line, loads another, and says what it took.

`python -m dev.bench.two_loads DATABASE_URL STORAGE_CONNECTION_STRING SMALL_BLOB BLOB`
"""

import json
import resource
import sys
import uuid

from loguru import logger

from dev.bench.app_load import OurLoad


def main(database_url: str, storage_connection_string: str, small: str, blob: str) -> None:
    """Print a line of JSON after each load."""
    logger.remove()
    ours = OurLoad(database_url, storage_connection_string)
    _say(ours(small).ingestion_id)
    sys.stdin.readline()
    _say(ours(blob).ingestion_id)
    ours.close()


def _say(ingestion_id: uuid.UUID | None) -> None:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps({"ingestion": str(ingestion_id), "most": most * unit}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
