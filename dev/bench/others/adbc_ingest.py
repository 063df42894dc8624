"""ADBC: pyarrow reads the file in batches, the driver copies them; prints the seconds.

`python adbc_ingest.py DATABASE_URL FILE FOLDER`
"""

import sys
import time

import pyarrow as pa
from adbc_driver_postgresql import dbapi  # type: ignore[import-not-found, unused-ignore]
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


def main(database_url: str, file: str, _folder: str) -> None:
    """Load `file` into the plain table."""
    began = time.perf_counter()
    batches = csv.open_csv(
        file,
        read_options=csv.ReadOptions(column_names=list(TYPES), skip_rows=1),
        convert_options=csv.ConvertOptions(column_types=TYPES),
    )
    with dbapi.connect(database_url) as connection, connection.cursor() as cursor:
        cursor.adbc_ingest("plain", batches, mode="append")
        connection.commit()
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
