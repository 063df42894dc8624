"""The registry of contracts: a contract listed here has a table, a folder and endpoints."""

from __future__ import annotations

from shared.contracts.base import Contract
from shared.contracts.sales import Sales
from shared.errors import UnknownDataset

_REFUSED = (
    "No contract declares the dataset {!r}, and UNDECLARED_DATASETS=refuse lets no others in; declared: {}."
)

CONTRACTS: dict[str, type[Contract]] = {contract.dataset: contract for contract in (Sales,)}


def find(dataset: str) -> type[Contract]:
    """The contract of `dataset`; raises `UnknownDataset` that names those there are."""
    try:
        return CONTRACTS[dataset]
    except KeyError:
        raise UnknownDataset(dataset, tuple(CONTRACTS)) from None


def undeclared(dataset: str) -> str:
    """Why files of `dataset`, which no contract declares, are refused where only declared ones are let in."""
    return _REFUSED.format(dataset, ", ".join(CONTRACTS))
