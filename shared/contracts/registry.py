"""The datasets that the app knows: add a contract here and it has a table, a folder and an endpoint."""

from __future__ import annotations

from shared.contracts.base import Contract
from shared.contracts.sales import Sales
from shared.errors import UnknownDataset

CONTRACTS: dict[str, type[Contract]] = {contract.dataset: contract for contract in (Sales,)}


def find(dataset: str) -> type[Contract]:
    """The contract of `dataset`; raises `UnknownDataset` that names those there are."""
    try:
        return CONTRACTS[dataset]
    except KeyError:
        raise UnknownDataset(dataset, tuple(CONTRACTS)) from None
