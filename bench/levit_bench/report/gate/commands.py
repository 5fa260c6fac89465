"""The command lines that a gate's readers are told, and its options: the same gate again, and a longer one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from levit_bench.catalog.side_pairs import axes_of, is_named
from levit_bench.command_lines import command_line
from levit_bench.judge.gate.gate_report import GateReport
from levit_bench.judge.verdicts import gate_rules
from levit_bench.report.front.reproduction import axis_options, protocol_options

_OF_LENGTH = re.compile(r"--(?:(?:levit-)?bench-)?(?:budget|find|at-most)")
"""Options that say how long a gate takes, as the command line and pytest spell them."""
_OF_NO_GATE = ("start_method", "race", "target_error", "budget")
"""Options of a session that no gate has; its budget stands beside what it is to find."""


def same_again(report: GateReport) -> str:
    """The command that asks for the same comparison in anybody's checkout, by the same rules and for as long.

    Of stored sessions it names the store, if that is not the usual one: it is what is compared.
    """
    return _command(report, _words(report))


def where_outputs_differ(report: GateReport) -> str:
    """The same, with the option that judges times alone where a case has other outputs."""
    words = list(_words(report))
    option = option_words(report, "allow-other-outputs")
    return _command(report, words if option in words else [*words, option])


def longer(report: GateReport) -> str:
    """The command that measures until a slowdown of the margin would be found; of stored sessions it adds runs."""
    if report.baseline:
        return command_line("run", "--resume", report.session or "last", "--budget", "2m")
    find = f"{100 * report.rules.margin:.10g}%"
    return _command(report, [*_without_length(_words(report)), option_words(report, "find"), find])


def option_words(report: GateReport, name: str) -> str:
    """An option of a gate as whoever asked for this one spells it."""
    return f"--bench-{name}" if report.pytest_words else f"--{name}"


def _command(report: GateReport, words: Sequence[str]) -> str:
    if report.pytest_words:
        return shlex.join(["pytest", *words])
    return command_line("gate", *words, stores=None if report.baseline else ())


def _without_length(words: Sequence[str]) -> list[str]:
    """Words of a command line without the options that say how long, and without their values."""
    out: list[str] = []
    is_value = False
    for word in words:
        name, equals, _ = word.partition("=")
        is_of_length = _OF_LENGTH.fullmatch(name) is not None and not is_value
        if not is_of_length and not is_value:
            out.append(word)
        is_value = is_of_length and not equals
    return out


def _words(report: GateReport) -> tuple[str, ...]:
    """Options that choose what is compared: those that were given, or else those that the report's content implies."""
    if report.pytest_words:
        return report.pytest_words
    if report.baseline:
        given = report.command or ("--baseline", report.baseline)
        return given if "--session" in given or not report.session else (*given, "--session", report.session)
    return report.command or _implied(report)


def _implied(report: GateReport) -> tuple[str, ...]:
    """Options that a stored gate answers: its networks, sides, axes, protocol and rules."""
    records = [record for case in report.cases if (record := case.second or case.first)]
    names = dict.fromkeys(_askable(record.case.network, is_of_user=record.case.is_of_user) for record in records)
    networks = ["--networks", ",".join(names)] if names else []
    named = [side for side in report.sides if side.name in ("a", "b") and is_named(side.asked)]
    sides = [word for side in named for word in (f"--{side.name}", side.asked)]
    of_sides = axes_of(report.differences)
    words = [*networks, *sides, *(["--null"] if report.controls else []), *axis_options(records, leave_out=of_sides)]
    if records:
        protocol = records[0].protocol
        if protocol.find is None:
            words += protocol_options(protocol, leave_out=_OF_NO_GATE[:-1])
        else:
            most = protocol_options(protocol, only=("budget",))[1]
            find = f"{100 * protocol.find:.10g}%"
            words += ["--find", find, "--at-most", most, *protocol_options(protocol, leave_out=_OF_NO_GATE)]
    usual = gate_rules()
    for name, share, usually in (
        ("margin", report.rules.margin, usual.margin), ("min-effect", report.rules.min_effect, usual.min_effect),
    ):  # fmt: skip
        words += [] if share == usually else [f"--{name}", f"{100 * share:.10g}%"]
    words += ["--allow-inconclusive"] if report.rules.allow_inconclusive else []
    words += ["--allow-other-outputs"] if report.rules.allow_other_outputs else []
    return tuple(words)


def _askable(network: str, *, is_of_user: bool) -> str:
    """The name of a network without the digest of its file: that of the file as it is then is meant."""
    return network.rpartition("#")[0] or network if is_of_user else network
