"""A machine and its conditions as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from levit_bench.numbers.units import format_bytes
from levit_bench.records import Allowance, Conditions, Machine, Shell
from levit_bench.report.words.safe_text import visible

if TYPE_CHECKING:
    from rich.table import Table


def table(who: Machine, state: Conditions, shell: Shell | None = None) -> Table:
    """Two columns; unknown values are a dash. `shell` has the variables that workers inherit from the shell."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    out.add_column(style="bold", no_wrap=True)
    out.add_column()
    clock = None if state.clock_hz is None else f"{state.clock_hz / 1e9:.2f} GHz"
    facts: tuple[tuple[str, object], ...] = (
        ("machine", who.id),
        ("processor", f"{who.cpu_model} ({who.isa})"),
        ("extensions", " ".join(who.features)),
        ("cores", f"{who.physical_cores or '–'} physical, {who.logical_cores} logical"),
        ("caches", f"L2 {format_bytes(who.l2_bytes)} a core, L3 {format_bytes(who.l3_bytes)}"),
        ("may use", allowed(state.allowance, who.logical_cores)),
        ("memory", f"{format_bytes(who.memory_bytes)}, {format_bytes(state.available_bytes)} available"),
        ("GPUs", ", ".join(who.gpus)),
        ("system", f"{state.os}, {state.libc or 'unknown C library'}"),
        ("versions", ", ".join([f"python {state.python}", *(f"{k} {v}" for k, v in state.versions.items())])),
        ("clock", clock),
        ("governor", state.governor),
        ("temperature", None if state.temperature_c is None else f"{state.temperature_c:.0f} °C"),
        ("load", None if state.load_1m is None else f"{state.load_1m:.2f} over one minute"),
        ("huge pages", state.huge_pages),
        ("emulated", "yes: its times say nothing about a machine" if state.emulated else "no"),
    )
    if shell is not None:
        words = [shell.text, *([f"kept out: {', '.join(shell.dropped)}"] if shell.dropped else [])]
        facts = (*facts, ("shell", "; ".join(words)))
    for name, fact in facts:
        out.add_row(name, Text(visible(str(fact)) if fact else "–"))
    return out


def allowed(known: Allowance, logical_cores: int) -> str:
    """The part of the machine that may be used: processors, kinds of cores, and limits of control groups."""
    words = [known.text(logical_cores)]
    if known.core_kinds:
        words.append("kinds of cores, the fastest first: " + " + ".join(str(kind.there) for kind in known.core_kinds))
    if known.memory_bytes is not None:
        words.append(f"at most {format_bytes(known.memory_bytes)} of memory")
    return "; ".join(words)
