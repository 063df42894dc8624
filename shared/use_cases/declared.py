"""The outlook for a file of a dataset that a contract declares; the database has no say in it."""

from __future__ import annotations

from shared.contracts import dataset, type_names
from shared.contracts.base import Contract
from shared.errors import FileRefused
from shared.formats.overrides import Overrides
from shared.parsing.batches import Reading
from shared.parsing.columns import OfContract
from shared.parsing.header import Header
from shared.storage.trial_content import Content
from shared.use_cases import unread
from shared.use_cases.outlook import Column, Outlook
from shared.use_cases.trial import Trial


def outlook(content: Content, contract: type[Contract], told: Overrides) -> Outlook:
    """What a load by `contract` would do, read as it is `told`."""
    told = told.over(contract.file_format)
    try:
        reading = Reading(content, OfContract(contract), told)
    except FileRefused as exc:
        return unread.outlook(content, told, exc)
    trial = Trial(contract)
    trial.run(reading, content.size)
    return trial.outlook(reading.format, _columns(reading.header, contract))


def _columns(header: Header, contract: type[Contract]) -> list[Column]:
    fields = {field.name: field for field in dataset.fields(contract)}
    columns = []
    for one in header.as_json():
        shown, field = str(one["name"]), fields.get(one["column"] or "")
        if field is None:
            columns.append(Column(shown))
            continue
        nulls = tuple(contract.null_spellings.get(field.name, ()))
        columns.append(Column(shown, field.name, type_names.of(field), field.nullable, nulls))
    return columns
