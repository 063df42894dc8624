"""Reserved names: Postgres' own list is part of ours."""

from __future__ import annotations

import psycopg2

from shared.contracts.column_names import RESERVED


def test_every_word_that_postgres_reserves_is_reserved(database_url: str) -> None:
    connection = psycopg2.connect(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "select word from pg_get_keywords() where catcode in ('R', 'T') "
                "union select attname from pg_attribute where attnum < 0"
            )
            words = {word for (word,) in cursor.fetchall()}
    finally:
        connection.close()
    assert len(words) > 90
    assert words <= RESERVED
