"""A gate as a comment on a pull request, in Markdown: what needs a person first, the rest folded.

Also a job's summary. GitHub takes comments of 65,536 characters; a gate of hundreds of cases with long names has more,
and then leaves out whole lines, says how many, and where they are. The hidden marker in the first line lets a workflow
find its own comment again and replace it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateOutcome, GateReport
from levit_bench.numbers.units import counted, format_latency, significant
from levit_bench.records import Record
from levit_bench.report.gate.case_latency import latency_s, multiple_of_yardstick
from levit_bench.report.gate.case_order import in_order
from levit_bench.report.gate.commands import same_again
from levit_bench.report.gate.conditions import rule_lines, session_lines, title_of
from levit_bench.report.gate.control import control_line
from levit_bench.report.gate.row_names import setting_line
from levit_bench.report.gate.sentence import Overall, overall
from levit_bench.report.gate.side_words import checkout_words, compared_words, difference_lines, side_lines
from levit_bench.report.words.github_text import code, command_block, prose
from levit_bench.report.words.ratios import UNKNOWN, ratio_figures
from levit_bench.report.words.safe_text import shortened, visible

LIMIT_BYTES = 65_000
"""Of a comment in UTF-8, and so also of its characters, however they are counted."""
WHERE = "gate.json"
"""The file that has everything that a comment leaves out."""
_NAME, _REASON, _LINE, _SENTENCE = 120, 300, 400, 1500
_COMMAND = 4000
"""Bytes of a command line that is still shown: nobody copies a longer one from a comment."""
_MOST_DIFFERENCES = 40
_SIGNS = {
    GateOutcome.INTERRUPTED: "❌",
    GateOutcome.FAILED: "❌",
    GateOutcome.INCONCLUSIVE: "⚠️",
    GateOutcome.NOTHING: "⚠️",
    GateOutcome.PASSED: "✅",
}
_TIMES, _MULTIPLES = "latency, a → b", "time over the yardstick's, a → b"
"""Of two sides in one session, and of two sessions, whose ratio is that of these multiples."""
_FIGURES = ("ratio, b over a", "95 % CI", "detectable", _TIMES)
_RATIOS = ("case", *_FIGURES)
_RIGHT = {"ratio, b over a", "detectable", "distance", "allowed"}
_NO_NAME_CHARACTER = re.compile(r"[^A-Za-z0-9_.]+")


class _Section(NamedTuple):
    """A table of the cases of some verdicts."""

    heading: str
    verdicts: tuple[CaseVerdict, ...]
    columns: tuple[str, ...]
    is_folded: bool = False


_SECTIONS = (
    _Section("Failed and missing", (CaseVerdict.FAILED, CaseVerdict.MISSING), ("case", "verdict", "reason")),
    _Section("Slower", (CaseVerdict.SLOWER,), _RATIOS),
    _Section("Other outputs", (CaseVerdict.OTHER_OUTPUTS,), (*_RATIOS, "distance", "allowed", "reason")),
    _Section("Inconclusive: the data cannot tell", (CaseVerdict.INCONCLUSIVE,), (*_RATIOS, "reason")),
    _Section("Not comparable", (CaseVerdict.NOT_COMPARABLE,), ("case", "reason")),
    _Section("Others", (CaseVerdict.FASTER, CaseVerdict.SAME, CaseVerdict.NEW), ("verdict", *_RATIOS), is_folded=True),
)


@dataclass
class _Part:
    """A part of the comment: lines that always stand, and lines of which the last ones may be left out."""

    before: list[str]
    lines: list[str]
    after: list[str]
    shown: int = 0

    def text(self) -> str:
        """The part with the lines that are shown, and the number of the others."""
        left = len(self.lines) - self.shown
        return "\n".join([*self.before, *self.lines[: self.shown], *(_left_out(left) if left else []), *self.after])


def marker(name: str = "") -> str:
    """The hidden first line of a comment, by which a workflow finds the one to replace.

    Args:
        name: of the gate, where a pull request has several, such as one for each kind of machine. Whatever is no
            letter, digit, dot or underscore becomes a dash; names that differ have markers that differ.
    """
    if not name:
        return "<!-- levit-bench gate -->"
    plain = _NO_NAME_CHARACTER.sub("-", name).strip("-")[:60]
    digest = "" if plain == name else f".{sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
    return f"<!-- levit-bench gate: {plain}{digest} -->"


def comment(report: GateReport, name: str = "") -> str:
    """The comment, at most `LIMIT_BYTES` long.

    Args:
        report: the gate.
        name: as of `marker`; stands in the heading, too.
    """
    head = _Part(_head(report, overall(report), name), [], [])
    shown = [(section, in_order(report.having(*section.verdicts))) for section in _SECTIONS]
    shown = [(_of_report(section, report), cases) for section, cases in shown]
    open_tables = [_table(section, cases) for section, cases in shown if cases and not section.is_folded]
    folded_tables = [_table(section, cases) for section, cases in shown if cases and section.is_folded]
    conditions = _folded("Conditions", [f"- {line}" for line in _conditions(report)])
    findings = [_folded("Findings", _findings(report))] if report.findings else []
    reproduce = _folded("How to reproduce", [], _reproduction(report))
    parts = [head, *open_tables, *folded_tables, conditions, *findings, reproduce]
    # Conditions are few lines that matter to every reader; cases that pass may be many, and matter least.
    _fill(parts, [conditions, *open_tables, *findings, *folded_tables])
    return "\n\n".join(part.text() for part in parts) + "\n"


def _fill(shown: Sequence[_Part], by_importance: Sequence[_Part]) -> None:
    """Give each part as many of its lines as there is room for, the important ones first."""
    note = max(len(_left_out(len(part.lines))[1].encode()) + 2 for part in shown)
    room = LIMIT_BYTES - sum(len(part.text().encode()) + 2 + note for part in shown)
    for part in by_importance:
        for line in part.lines:
            room -= len(line.encode()) + 1
            if room < 0:
                return
            part.shown += 1


def _left_out(count: int) -> list[str]:
    return ["", f"{counted(count, 'more line')} left out here: {WHERE} has all of them."]


def _head(report: GateReport, told: Overall, name: str) -> list[str]:
    title = f"### {_SIGNS[report.outcome]} levit-bench gate{f' {code(name, 60)}' if name else ''}: {_outcome(report)}"
    head = [marker(name), title, "", f"{prose(told.sentence, _SENTENCE)} {prose(told.advice, _SENTENCE)}"]
    command = ["", *_command(told.command)] if told.command else []
    return [*head, *command, *_about(report)]


def _about(report: GateReport) -> list[str]:
    """What the gate is for, what is judged and compared, and what the names of the cases say: a paragraph each."""
    lines = (title_of(report), compared_words(report), setting_line(report.cases))
    return [text for line in lines if line for text in ("", prose(line, _LINE))]


def _outcome(report: GateReport) -> str:
    return f"{report.outcome.value}{' (allowed)' if report.is_allowed else ''}"


def _command(command: str) -> list[str]:
    shown = visible(command)
    if len(shown.encode()) > _COMMAND:
        return [f"The command is too long to be copied from here: {WHERE} has it."]
    return [command_block(shown)]


def _of_report(section: _Section, report: GateReport) -> _Section:
    """The section with the times that its ratios are of."""
    if not report.baseline:
        return section
    return section._replace(columns=tuple(_MULTIPLES if name == _TIMES else name for name in section.columns))


def _table(section: _Section, cases: Sequence[GateCase]) -> _Part:
    """A table with a row a case, under its heading."""
    columns = section.columns
    head = [f"| {' | '.join(columns)} |", f"|{'|'.join('--:' if name in _RIGHT else ':--' for name in columns)}|"]
    rows = [f"| {' | '.join(_cell(case, column) for column in columns)} |" for case in cases]
    if not section.is_folded:
        return _Part([f"#### {section.heading} ({len(cases)})", "", *head], rows, [])
    counts = Counter(case.verdict for case in cases)
    numbers = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in section.verdicts if counts[verdict])
    return _folded(f"{section.heading}: {numbers}", rows, head)


def _cell(case: GateCase, column: str) -> str:
    ratio, limits, detectable = ratio_figures(case.comparison)
    cells: dict[str, Callable[[], str]] = {
        "case": lambda: code(case.name, _NAME),
        "verdict": lambda: case.verdict.value,
        "reason": lambda: prose(case.reason, _REASON),
        "ratio, b over a": lambda: ratio,
        "95 % CI": lambda: limits,
        "detectable": lambda: detectable,
        _TIMES: lambda: f"{_latency(latency_s(case.first))} → {_latency(latency_s(case.second))}",
        _MULTIPLES: lambda: f"{_multiple(case.first)} → {_multiple(case.second)}",
        "distance": lambda: _distance(case.apart),
        "allowed": lambda: _distance(case.allowed),
    }
    return cells[column]()


def _latency(seconds: float | None) -> str:
    return UNKNOWN if seconds is None else format_latency(seconds)


def _multiple(record: Record | None) -> str:
    value = multiple_of_yardstick(record)
    return UNKNOWN if value is None else significant(value)


def _distance(value: float | None) -> str:
    return UNKNOWN if value is None else significant(value, 2)


def _folded(heading: str, lines: list[str], always: Sequence[str] = ()) -> _Part:
    """A part that is folded: lines that may be left out, and others that may not."""
    return _Part([f"<details><summary>{heading}</summary>", "", *always], lines, ["", "</details>"])


def _conditions(report: GateReport) -> list[str]:
    lines = [
        *side_lines(report),
        *difference_lines(report, _MOST_DIFFERENCES),
        *([] if report.baseline else [control_line(report)]),
        *rule_lines(report),
        *session_lines(report),
    ]
    return [prose(line, _LINE) for line in lines]


def _findings(report: GateReport) -> list[str]:
    return [f"- {code(finding.kind, 60)}: {prose(finding.message, _LINE)}" for finding in report.findings]


def _reproduction(report: GateReport) -> list[str]:
    if report.baseline:
        where = f"With the store that holds {shortened(report.baseline, _NAME)} and {shortened(report.session, _NAME)}."
    else:
        where = f"{checkout_words(report)}; times of another machine are other times, and the ratios may differ, too."
    return [prose(where, _LINE), "", *_command(same_again(report))]
