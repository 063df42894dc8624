"""What became of the rows of one file, and the law that they must add up."""

from __future__ import annotations

from dataclasses import dataclass

from shared.errors import ConservationBroken


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a file. `duplicate` are rows whose key comes again further down in the same file."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    rejected: int = 0

    def require_conservation(self) -> None:
        """Raises `ConservationBroken` unless every row read is accounted for exactly once."""
        accounted = self.inserted + self.updated + self.unchanged + self.duplicate + self.rejected
        if self.read != accounted or min(self.unchanged, self.duplicate) < 0:
            raise ConservationBroken(f"{self.read} rows were read but {accounted} accounted for: {self}")
