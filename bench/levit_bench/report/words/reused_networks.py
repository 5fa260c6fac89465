"""Which prepared networks of earlier sessions a session has used again, in a sentence."""

from __future__ import annotations

from collections.abc import Iterable

from levit_bench.numbers.units import counted
from levit_bench.records import Record


def sentence(records: Iterable[Record]) -> str | None:
    """How many prepared networks were used again, and of when they are; None where there are none.

    Args:
        records: of one session, the instrument's own among them.
    """
    # Cases that share an artifact share its digest.
    prepared = {
        (record.info.artifact_sha256, record.info.prepared_at)
        for record in records
        if record.info.prepared_at is not None
    }
    if not prepared:
        return None
    first, *_, last = sorted(when for _, when in prepared if when) * 2
    oldest, newest = (moment[:16].replace("T", " ") for moment in (first, last))
    of = f"of {oldest}" if oldest == newest else f"of {oldest} to {newest}"
    return f"{counted(len(prepared), 'prepared network')} used again, {of} (UTC); --fresh prepares anew"
