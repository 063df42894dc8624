"""Mutated files are loaded or refused, with every row counted, in bounded time and memory."""

from __future__ import annotations

import resource
from collections import Counter

from azure.storage.blob import ContainerClient
from sqlalchemy import Engine

from shared.use_cases.load_blob import BlobLoader
from tests.integration.fuzz.fuzzed_file import FuzzedFile, InvariantViolated

MAX_GROWTH = 400 * 1024 * 1024
"""Growth of the peak memory over all files, in bytes. Other tests limit the memory of a single file."""

REGRESSIONS = (18082, 18083)
"""Seeds that once violated an invariant, the second one only after the first."""


def peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_mutated_files_are_loaded_or_refused(
    seeds: range, loader: BlobLoader, container: ContainerClient, engine: Engine
) -> None:
    before = peak_memory()
    states: Counter[str] = Counter()
    violations: list[str] = []
    for seed in (*REGRESSIONS, *seeds):
        try:
            states[FuzzedFile(seed).load(loader, container, engine)] += 1
        except InvariantViolated as exc:
            violations.append(str(exc))
    print(dict(states), f"{(peak_memory() - before) / 2**20:.0f} MB more")  # noqa: T201
    assert not violations, f"{len(violations)} of {len(seeds)}:\n" + "\n".join(violations[:50])
    assert peak_memory() - before < MAX_GROWTH
    assert min(states["loaded"], states["refused"]) >= len(seeds) // 20, (
        "too few files of one kind: adjust the mutations"
    )
