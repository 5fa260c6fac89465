"""Findings in a few lines: each kind once, with the cases and sessions it is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from levit_bench.judge.estimates import latency
from levit_bench.judge.findings import SessionFinding
from levit_bench.judge.findings import session_findings as judged
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.points import Point
from levit_bench.numbers.units import counted
from levit_bench.records import Estimate, Finding, Record
from levit_bench.report.words.safe_text import shortened
from levit_bench.report.words.setting import titles

NAMED = 3
"""Other cases that a line names; of more it gives the number."""
_LABEL = 80


class About(NamedTuple):
    """A finding with the names of the case and the session that it is about."""

    finding: Finding
    name: str
    """Name of the case; empty when the finding is about a whole session."""
    session: str


def about(records: Iterable[Record], whole: Iterable[Record] = ()) -> dict[tuple[str, str | None], list[Finding]]:
    """Findings about subjects, by session and id of the case; of the session itself under None.

    Args:
        records: the cases.
        whole: their sessions with all cases, the reference cases included; by default `records`.
    """
    shown = [record for record in records if record.info.role == "subject"]
    keys: dict[tuple[str, str | None], list[Finding]] = {}
    for record in shown:
        keys.setdefault((record.session, None), [])
        keys.setdefault((record.session, record.info.id), [])
    for record in shown:
        for finding in record.findings:
            _add(keys, SessionFinding(record.session, finding))
    sessions = {record.session for record in shown}
    for found in judged(record for record in list(whole) or shown if record.session in sessions):
        _add(keys, found)
    for record in shown:
        estimate = latency(record)
        for finding in estimate.findings if isinstance(estimate, Estimate) else ():
            _add(keys, SessionFinding(record.session, finding))
    return keys


def of_records(records: Sequence[Record], names: Mapping[str, str], whole: Iterable[Record] = ()) -> list[Finding]:
    """Findings about the cases of records, one a kind, with the cases and sessions it is about; see `about`.

    Args:
        records: the cases.
        names: names of the cases, by their ids.
        whole: as of `about`.
    """
    entries = [
        About(finding, "" if case is None else shortened(names[case], _LABEL), session)
        for (session, case), findings in about(records, whole).items()
        for finding in findings
    ]
    return grouped(entries, many_sessions=len({record.session for record in records}) > 1)


def of_panels(panels: Sequence[Panel], points: Sequence[Point] | None = None) -> list[Finding]:
    """Findings about panels and their points, of all points or of the given ones; one a kind.

    Args:
        panels: of one page.
        points: of their cases, each of which one panel holds.
    """
    entries = [About(finding, "", "") for panel in panels for finding in panel.findings]
    panel_of = {point.case: panel for panel in panels for point in panel.points}
    in_panels = (
        [(panel, point) for panel in panels for point in panel.points]
        if points is None
        else [(panel_of[point.case], point) for point in points]
    )
    names = point_names(panels)
    entries += [
        About(finding, names[panel.key, point.label], "") for panel, point in in_panels for finding in point.findings
    ]
    return grouped(entries)


def point_names(panels: Sequence[Panel]) -> dict[tuple[object, str], str]:
    """Names of points by the key of their panel and their label: the label, with the panel where several have it."""
    drawn = [panel for panel in panels if panel.points]
    held, apart = Counter(point.label for panel in drawn for point in panel.points), titles(drawn)
    return {
        (panel.key, point.label): point.label if held[point.label] == 1 else f"{point.label} · {apart[panel.key]}"
        for panel in drawn
        for point in panel.points
    }


def grouped(entries: Iterable[About], *, many_sessions: bool = False) -> list[Finding]:
    """Merge findings of one kind: the first message, and the names of the other cases and sessions.

    Args:
        entries: findings in the order in which their kinds appear.
        many_sessions: whether to name the session that is meant.
    """
    kinds: dict[str, list[About]] = {}
    for entry in sorted(entries, key=lambda entry: bool(entry.name)):
        kinds.setdefault(entry.finding.kind, []).append(entry)
    return [_summary(kind, group, many_sessions=many_sessions) for kind, group in kinds.items()]


def plain(findings: Iterable[Finding]) -> list[dict[str, str | None]]:
    """Findings for JSON: kind, message and the case's id."""
    return [{"kind": f.kind, "message": f.message, "case": f.case} for f in findings]


def _summary(kind: str, group: Sequence[About], *, many_sessions: bool) -> Finding:
    first = group[0]
    where = f"session {shortened(first.session, _LABEL)}: " if many_sessions and not first.name else ""
    named = not first.name or first.finding.message.startswith(first.name.split()[0])
    text = f"{'' if named else f'{first.name}: '}{where}{first.finding.message}"
    more_names = list(dict.fromkeys(entry.name for entry in group if entry.name and entry.name != first.name))
    sessions = {entry.session for entry in group if not entry.name} - {first.session}
    also = same_holds(more_names, len(sessions))
    return Finding(kind=kind, message=text + also, case=first.finding.case if not also else None)


def same_holds(names: Sequence[str], sessions: int = 0) -> str:
    """A sentence that names the first of these cases, and how many more cases and sessions; empty without any."""
    also = [*names[:NAMED], *([f"{len(names) - NAMED} more"] if len(names) > NAMED else [])]
    if sessions:
        also.append(counted(sessions, "more session"))
    if not also:
        return ""
    return f" The same holds for {', '.join(also[:-1])}{' and ' if also[1:] else ''}{also[-1]}."


def _add(keys: Mapping[tuple[str, str | None], list[Finding]], found: SessionFinding) -> None:
    """Add a finding to its case or session, each kind once: a file holds one for every run."""
    findings = keys.get((found.session, found.finding.case))
    if findings is not None and found.finding.kind not in {finding.kind for finding in findings}:
        findings.append(found.finding)
