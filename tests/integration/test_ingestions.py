"""The list of ingestions: newest first, paged and filtered; and single ingestions."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import ContainerClient
from sqlalchemy import Engine, text

from shared.error_codes import warning_text
from shared.errors import NotFound
from shared.http.ingestion_models import Ingestion, ListedIngestion
from shared.ledger import entries
from shared.ledger.tables import State
from shared.queries import describe_datasets, ingestions
from shared.queries.ingestions import IngestionFilter
from shared.use_cases.load_blob import BlobLoader

FIVE = ("a", "b", "c", "d", "e")


def enter(engine: Engine, name: str, state: str = "refused", **facts: object) -> uuid.UUID:
    """An entry as a load would have left it."""
    found = {
        "id": uuid.uuid4(),
        "container": "uploads",
        "path": f"sales/{name}.csv",
        "etag": "x",
        "dataset": "sales",
        "filename": f"{name}.csv",
        "state": state,
        **facts,
    }
    if state == "loaded":
        found |= dict.fromkeys(("rows_read", "rows_inserted"), facts.get("rows_inserted", 0))
        found |= dict.fromkeys(("rows_updated", "rows_unchanged", "rows_duplicate", "rows_rejected"), 0)
    columns, values = ", ".join(found), ", ".join(f":{name}" for name in found)
    with engine.begin() as connection:
        connection.execute(text(f"insert into ingest.ingestions ({columns}) values ({values})"), found)  # noqa: S608
    return uuid.UUID(str(found["id"]))


def names(engine: Engine, wanted: IngestionFilter) -> str:
    """The file names in the list, in its order."""
    seen, _ = ingestions.ingestion_page(engine, wanted, None, 100)
    return " ".join(one.entry["filename"].removesuffix(".csv") for one in seen)


def test_pages_list_the_newest_first(engine: Engine) -> None:
    for name in FIVE:
        enter(engine, name)
    pages, before = [], None
    for _ in range(3):
        seen, before = ingestions.ingestion_page(engine, IngestionFilter(), before, 2)
        pages.append([one.entry["filename"][0] for one in seen])
        enter(engine, "newer")  # changes nothing on later pages

    assert pages == [["e", "d"], ["c", "b"], ["a"]]
    assert before is None


def test_a_page_that_is_exactly_full_is_the_last_one(engine: Engine) -> None:
    for name in FIVE:
        enter(engine, name)
    assert ingestions.ingestion_page(engine, IngestionFilter(), None, 5)[1] is None


def test_filters_exclude_other_ingestions(engine: Engine) -> None:
    enter(engine, "a", "refused")
    enter(engine, "b", "failed", received_at=datetime.now(UTC) - timedelta(days=3))
    enter(engine, "c", "duplicate", dataset="visits")
    enter(engine, "d", "refused", dataset="visits")

    assert names(engine, IngestionFilter(dataset="visits")) == "d c"
    assert names(engine, IngestionFilter(states=[State.REFUSED])) == "d a"
    assert names(engine, IngestionFilter(states=[State.FAILED, State.DUPLICATE])) == "c b"
    assert names(engine, IngestionFilter(dataset="visits", states=[State.REFUSED])) == "d"
    assert names(engine, IngestionFilter(since=datetime.now(UTC) - timedelta(days=1))) == "d c a"
    assert names(engine, IngestionFilter(blob=("uploads", "sales/b.csv"))) == "b"
    assert names(engine, IngestionFilter(blob=("others", "sales/b.csv"))) == ""


def test_during_a_replay_an_ingestion_is_listed_by_the_state_of_the_replay(engine: Engine) -> None:
    enter(engine, "a", "loaded", replaying="received")
    enter(engine, "b", "loaded")

    assert names(engine, IngestionFilter(states=[State.RECEIVED])) == "a"
    assert names(engine, IngestionFilter(states=[State.LOADED])) == "b"
    assert names(engine, IngestionFilter(states=[State.LOADED, State.RECEIVED])) == "b a"


def test_a_listed_entry_lacks_only_the_long_members(engine: Engine) -> None:
    asked = enter(engine, "a")
    (seen,), _ = ingestions.ingestion_page(engine, IngestionFilter(), None, 1)
    whole = Ingestion.from_view(ingestions.find_ingestion(engine, asked)).as_json()
    listed = ListedIngestion.from_view(seen).as_json()
    assert whole.keys() - listed.keys() == {"format", "columns", "warnings"}


def test_warnings_are_made_from_the_sentences_in_the_ledger(engine: Engine) -> None:
    sentence = warning_text("delimiter_ambiguous", delimiter="with commas", columns="2 columns instead of 1")
    stored = json.dumps({"delimiter": "|", "doubts": [sentence, "A sentence of an earlier version."]})
    asked = enter(engine, "a", format=stored)

    shown = Ingestion.from_view(ingestions.find_ingestion(engine, asked)).as_json()

    unknown = {"column": None, "line": None, "example": None}
    assert shown["warnings"] == [
        {"code": "delimiter_ambiguous", "message": sentence, **unknown, "option": "delimiter"},
        {"code": "other", "message": "A sentence of an earlier version.", **unknown, "option": None},
    ]
    assert shown["format"]["doubts"] == [warning["message"] for warning in shown["warnings"]]


@pytest.mark.parametrize("stored", [None, "null", '{"compression": "zip", "members": 2}', '{"doubts": []}'])
def test_a_file_without_doubts_has_no_warnings(engine: Engine, stored: str | None) -> None:
    asked = enter(engine, "a", format=stored)
    assert Ingestion.from_view(ingestions.find_ingestion(engine, asked)).as_json()["warnings"] == []


def test_an_entry_names_its_corrections(engine: Engine) -> None:
    first = enter(engine, "a")
    corrections = [enter(engine, name, corrects=first) for name in "bc"]

    assert ingestions.find_ingestion(engine, first).corrected_by == corrections
    assert ingestions.find_ingestion(engine, corrections[0]).entry["corrects"] == first


def test_a_missing_error_is_null_in_the_table(engine: Engine) -> None:
    one = enter(engine, "a")
    with engine.begin() as connection:
        entries.finish(connection, one, State.SUPERSEDED, error=None)
        assert connection.scalar(text("select error is null from ingest.ingestions"))


def test_an_unknown_ingestion_is_not_found(engine: Engine) -> None:
    with pytest.raises(NotFound, match="no ingestion 0000"):
        ingestions.find_ingestion(engine, uuid.UUID(int=0))


def test_loads_are_counted_by_day(engine: Engine, loader: BlobLoader, container: ContainerClient) -> None:
    now = datetime.now(UTC)
    enter(engine, "a", "loaded", rows_inserted=5, finished_at=now)
    enter(engine, "b", "loaded", rows_inserted=7, finished_at=now)
    enter(engine, "c", "loaded", rows_inserted=2, finished_at=now - timedelta(days=2))
    enter(engine, "d", "loaded", rows_inserted=1, finished_at=now - timedelta(days=3))
    enter(engine, "zip", "loaded", rows_inserted=12, finished_at=now, format='{"members": 2}')
    enter(engine, "e", "undone", rows_inserted=9, finished_at=now)
    enter(engine, "f", "loaded", dataset="visits", rows_inserted=9, finished_at=now)

    found = describe_datasets.loads_per_day(engine, "sales", 3)

    assert [(day.rows, day.ingestions) for day in found] == [(2, 1), (0, 0), (12, 2)]
    assert found[-1].day == now.date()
    with pytest.raises(NotFound):
        describe_datasets.loads_per_day(engine, "nothing", 3)
