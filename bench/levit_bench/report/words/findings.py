"""Doubts in a few lines: each kind once, with the cases and sessions it is about.

Knows how doubts are grouped and worded; refuses to know what raises them and where they are printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from levit_bench.judge.estimates import latency
from levit_bench.judge.findings import Doubt
from levit_bench.judge.findings import doubts as judged
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.points import Point
from levit_bench.numbers.units import counted
from levit_bench.records import Estimate, Finding, Record
from levit_bench.report.words.safe_text import shortened

NAMED = 3
"""Other cases that a line names before it says how many more there are."""
_LABEL = 80


class About(NamedTuple):
    """A finding with the words for what it is about."""

    finding: Finding
    name: str
    """Of the case; empty when it is about a whole session."""
    session: str


def about(records: Iterable[Record], whole: Iterable[Record] = ()) -> dict[tuple[str, str | None], list[Finding]]:
    """Everything doubtful about subjects, by session and id of the case; of the session itself under None.

    Args:
        records: the cases asked about.
        whole: their sessions with all cases, the instrument's own included; by default `records`.
    """
    shown = [record for record in records if record.info.role == "subject"]
    keys: dict[tuple[str, str | None], list[Finding]] = {}
    for record in shown:
        keys.setdefault((record.session, None), [])
        keys.setdefault((record.session, record.info.id), [])
    for record in shown:
        for finding in record.findings:
            _add(keys, Doubt(record.session, finding))
    sessions = {record.session for record in shown}
    for doubt in judged(record for record in list(whole) or shown if record.session in sessions):
        _add(keys, doubt)
    for record in shown:
        found = latency(record)
        for finding in found.findings if isinstance(found, Estimate) else ():
            _add(keys, Doubt(record.session, finding))
    return keys


def told(records: Sequence[Record], names: Mapping[str, str], whole: Iterable[Record] = ()) -> list[Finding]:
    """One finding a kind, with the cases and sessions it is about; see `about`.

    Args:
        records: the cases asked about.
        names: what to call each case, by its id.
        whole: as of `about`.
    """
    found = [
        About(finding, "" if case is None else shortened(names[case], _LABEL), session)
        for (session, case), findings in about(records, whole).items()
        for finding in findings
    ]
    return grouped(found, several=len({record.session for record in records}) > 1)


def of_panels(panels: Sequence[Panel], points: Sequence[Point] | None = None) -> list[Finding]:
    """The same of the points of panels, of all or of the given ones."""
    found = [About(finding, "", "") for panel in panels for finding in panel.findings]
    chosen = [point for panel in panels for point in panel.points] if points is None else points
    found += [About(finding, point.label, "") for point in chosen for finding in point.findings]
    return grouped(found)


def grouped(found: Iterable[About], *, several: bool = False) -> list[Finding]:
    """One finding a kind: the first message of it, and what else it is about.

    Args:
        found: in the order in which kinds shall appear.
        several: whether to say which session is meant.
    """
    kinds: dict[str, list[About]] = {}
    for one in sorted(found, key=lambda one: bool(one.name)):
        kinds.setdefault(one.finding.kind, []).append(one)
    return [_one(kind, group, several=several) for kind, group in kinds.items()]


def plain(findings: Iterable[Finding]) -> list[dict[str, str | None]]:
    """For programs: kind, message and the case's id."""
    return [{"kind": f.kind, "message": f.message, "case": f.case} for f in findings]


def _one(kind: str, group: Sequence[About], *, several: bool) -> Finding:
    first = group[0]
    where = f"session {shortened(first.session, _LABEL)}: " if several and not first.name else ""
    named = not first.name or first.finding.message.startswith(first.name.split()[0])
    text = f"{'' if named else f'{first.name}: '}{where}{first.finding.message}"
    others = list(dict.fromkeys(one.name for one in group if one.name and one.name != first.name))
    sessions = {one.session for one in group if not one.name} - {first.session}
    also = same_holds(others, len(sessions))
    return Finding(kind=kind, message=text + also, case=first.finding.case if not also else None)


def same_holds(others: Sequence[str], sessions: int = 0) -> str:
    """A sentence that names the first of these cases, and how many more cases and sessions; empty without any."""
    also = [*others[:NAMED], *([f"{len(others) - NAMED} more"] if len(others) > NAMED else [])]
    if sessions:
        also.append(counted(sessions, "more session"))
    if not also:
        return ""
    return f" The same holds for {', '.join(also[:-1])}{' and ' if also[1:] else ''}{also[-1]}."


def _add(keys: Mapping[tuple[str, str | None], list[Finding]], doubt: Doubt) -> None:
    """Each kind once for what it is about: a file keeps it for every run."""
    into = keys.get((doubt.session, doubt.finding.case))
    if into is not None and doubt.finding.kind not in {finding.kind for finding in into}:
        into.append(doubt.finding)
