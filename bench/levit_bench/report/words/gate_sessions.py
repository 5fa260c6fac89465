"""Which of the sessions shown were measured by a gate, and where their verdicts are."""

from __future__ import annotations

from collections.abc import Iterable

from levit_bench.command_lines import command_line
from levit_bench.records import Record


def sentence(records: Iterable[Record]) -> str | None:
    """How to see the verdicts of the newest gate among these sessions; None where none is one."""
    gates = sorted({record.session for record in records if record.case.side})
    if not gates:
        return None
    return f"two sides, measured by a gate; its verdicts: {command_line('gate', '--session', gates[-1])}"
