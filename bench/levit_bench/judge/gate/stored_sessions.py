"""The report of a gate that measures nothing: a stored session against others of the same machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from levit_bench.catalog.side_pairs import pair_name
from levit_bench.judge.compare.two_sides import Report, Row
from levit_bench.judge.estimates import no_speed
from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateReport, GateRules
from levit_bench.judge.gate.pairs import finds_margin
from levit_bench.judge.gate.side_by_side import OF_COMPARISONS
from levit_bench.records import Finding, Record


class StoredSide(NamedTuple):
    """What a session was compared with, and how it compares."""

    name: str
    """As the user named it."""
    report: Report
    refusal: str = ""
    """Why no case of the two may be compared; the report then holds those of the judged session as new ones."""


def against_stored(session: str, sides: Sequence[StoredSide], rules: GateRules) -> GateReport:
    """One verdict for each case and each side that it was compared with.

    Args:
        session: name of the judged session.
        sides: baselines, each compared at a share of the error rate.
        rules: what decides.
    """
    cases: list[GateCase] = []
    findings: dict[bytes, Finding] = {}
    for side in sides:
        against = f" against {side.name}" if len(sides) > 1 else ""
        if side.refusal:
            cases += [
                GateCase(_name(record, against), CaseVerdict.NOT_COMPARABLE, side.refusal, second=record)
                for record in side.report.new
            ]
            continue
        cases += [_of_row(row, against) for row in side.report.rows]
        cases += [
            GateCase(
                _name(record, against),
                CaseVerdict.MISSING,
                f"{side.name} has it, and this session has not",
                first=record,
            )
            for record in side.report.missing
        ]
        cases += [
            GateCase(
                _name(record, against), CaseVerdict.NEW, f"this session has it, and {side.name} has not", second=record
            )
            for record in side.report.new
            if record.outcome != "failed"
        ]
        cases += [
            GateCase(_name(record, against), CaseVerdict.FAILED, f"it failed: {record.reason}", second=record)
            for record in side.report.new
            if record.outcome == "failed"
        ]
        findings |= {msgspec.json.encode(finding): finding for finding in side.report.findings}
    return GateReport(
        cases=tuple(cases),
        rules=rules,
        findings=tuple(findings.values()),
        session=session,
        baseline=" and ".join(side.name for side in sides),
        family=max((case.comparison.family for case in cases if case.comparison), default=1) or 1,
    )


def _of_row(row: Row, against: str) -> GateCase:
    comparison, name = row.comparison, _name(row.second, against)
    case = GateCase(name, OF_COMPARISONS[comparison.verdict], comparison.reason, comparison, row.first, row.second)
    no_time = no_speed(row.second)
    if no_time is not None:
        failed = row.second.outcome == "failed"
        return case._replace(
            verdict=CaseVerdict.FAILED if failed else CaseVerdict.INCONCLUSIVE, reason=no_time.message, comparison=None
        )
    if case.verdict is CaseVerdict.SAME and not finds_margin(comparison):
        reason = f"{comparison.reason}, but these sessions could not have found a slowdown of the margin"
        return case._replace(verdict=CaseVerdict.INCONCLUSIVE, reason=reason)
    return case


def _name(record: Record, against: str) -> str:
    return f"{pair_name(record.case)}{against}"
