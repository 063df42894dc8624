"""Mutated files: each ends loaded or refused, with every row accounted for, soon and in bounded memory."""

from __future__ import annotations

import resource
from collections import Counter

from azure.storage.blob import ContainerClient
from sqlalchemy import Engine

from shared.use_cases.load_blob import BlobLoader
from tests.integration.fuzz.trial import LawBroken, Trial

MOST_MEMORY = 400 * 1024 * 1024
"""Bytes that the process may grow by over all files; a single file is bounded by its own tests."""

REGRESSIONS = (18082, 18083)
"""Seeds whose files once ended otherwise, the one because of the other before it."""


def most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_a_mutated_file_ends_loaded_or_refused(
    seeds: range, loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    before = most_memory()
    ends: Counter[str] = Counter()
    broken: list[str] = []
    for seed in (*REGRESSIONS, *seeds):
        try:
            ends[Trial(seed).run(loader, container, engine)] += 1
        except LawBroken as exc:
            broken.append(str(exc))
    print(dict(ends), f"{(most_memory() - before) / 2**20:.0f} MB more")  # noqa: T201
    assert not broken, f"{len(broken)} of {len(seeds)}:\n" + "\n".join(broken[:50])
    assert most_memory() - before < MOST_MEMORY
    assert min(ends["loaded"], ends["refused"]) >= len(seeds) // 20, (
        "the mutations have become too mild or too wild"
    )
