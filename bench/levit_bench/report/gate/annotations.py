"""A gate as workflow commands of GitHub: annotations of the run, and of the file of a network where it is one."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import NamedTuple

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateOutcome, GateReport
from levit_bench.numbers.units import counted, significant
from levit_bench.report.gate.case_order import in_order
from levit_bench.report.gate.control import control_line, is_quiet
from levit_bench.report.gate.sentence import overall
from levit_bench.report.words.ratios import limits_words
from levit_bench.report.words.safe_text import shortened, visible

MOST = 10
"""Annotations of one level that GitHub shows of a step; of more, the last one gives the number of the others."""
LEVELS = ("error", "warning", "notice")
_NAME, _MESSAGE = 120, 1000


class _Annotation(NamedTuple):
    """One annotation, in plain text."""

    level: str
    title: str
    message: str
    file: str = ""
    """Path in the repository; empty where it is about none."""


def workflow_commands(report: GateReport) -> list[str]:
    """The workflow commands, each a line for stdout: errors first, then warnings, then notices.

    A case that fails is an error, one that could not be judged a warning, a faster one a notice. A gate that compared
    nothing or was interrupted is an error, and a control that differs or failed a warning.
    """
    found = [*_of_gate(report), *(one for case in in_order(report.cases) if (one := _of_case(case)))]
    lines = []
    for level in LEVELS:
        of_level = [one for one in found if one.level == level]
        if len(of_level) > MOST:
            left = counted(len(of_level) - MOST + 1, "more case")
            of_level = [*of_level[: MOST - 1], _Annotation(level, "levit-bench gate", f"{left}: gate.json has them.")]
        lines += [_line(one) for one in of_level]
    return lines


def _of_gate(report: GateReport) -> list[_Annotation]:
    """Annotations of the gate as a whole."""
    out = []
    if report.outcome in (GateOutcome.INTERRUPTED, GateOutcome.NOTHING):
        out.append(_Annotation("error", f"levit-bench gate: {report.outcome.value}", overall(report).text))
    if not is_quiet(report):
        out.append(_Annotation("warning", "levit-bench gate: control", control_line(report)))
    return out


def _of_case(case: GateCase) -> _Annotation | None:
    if case.verdict.fails:
        level = "error"
    elif case.verdict.is_open:
        level = "warning"
    elif case.verdict is CaseVerdict.FASTER:
        level = "notice"
    else:
        return None
    name = shortened(case.name, _NAME)
    return _Annotation(level, f"levit-bench gate: {case.verdict.value}", f"{name}: {_told(case)}", _file(case))


def _told(case: GateCase) -> str:
    """The reason, and the limits of the ratio where there is one."""
    ratio = case.comparison.ratio if case.comparison else None
    if ratio is None:
        return case.reason
    return f"{case.reason} (ratio {significant(ratio.value)}, 95 % CI {limits_words(ratio)})"


def _file(case: GateCase) -> str:
    """The file that builds the network, as `path.py:function` names it; empty for others and outside the checkout."""
    record = case.second or case.first
    name = record.case.network.partition("#")[0].replace("\\", "/") if record else ""
    path, colon, _ = name.rpartition(":")
    parts = PurePosixPath(path)
    is_inside = not parts.is_absolute() and ".." not in parts.parts and ":" not in path
    return str(parts) if colon and path.endswith(".py") and is_inside else ""


def _line(one: _Annotation) -> str:
    properties = {"file": one.file, "title": one.title}
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{one.level} {told}::{_escaped(shortened(one.message, _MESSAGE))}"


def _escaped(text: str) -> str:
    """A message as the runner decodes it; other control characters are spelled out."""
    return visible(text).replace("%", "%25")


def _property(text: str) -> str:
    """The value of a property, which ends at a comma or a colon."""
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
