"""dlt: merges Arrow batches by key into a table, as this app does; prints the seconds.

`python dlt_merge.py DATABASE_URL FILE FOLDER`
"""

import os
import sys
import time
from collections.abc import Iterator

import pyarrow as pa
from pyarrow import csv

TYPES = {
    "sales_order_number": pa.string(),
    "sales_order_line_number": pa.int64(),
    "order_date": pa.timestamp("us"),
    "customer_name": pa.string(),
    "email_address": pa.string(),
    "item": pa.string(),
    "quantity": pa.int64(),
    "unit_price": pa.decimal128(18, 4),
    "tax_amount": pa.decimal128(18, 4),
}
KEY = ["sales_order_number", "sales_order_line_number"]


def main(database_url: str, file: str, folder: str) -> None:
    """Load `file` into the table `merged.plain`; dlt stores its state in `folder`."""
    os.environ |= {
        "DLT_DATA_DIR": folder,
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        "RUNTIME__LOG_LEVEL": "ERROR",
    }
    import dlt  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - it reads these variables when it is imported

    began = time.perf_counter()
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=folder,
        destination=dlt.destinations.postgres(database_url),
        dataset_name="merged",
    )
    rows = dlt.resource(_batches(file), name="plain", primary_key=KEY, write_disposition="merge")
    pipeline.run(rows).raise_on_failed_jobs()
    print(time.perf_counter() - began)


def _batches(file: str) -> Iterator[pa.RecordBatch]:
    yield from csv.open_csv(
        file,
        read_options=csv.ReadOptions(column_names=list(TYPES), skip_rows=1),
        convert_options=csv.ConvertOptions(column_types=TYPES),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
