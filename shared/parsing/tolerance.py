"""Tolerance: how many rejects a contract bears before the whole file is refused."""

from __future__ import annotations

from shared.contracts.base import Contract
from shared.errors import FileRefused


def require_few(rejected: int, read: int, contract: type[Contract]) -> None:
    """Raises `FileRefused` where of the rows of a file, all of which were `read`, too many were rejected."""
    if read and rejected / read > contract.max_reject_ratio:
        raise _too_many(f"{rejected} of {read} rows were rejected", rejected, read, contract)


def require_hope(
    rejected: int, read: int, most_bytes_left: int | None, width: int, contract: type[Contract]
) -> None:
    """End early where even a file of good rows from here on would have too many rejects.

    A row of `width` fields takes at least as many bytes, its commas and its line end, so the bytes left bound
    the rows still to come.
    """
    if most_bytes_left is None:
        return
    most_rows = read + most_bytes_left // max(width, 1) + 1
    if rejected / most_rows > contract.max_reject_ratio:
        found = f"{rejected} of the first {read} rows were rejected, and the rest was not read"
        raise _too_many(found, rejected, read, contract)


def _too_many(found: str, rejected: int, read: int, contract: type[Contract]) -> FileRefused:
    limit = contract.max_reject_ratio
    return FileRefused(
        "too_many_rejects",
        f"{found}: more than the {limit:.0%} that the contract allows. Nothing of the file was loaded.",
        rejected=rejected,
        read=read,
        max_reject_ratio=limit,
    )
