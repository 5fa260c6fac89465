"""The conditions of a session as the page holds them, in pairs of a name and a value."""

from __future__ import annotations

from levit_bench.numbers.units import format_bytes, format_duration
from levit_bench.records import Record
from levit_bench.report.listings.machine import allowed


def conditions_of(record: Record) -> list[list[str]]:
    """When, by what and in what state of the machine a session was taken, by any record of it."""
    state, protocol = record.conditions, record.protocol
    commit = f", commit {state.commit}{' with changes' if state.dirty else ''}" if state.commit else ""
    revision = f"{record.revision}{' with changes' if record.dirty else ''}" if record.revision else None
    looks = f"looks after {', '.join(map(str, protocol.looks))} runs" if protocol.looks else "no looks"
    runs = len({run.run for run in record.runs})
    facts: list[tuple[str, object]] = [
        ("taken", state.taken_at),
        ("title", record.title),
        ("levit-bench", f"{record.bench or 'unknown'}{commit}"),
        ("networks of revision", revision),
        ("protocol", f"budget {format_duration(protocol.budget_s)}, {runs} runs, seed {protocol.seed}, {looks}"),
        ("isolation", protocol.seats),
        ("yardstick", record.yardstick),
        ("system", f"{state.os}, {state.libc or 'unknown C library'}"),
        ("versions", ", ".join([f"python {state.python}", *(f"{k} {v}" for k, v in sorted(state.versions.items()))])),
        ("may use", allowed(state.allowance, record.machine.logical_cores)),
        ("memory", f"{format_bytes(record.machine.memory_bytes)}, {format_bytes(state.available_bytes)} available"),
        ("clock", None if state.clock_hz is None else f"{state.clock_hz / 1e9:.2f} GHz"),
        ("governor", state.governor),
        ("load", None if state.load_1m is None else f"{state.load_1m:.2f} over one minute"),
        ("huge pages", state.huge_pages),
        ("shell", None if record.shell.text == "plain" else record.shell.text),
    ]
    return [[name, str(value)] for name, value in facts if value]
