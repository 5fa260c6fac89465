"""A machine and its conditions as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from levit_bench.numbers.units import format_bytes
from levit_bench.records import Allowance, Conditions, Machine, Shell
from levit_bench.report.words.safe_text import visible

if TYPE_CHECKING:
    from rich.table import Table


def table(machine: Machine, conditions: Conditions, shell: Shell | None = None) -> Table:
    """Two columns; unknown values are a dash. `shell` has the variables that workers inherit from the shell."""
    from rich import box
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    out = FittedTable(box=box.SIMPLE, show_header=False)
    out.add_column(style="bold", no_wrap=True)
    out.add_column()
    clock = None if conditions.clock_hz is None else f"{conditions.clock_hz / 1e9:.2f} GHz"
    facts: tuple[tuple[str, object], ...] = (
        ("machine", machine.id),
        ("processor", f"{machine.cpu_model} ({machine.isa})"),
        ("extensions", " ".join(machine.features)),
        ("cores", f"{machine.physical_cores or '–'} physical, {machine.logical_cores} logical"),
        ("caches", f"L2 {format_bytes(machine.l2_bytes)} a core, L3 {format_bytes(machine.l3_bytes)}"),
        ("may use", allowed(conditions.allowance, machine.logical_cores)),
        ("memory", f"{format_bytes(machine.memory_bytes)}, {format_bytes(conditions.available_bytes)} available"),
        ("GPUs", ", ".join(machine.gpus)),
        ("system", f"{conditions.os}, {conditions.libc or 'unknown C library'}"),
        ("versions", ", ".join([f"python {conditions.python}", *(f"{k} {v}" for k, v in conditions.versions.items())])),
        ("clock", clock),
        ("governor", conditions.governor),
        ("temperature", None if conditions.temperature_c is None else f"{conditions.temperature_c:.0f} °C"),
        ("load", None if conditions.load_1m is None else f"{conditions.load_1m:.2f} over one minute"),
        ("huge pages", conditions.huge_pages),
        ("emulated", "yes: its times say nothing about a machine" if conditions.emulated else "no"),
    )
    if shell is not None:
        words = [shell.text, *([f"kept out: {', '.join(shell.dropped)}"] if shell.dropped else [])]
        facts = (*facts, ("shell", "; ".join(words)))
    for name, fact in facts:
        out.add_row(name, Text(visible(str(fact)) if fact else "–"))
    return out


def allowed(allowance: Allowance, logical_cores: int) -> str:
    """The part of the machine that may be used: processors, kinds of cores, and limits of control groups."""
    words = [allowance.text(logical_cores)]
    if allowance.core_kinds:
        words.append(
            "kinds of cores, the fastest first: " + " + ".join(str(kind.there) for kind in allowance.core_kinds)
        )
    if allowance.memory_bytes is not None:
        words.append(f"at most {format_bytes(allowance.memory_bytes)} of memory")
    return "; ".join(words)
