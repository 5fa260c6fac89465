"""Compares all pairs of committed sessions: every verdict on an unchanged network is a false alarm."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from levit_bench.errors import BenchError
from levit_bench.judge.compare.two_sides import compare
from levit_bench.judge.verdicts import Verdict, rules_of
from levit_bench.records import Record
from levit_bench.store.files import load

from tools.pages import ROOT

LEAST = 0.01
"""The least effect asked for: a smaller one gives more verdicts than the default."""
_CHANGED = "a series of short nights"
"""Title of the sessions between which a network and the allocator were changed on purpose."""
_HOURS = ((0.5, "less than half an hour apart"), (2.0, "half an hour to 2 hours"), (12.0, "2 to 12 hours"))


def stored_pairs(root: Path = ROOT / "results") -> dict[str, tuple[int, int]]:
    """Reports, and those with a verdict, by what the two sessions have in common."""
    sessions: dict[tuple[str, str], list[Record]] = {}
    for record in load(root)[0]:
        if record.title == _CHANGED:
            continue
        sessions.setdefault((record.machine.id, record.session), []).append(record)
    alarms: dict[str, list[bool]] = {}
    for first in sorted(sessions):
        for second in sorted(sessions):
            if first[0] == second[0] and first[1] < second[1]:
                for kind, alarmed in _report(sessions, first, second).items():
                    alarms.setdefault(kind, []).append(alarmed)
    order = [*(words for _, words in _HOURS), _LATER, _SAME, _OTHER, _ALL]
    return {kind: (len(alarms[kind]), sum(alarms[kind])) for kind in order if kind in alarms}


_LATER, _SAME, _OTHER, _ALL = "more than 12 hours", "of the same company", "of other company", "all"


def _report(
    sessions: dict[tuple[str, str], list[Record]], first: tuple[str, str], second: tuple[str, str]
) -> dict[str, bool]:
    """Whether a pair has a verdict, under each kind that it belongs to; nothing where it has no comparison."""
    history = [r for key, group in sessions.items() if key[0] == first[0] and key not in (first, second) for r in group]
    try:
        report = compare(sessions[first], sessions[second], history, rules_of(LEAST), whole=False)
    except BenchError:
        return {}
    if not any(row.comparison.ratio for row in report.rows):
        return {}
    alarmed = bool(report.having(Verdict.SLOWER) or report.having(Verdict.FASTER))
    hours = (_when(second[1]) - _when(first[1])).total_seconds() / 3600
    apart = next((words for most, words in _HOURS if hours < most), _LATER)
    is_other_company = any(finding.kind == "company-differs" for finding in report.findings)
    return dict.fromkeys((apart, _OTHER if is_other_company else _SAME, _ALL), alarmed)


def _when(session: str) -> datetime:
    return datetime.strptime(session[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
