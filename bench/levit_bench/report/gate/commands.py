"""The command lines that a gate's readers are told, and its options: the same gate again, and a longer one."""

from __future__ import annotations

import shlex

from levit_bench.catalog.side_pairs import is_named
from levit_bench.command_lines import command_line
from levit_bench.judge.gate.gate_report import GateReport


def same_again(report: GateReport) -> str:
    """The command that asks for the same comparison."""
    if report.pytest_words:
        return shlex.join(["pytest", *report.pytest_words])
    return command_line("gate", *_words(report))


def longer(report: GateReport) -> str:
    """The command that measures until a slowdown of the margin would be found; of stored sessions it adds runs."""
    if report.baseline:
        return command_line("run", "--resume", report.session or "last", "--budget", "2m")
    find = f"{100 * report.rules.margin:.10g}%"
    if report.pytest_words:
        return shlex.join(["pytest", *report.pytest_words, option_words(report, "find"), find])
    return command_line("gate", *_words(report), "--find", find)


def option_words(report: GateReport, name: str) -> str:
    """An option of a gate as whoever asked for this one spells it."""
    return f"--bench-{name}" if report.pytest_words else f"--{name}"


def _words(report: GateReport) -> tuple[str, ...]:
    """Options that choose what is compared: those that were given, or else those that the report's content implies."""
    if report.command:
        return report.command
    if report.baseline:
        return ("--baseline", report.baseline)
    records = [record for case in report.cases if (record := case.second or case.first)]
    names = dict.fromkeys(_askable(record.case.network, is_of_user=record.case.is_of_user) for record in records)
    networks = ("--networks", ",".join(names)) if names else ()
    named = [side for side in report.sides if side.name in ("a", "b") and is_named(side.asked)]
    sides = [word for side in named for word in (f"--{side.name}", side.asked)]
    return (*networks, *sides)


def _askable(network: str, *, is_of_user: bool) -> str:
    """The name of a network without the digest of its file: that of the file as it is then is meant."""
    return network.rpartition("#")[0] or network if is_of_user else network
