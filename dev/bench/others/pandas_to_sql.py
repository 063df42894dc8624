"""pandas: `read_csv`, then `to_sql` with multi-row inserts; prints the seconds.

`python pandas_to_sql.py DATABASE_URL FILE FOLDER`
"""

import sys
import time

import pandas as pd
from sqlalchemy import create_engine

COLUMNS = [
    "sales_order_number",
    "sales_order_line_number",
    "order_date",
    "customer_name",
    "email_address",
    "item",
    "quantity",
    "unit_price",
    "tax_amount",
]


def main(database_url: str, file: str, _folder: str) -> None:
    """Load `file` into the plain table."""
    began = time.perf_counter()
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg2:", 1))
    frame = pd.read_csv(file, names=COLUMNS, header=0, parse_dates=["order_date"])
    frame.to_sql("plain", engine, if_exists="append", index=False, chunksize=10_000, method="multi")
    engine.dispose()
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main(*sys.argv[1:])
