"""The outlook for a file that is refused before any row of it is read: what can be said of it still."""

from __future__ import annotations

from shared.errors import FileRefused
from shared.formats.overrides import Overrides
from shared.parsing.batches import Reading
from shared.parsing.columns import Every
from shared.storage.trial_content import Content
from shared.use_cases.outlook import Outlook, unloaded


def outlook(content: Content, told: Overrides, refusal: FileRefused) -> Outlook:
    """Its format and columns, unless they are the reason of the `refusal`."""
    try:
        reading = Reading(content, Every(), told)
    except FileRefused:
        return Outlook(refusal=refusal)
    return Outlook(reading.format, unloaded(reading.header), refusal=refusal)
