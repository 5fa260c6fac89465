"""The sessions of a store as a table, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.numbers.units import counted
from levit_bench.records import Machine
from levit_bench.report.words.safe_text import distinct, shortened, visible
from levit_bench.store.files import Beginning

if TYPE_CHECKING:
    from rich.table import Table

MOST = 20
"""Sessions that are listed; of more, the number of the others is said."""
_TITLE = 60


def table(sessions: Sequence[Beginning]) -> Table:
    """One row a session of the first `MOST`: its name, day, title, number of networks, and machine.

    A machine that all of them share is named above the table.
    """
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    shown = sessions[:MOST]
    titles = [shortened(one.head.title or "", _TITLE) for one in shown]
    machines = [_machine_words(one) for one in shown]
    on = f"; all listed: {machines[0]}" if len(set(machines)) == 1 else ""
    out = FittedTable(title=f"{counted(len(sessions), 'other session')}, the newest first{on}")
    out.add_column("session", no_wrap=True)
    out.add_column("taken", no_wrap=True)
    if any(titles):
        out.add_column("title", overflow="fold")
    out.add_column("networks", justify="right", no_wrap=True)
    if not on:
        out.add_column("machine", overflow="fold")
    names = distinct(one.head.session for one in shown)
    for one, title, machine in zip(shown, titles, machines, strict=True):
        networks = {line.case.network for line in one.cases if line.role == "subject"}
        day = visible(one.head.conditions.taken_at.partition("T")[0])
        title_cells, machine_cells = [Text(title)] if any(titles) else [], [] if on else [Text(machine)]
        out.add_row(Text(names[one.head.session]), day, *title_cells, str(len(networks)), *machine_cells)
    rest = len(sessions) - len(shown)
    more = f"{counted(rest, 'older session')} not listed. " if rest > 0 else ""
    out.caption = f"{more}--session NAME shows one; --since, --until and --title choose several; --json has all."
    return out


def _machine_words(one: Beginning) -> str:
    words = _processor(one.head.machine)
    return f"{words}, emulated" if one.head.conditions.emulated else words


def _processor(machine: Machine) -> str:
    """Processor and its cores in few words, or the GPUs where there are some."""
    processor = f"{visible(machine.cpu_model)}, {counted(machine.logical_cores, 'core')}"
    return ", ".join([processor, *map(visible, machine.gpus)])
