"""Tables with triggers, indexes and constraints: a load respects them, or fails and names them."""

from __future__ import annotations

from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.ledger.tables import State
from shared.use_cases.load_blob import BlobLoader
from tests.fixtures.samples import csv, orders, row
from tests.integration.assertions import entry, table


def test_a_load_fails_if_a_trigger_drops_rows(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    container.upload_blob("sales/before.csv", csv(row(1, price="7")))
    loader.load("sales/before.csv")
    with engine.begin() as connection:
        connection.execute(
            text(
                "create function drop_some() returns trigger language plpgsql as "
                "$$ begin if new.sales_order_number in ('SO2', 'SO3') then return null; end if; "
                "return new; end $$"
            )
        )
        connection.execute(
            text("create trigger drops before insert on sales for each row execute function drop_some()")
        )
    container.upload_blob("sales/straight.csv", csv(row(2), row(4)))
    container.upload_blob("sales/merged.csv", csv(row(1), row(3), row(4)))

    for path in ("sales/straight.csv", "sales/merged.csv"):
        assert loader.load(path).state is State.FAILED
        assert "rows" in entry(engine, path)["error"]["detail"]
    assert [one["sales_order_number"] for one in table(engine)] == ["SO1"]


def test_the_primary_key_constraint_can_have_any_name(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("alter table sales rename constraint sales_pkey to zoo_key"))
    for name, price in (("a", "1"), ("b", "2")):
        container.upload_blob(f"sales/{name}.csv", csv(row(1, price=price)))
        assert loader.load(f"sales/{name}.csv").state is State.LOADED


def test_the_error_names_a_violated_unique_index(
    loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("create unique index one_per_customer on sales (customer_name)"))
    container.upload_blob("sales/a.csv", csv(row(1), row(2)))

    assert loader.load("sales/a.csv").state is State.FAILED
    assert "one_per_customer" in entry(engine, "sales/a.csv")["error"]["detail"]


def test_the_databases_isolation_level_does_not_matter(
    container: ContainerClient, engine: Engine, loader: BlobLoader
) -> None:
    with engine.begin() as connection:
        name = connection.scalar(text("select current_database()"))
        connection.execute(
            text(f"alter database {name} set default_transaction_isolation = 'repeatable read'")
        )
    engine.dispose()
    container.upload_blob("sales/a.csv", orders(1, 1000))

    assert loader.load("sales/a.csv").state is State.LOADED
