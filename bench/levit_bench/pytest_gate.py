"""The gate in pytest: what its options ask for, both sides of what tests declare, and the verdict that each test gets.

Imports no pytest, as `levit_bench.pytest_plugin`, which uses it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.text import Text

from levit_bench import api
from levit_bench.asking.request import Request, single_value
from levit_bench.asking.session_options import OF_A_SESSION
from levit_bench.asking.sides import CasesOfRequest
from levit_bench.axes import BY_NAME
from levit_bench.cli.output import print_wrapped
from levit_bench.errors import UsageError
from levit_bench.judge.gate.gate_report import GateCase, GateReport, GateRules
from levit_bench.judge.verdicts import Rules
from levit_bench.libraries import require
from levit_bench.measuring.session.observer import Observer
from levit_bench.measuring.sides.side_places import check_sides
from levit_bench.measuring.sides.side_words import SideWords, side_words
from levit_bench.numbers.units import counted
from levit_bench.reading.gate import gate_of_session
from levit_bench.reading.rules import gate_rules_from, slowdown_from
from levit_bench.records import Finding, Record
from levit_bench.report.gate import pages
from levit_bench.report.gate.case_figures import case_figures
from levit_bench.report.gate.case_message import case_lines
from levit_bench.report.gate.case_order import in_order
from levit_bench.report.gate.sentence import overall
from levit_bench.report.gate.table import notes, table
from levit_bench.report.words.safe_text import shortened

_OF_A_GATE = ("margin", "min-effect", "find", "at-most", "null", "allow-inconclusive", "allow-other-outputs")
_BARE_OPTION = re.compile(rf"(?<!\S)--({'|'.join([*_OF_A_GATE, *(option.option[2:] for option in OF_A_SESSION)])})\b")
"""Matches options as messages of the command line name them."""
_TITLE = "pytest --benchmark --bench-gate"
_MOST = "10m"
"""The most that `--find` takes unless asked otherwise, as of `levit-bench gate`."""


class GateAsked(NamedTuple):
    """What options about a gate ask for."""

    rules: GateRules
    side: str | None = None
    """Side a; absent where a stored session is read, whichever sides it has."""
    has_control: bool = False
    find: float | None = None
    """Slowdown that is to be found, as a share of the time."""
    at_most: str = ""
    """The most that finding it may take; empty: the budget of the requests is spent."""
    given: tuple[str, ...] = ()
    """The options that were given."""
    words: tuple[str, ...] = ()
    """Words after `pytest` that ask for the same again."""


class CaseJudgement(NamedTuple):
    """The verdict on the case of a test."""

    case: GateCase
    message: str
    """The verdict in a few lines: why, the figures, and what to do."""

    @property
    def word(self) -> str:
        """The verdict."""
        return self.case.verdict.value

    @property
    def fails(self) -> bool:
        """Whether it fails the test."""
        return self.case.verdict.fails

    @property
    def is_open(self) -> bool:
        """Whether the data cannot tell."""
        return self.case.verdict.is_open


def asked_gate(
    given_options: Mapping[str, str | bool],
    of_session: Iterable[str],
    *,
    is_read: bool = False,
    words: Sequence[str] = (),
) -> GateAsked | None:
    """What options ask for; None where nothing is to be judged.

    Args:
        given_options: those about a gate that were given, by their names on the command line.
        of_session: the names of the other ones that were given.
        is_read: whether a stored session is read instead of a new one being timed; it is judged if it is a gate.
        words: words after `pytest` that ask for the same again.

    Raises:
        UsageError: one is malformed, or goes without another or not with it, or no revision has the name of the side.
    """
    given = tuple(given_options)
    side = _text(given_options, "gate")
    if side is None and not is_read:
        if given:
            raise UsageError(
                f"--{given[0]} goes with --gate, which names what is compared with, such as main. Add it, or leave "
                f"--{given[0]} out."
            )
        return None
    named = SideWords() if side is None else side_words("--gate", side)
    if not is_read:
        _refuse_other_goals(of_session)
        check_sides(named, SideWords())
    find, at_most = _search(given_options, of_session)
    least = gate_rules_from(_text(given_options, "min-effect"), _text(given_options, "margin"))
    if "out" in given_options:
        if not _text(given_options, "out"):
            raise UsageError("--out names no folder. Name one, such as gate.")
        require("matplotlib", "draw the picture of a gate")
    rules = GateRules(
        *least,
        allow_inconclusive="allow-inconclusive" in given_options,
        allow_other_outputs="allow-other-outputs" in given_options,
    )
    return GateAsked(rules, side, "null" in given_options, find, at_most, given, tuple(words))


def _text(given_options: Mapping[str, str | bool], name: str) -> str | None:
    value = given_options.get(name)
    return value if isinstance(value, str) else None


def _refuse_other_goals(of_session: Iterable[str]) -> None:
    """Refuse options that end turns by another goal, or that give turns away, or that start workers in another way.

    Raises:
        UsageError: naming one.
    """
    refused = {option.option[2:] for option in OF_A_SESSION if not option.of_twins or option.name == "start_method"}
    if found := [name for name in of_session if name in refused]:
        raise UsageError(
            f"--{found[0]} has no place in a gate: all turns of both sides are for their comparison, and all their "
            f"processes start in the same way. Leave --{found[0]} out, or --gate."
        )


def _search(given_options: Mapping[str, str | bool], of_session: Iterable[str]) -> tuple[float | None, str]:
    """The slowdown that is to be found, and the most that this may take; None and empty where the budget decides.

    Raises:
        UsageError: a budget is given as well, or a limit alone.
    """
    find, at_most = _text(given_options, "find"), _text(given_options, "at-most")
    if find is None:
        if at_most is not None:
            raise UsageError("--at-most goes with --find. Name the slowdown to be found, or say --budget.")
        return None, ""
    if "budget" in of_session:
        raise UsageError("--find plans the budget itself. Leave --budget out; --at-most limits it.")
    return slowdown_from(find), _MOST if at_most is None else at_most


def measure_on_sides(
    requests: Sequence[Request],
    judged: int,
    root: Path,
    gate: GateAsked,
    observer: Observer | None = None,
    on_refused: Callable[[int, UsageError], None] | None = None,
) -> api.JointGate:
    """Time the cases of tests on both sides in one session.

    Args:
        requests: each for one case; the last ones are those that tests compare theirs with.
        judged: how many of them are judged.
        root: the store.
        gate: what is asked for.
        observer: receives progress.
        on_refused: as of `levit_bench.api.measure_gate_requests`.

    Raises:
        levit_bench.errors.BenchError: as there; or tests have several values of an axis that the side names.
    """
    assert gate.side is not None
    if gate.at_most:
        requests = [msgspec.structs.replace(request, budget=gate.at_most) for request in requests]
    second, own = side_b(gate.side, requests[:judged])
    rules = Rules(gate.rules.min_effect, gate.rules.margin)
    return api.measure_gate_requests(
        own, root, (gate.side, second), rules, observer, beside=requests[judged:], control=gate.has_control,
        find=gate.find, title=_TITLE, on_refused=on_refused,
    )  # fmt: skip


def side_b(side: str, requests: Sequence[Request]) -> tuple[str | None, list[Request]]:
    """What side b is called where side a is called so, and the requests with what both sides name left to them.

    A test's case has one value of every axis. Of an axis that side a names, side b has the tests' value.

    Raises:
        UsageError: tests have several values of it.
    """
    words, fields = [], {}
    usual = Request(networks=())
    for name, _ in side_words("--gate", side).axes:
        values = list(dict.fromkeys(str(value) for request in requests if (value := single_value(request, name))))
        if len(values) > 1:
            raise UsageError(
                f"--gate names {name}, of which a side has one value, and the tests have {', '.join(values[:4])}. "
                "Choose tests with one of them, with -k or an option."
            )
        words += [f"{name}={value}" for value in values]
        field = BY_NAME[name].plural or name
        fields[field] = getattr(usual, field)
    return " ".join(words) or None, [msgspec.structs.replace(request, **fields) for request in requests]


def refuse_other_gate(gate: GateAsked, records: Sequence[Record]) -> None:
    """Refuse a stored session that did not measure what is asked for.

    Raises:
        UsageError: it has no sides, or another side a.
    """
    sides = records[0].sides
    session = shortened(records[0].session, 80)
    if not sides:
        if gate.given:
            raise UsageError(
                f"session {session} was not measured by a gate: it has no sides to be judged. Leave --{gate.given[0]} "
                "out, or leave --reuse out to measure."
            )
        return
    asked = next(one.asked for one in sides if one.name == "a")
    if gate.side is not None and gate.side.strip() != asked:
        raise UsageError(
            f"session {session} compares with {shortened(asked, 80)!r}, not with {gate.side.strip()[:80]!r}. Name that "
            "one, or leave --gate out: a stored gate is judged in any case. To measure, leave --reuse out."
        )


def report_of(
    records: Sequence[Record], findings: Sequence[Finding], gate: GateAsked, cases: Iterable[CasesOfRequest]
) -> GateReport:
    """The verdicts on the cases of tests; what their session holds beside them has none.

    The level is that of all cases of the session, so that choosing among them promises nothing.

    Args:
        records: of the session.
        findings: about its file.
        gate: what is asked for.
        cases: ids of the cases of each test.
    """
    report = gate_of_session(records, findings, gate.rules)
    own = {case_id for ids in cases for case_id in (*ids.first, *ids.second)}
    words = gate.words
    if gate.side is None:
        words = (*words, "--bench-gate", next(side.asked for side in report.sides if side.name == "a"))
    chosen = (
        case._replace(reason=in_options_of_pytest(case.reason))
        for case in report.cases
        if any(record and record.info.id in own for record in (case.first, case.second))
    )
    return report._replace(cases=tuple(chosen), pytest_words=words)


def in_options_of_pytest(message: str) -> str:
    """A reason with the options of the command line that it names, as pytest's options are called."""
    return _BARE_OPTION.sub(r"--bench-\1", message)


def judgement_of(report: GateReport, cases: CasesOfRequest) -> CaseJudgement | None:
    """The verdict on a test's case; None where neither side has it."""
    for case in report.cases:
        is_second = case.second is not None and case.second.info.id in cases.second
        if is_second or (case.first is not None and case.first.info.id in cases.first):
            return CaseJudgement(case, "\n".join(case_lines(case, report)))
    return None


def gate_facts(case: GateCase | None) -> dict[str, str | float]:
    """The verdict and its figures by their names in reports of other tools; those that are not finite are left out."""
    if case is None:
        return {}
    figures = case_figures(case).items()
    known = {f"gate_{name}": value for name, value in figures if value is not None and math.isfinite(value)}
    return {"gate": case.verdict.value, **known}


def gate_lines(report: GateReport, width: int, verbosity: int = 0) -> list[str]:
    """The gate as lines of text: its table, what stands below it, and what all of it comes to.

    Args:
        report: the gate.
        width: columns of the terminal.
        verbosity: of pytest; below 0 a line for each case that did not pass, and what all of it comes to; above 0 also
            what the columns and the verdicts mean.
    """
    if verbosity < 0:
        return _brief_lines(report)
    console = Console(width=width, highlight=False, no_color=True, force_terminal=False)
    told = overall(report)
    with console.capture() as captured:
        console.print(table(report))
        for note in notes(report, has_rules=verbosity > 0):
            print_wrapped(console, note)
        print_wrapped(console, f"{told.sentence} {told.advice}")
        if told.command:
            console.print(Text(f"  {told.command}"), soft_wrap=True)
    return [line.rstrip() for line in captured.get().splitlines()]


def clear_pages(folder: str) -> None:
    """Remove the files of an earlier gate, and check that new ones can be written.

    Raises:
        levit_bench.errors.UsageError: they cannot.
    """
    pages.clear(Path(folder))


def _brief_lines(report: GateReport) -> list[str]:
    """A line for each case that did not pass, and the outcome."""
    cases = in_order(case for case in report.cases if case.verdict.fails or case.verdict.is_open)
    outcome = f"gate {report.outcome.value} ({counted(len(report.cases), 'case')})"
    return [*(case_lines(case, report)[0] for case in cases), outcome]


def write_pages(report: GateReport, folder: str) -> str:
    """Write the files of a gate; returns which, in words.

    Raises:
        levit_bench.errors.BenchError: one cannot be written.
    """
    return f"wrote {', '.join(map(str, pages.write(report, Path(folder))))}"
