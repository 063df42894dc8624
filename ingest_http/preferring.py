"""The header `Prefer` (RFC 7240): for how many seconds a client would rather wait than ask again."""

from __future__ import annotations

import re

MOST_SECONDS = 60
"""More are taken for this many: a waiting request holds a thread."""

_WAIT = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=[,;]|$)', re.IGNORECASE)


def wait(header: str) -> int:
    """The seconds, 0 without such a preference; one that cannot be read is ignored, as the RFC says."""
    found = _WAIT.search(header)
    return min(int(found[1]), MOST_SECONDS) if found else 0
