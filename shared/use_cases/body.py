"""A row as a JSON object, made a row of the contract: as if a file had its values as texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from shared.contracts import dataset, type_names
from shared.contracts.base import Contract
from shared.contracts.dataset import Field
from shared.errors import InvalidRequest
from shared.queries.keys import Key

_LONGEST_VALUE = 200
_EXPECTED: dict[type, str] = {bool: "true or false"}


class _Number(str):
    """The text of a number, so that no digit of it is lost."""

    __slots__ = ()


def read(contract: type[Contract], body: bytes, key: Key) -> Contract:
    """The row that `body` is, whose key is `key`; columns of the key may be left out.

    A value that is `null` or left out is missing, as between two commas of a file. Raises `InvalidRequest`
    with every fault.
    """
    given = {name: value for name, value in _object(body).items() if value is not None}
    fields = {field.name: field for field in dataset.fields(contract)}
    faults = [_fault(name, why) for name, value in given.items() if (why := _why_not(fields, name, value))]
    if faults:
        raise _invalid(faults)
    texts = {name: str(value) for name, value in key.items()} | {n: _text(v) for n, v in given.items()}
    try:
        row = contract.model_validate(texts, by_alias=False, by_name=True)
    except ValidationError as exc:
        raise _invalid(list(_faults(exc, texts))) from None
    others = {name: getattr(row, name) for name, value in key.items() if getattr(row, name) != value}
    if others:
        raise _invalid([_fault(name, f"the path has {key[name]}, the row {others[name]}") for name in others])
    return row


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(
            body,
            parse_float=_Number,
            parse_int=_Number,
            parse_constant=_refuse,
            object_pairs_hook=_members,
        )
    except (ValueError, RecursionError):
        raise InvalidRequest("The body is not JSON.") from None
    if not isinstance(found, dict):
        raise InvalidRequest("The body is not a JSON object with a member for each column.")
    return found


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _invalid([_fault(twice, "the body has it more than once")])
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _why_not(fields: Mapping[str, Field], name: str, value: Any) -> str | None:
    """What keeps `value` from being one of the column, before the contract is asked."""
    if name not in fields:
        return f"there is no such column; there are {', '.join(fields)}"
    kind, expected = fields[name].python_type, type_names.of(fields[name])
    if isinstance(value, dict | list):
        return f"expected {expected}, not an object or a list"
    if isinstance(value, bool) and kind is not bool:
        return f"expected {expected}, not a truth value"
    if isinstance(value, _Number) and kind not in {int, float, Decimal}:
        return f"expected {_EXPECTED.get(kind, f'{expected} as a string')}, not a number"
    if isinstance(value, str) and (error := _unstorable(value)):
        return error
    return None


def _unstorable(text: str) -> str | None:
    if "\0" in text:
        return "Postgres' texts have no NUL"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "half of a surrogate pair is no text"
    return None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _faults(error: ValidationError, texts: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        column = str(item["loc"][0]) if item["loc"] else None
        yield {
            "column": column,
            "code": item["type"],
            "detail": item["msg"].removeprefix("Value error, "),
            "value": texts[column][:_LONGEST_VALUE] if column and column in texts else None,
        }


def _fault(column: str, detail: str) -> dict[str, Any]:
    return {"column": column, "detail": detail}


def _invalid(faults: list[dict[str, Any]]) -> InvalidRequest:
    said = "; ".join(f"{fault['column'] or 'the row'}: {fault['detail']}" for fault in faults)
    return InvalidRequest(f"The row breaks the contract: {said}.", faults)
