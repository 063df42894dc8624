"""The registry of contracts: a contract listed here has a table, a folder and endpoints."""

from __future__ import annotations

from shared.contracts.base import Contract
from shared.contracts.sales import Sales
from shared.error_codes import REFUSALS
from shared.errors import UnknownDataset

CONTRACTS: dict[str, type[Contract]] = {contract.dataset: contract for contract in (Sales,)}


def find(dataset: str) -> type[Contract]:
    """The contract of `dataset`; raises `UnknownDataset`, which lists the declared datasets."""
    try:
        return CONTRACTS[dataset]
    except KeyError:
        raise UnknownDataset(dataset, tuple(CONTRACTS)) from None


def undeclared(dataset: str) -> str:
    """The message for a file of `dataset` if UNDECLARED_DATASETS is `refuse` and no contract declares it."""
    return REFUSALS["unknown_dataset"].format({"name": dataset, "known": list(CONTRACTS)})
