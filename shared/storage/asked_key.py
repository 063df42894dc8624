"""The key that is asked for with a file: names of columns in the blob's metadata, separated by commas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shared.contracts import spellings
from shared.contracts.base import Contract
from shared.errors import FileRefused

METADATA = "key"


def parse(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The names, each once; none where no key is asked for."""
    names = (name.strip() for name in metadata.get(METADATA, "").split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def require_of(contract: type[Contract], asked: Sequence[str]) -> None:
    """Raises `FileRefused` where the key that is asked for is not that of a declared dataset."""
    known = spellings.fields(contract)
    if asked and {known.get(spellings.normal(name)) for name in asked} != set(contract.key):
        raise differs(contract, asked, "Send the file without one")


def differs(contract: type[Contract], asked: Sequence[str], advice: str) -> FileRefused:
    """The refusal of a file that asks for another key than the dataset has."""
    key = f"the key ({', '.join(contract.key)})" if contract.key else "no key"
    return FileRefused(
        "key_differs",
        f"The file asks for the key ({', '.join(asked)}), but the dataset has {key}. {advice}.",
        asked=list(asked),
        key=list(contract.key),
    )
