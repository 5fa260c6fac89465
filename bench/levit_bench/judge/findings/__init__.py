"""Findings about stored sessions, computed on reading: irregular turns of a case, and a disturbed machine.

Findings that only the engine can make are in the session's file already, and those about an interval are with its
estimate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from levit_bench.judge.findings import case_checks, machine_checks, run_checks, session_checks
from levit_bench.judge.findings.session_view import CaseTurns, SessionView, session_views
from levit_bench.records import Finding, Record

OF_A_SESSION: tuple[Callable[[SessionView], Finding | None], ...] = (
    machine_checks.throttled,
    machine_checks.frequency_fell,
    machine_checks.drift_of_all,
    machine_checks.allowance_changed,
    machine_checks.gpu_differs,
    machine_checks.busy_machine,
    machine_checks.swapping,
    machine_checks.yardstick_moved,
    machine_checks.null_network_slow,
    machine_checks.on_battery,
    machine_checks.governor_not_performance,
    machine_checks.dirty_tree,
    run_checks.resumed,
)
"""Findings about a session, the most serious first."""
OF_A_CASE: tuple[Callable[[CaseTurns, SessionView], Finding | None], ...] = (
    case_checks.streams_uneven,
    case_checks.faster_than_matrices,
    case_checks.faster_on_known_images,
    case_checks.two_humps,
    run_checks.runs_disagree,
    case_checks.page_faults_vary,
    case_checks.drift,
    case_checks.first_turn_slow,
    case_checks.first_pass_slow,
    case_checks.turn_too_short,
    case_checks.null_network_slow,
    case_checks.spread_large,
)
"""Findings about each case, the most serious first."""
OF_A_FAILURE: tuple[Callable[[Record], Finding | None], ...] = (case_checks.outputs_differ,)
"""Findings about cases that have no time."""


ENOUGH = 24
"""Cases of a session, beside those of interest, that suffice to estimate what all of its cases share."""


class SessionFinding(NamedTuple):
    """A finding and the session it is about."""

    session: str
    finding: Finding


def session_findings(records: Iterable[Record], about: Collection[str] | None = None) -> list[SessionFinding]:
    """Findings about the subjects of sessions, those about a whole session once each.

    Args:
        records: whole sessions, the instrument's own cases included: what all cases share is a fact about the machine.
        about: ids of the cases that findings are wanted of; all of them by default.
    """
    all_records = list(records)
    chosen = all_records if about is None else _enough(all_records, about)
    of_views = [
        SessionFinding(view.session, finding) for view in session_views(chosen) for finding in of_session(view, about)
    ]
    return [*of_views, *between_sessions(all_records)]


def _enough(records: Iterable[Record], about: Collection[str]) -> list[Record]:
    """The cases of interest, and as many others of each session as show what all of its cases share."""
    other_cases: Counter[str] = Counter()
    chosen = []
    for record in records:
        if record.info.role == "subject" and record.info.id not in about and record.outcome == "done":
            other_cases[record.session] += 1
            if other_cases[record.session] > ENOUGH:
                continue
        chosen.append(record)
    return chosen


def of_session(session: SessionView, about: Collection[str] | None = None) -> list[Finding]:
    """The findings about one session and its cases."""
    about_all = [check(session) for check in OF_A_SESSION]
    chosen = [case for case in session.subjects if about is None or case.record.info.id in about]
    about_each = [check(case, session) for case in chosen for check in OF_A_CASE]
    failures = [check(record) for record in session.failed for check in OF_A_FAILURE]
    return [finding for finding in (*about_all, *about_each, *failures) if finding is not None]


def between_sessions(records: Iterable[Record]) -> list[SessionFinding]:
    """The findings about a case that need other sessions of the same machine and versions."""
    groups: dict[object, list[Record]] = {}
    for record in records:
        if record.info.role == "subject":
            # Of the setting, the fields that matter here: making thousands of whole ones takes long.
            key = (
                record.info.id,
                record.machine.hardware,
                record.conditions.versions.get("torch"),
                record.runtime_version,
                record.yardstick,
            )
            groups.setdefault(key, []).append(record)
    findings = [(group[-1].session, session_checks.sharing_differs_from_alone(group)) for group in groups.values()]
    return [SessionFinding(session, finding) for session, finding in findings if finding is not None]


def joining(records: Sequence[Record]) -> list[Finding]:
    """The findings about joining sessions on one scale."""
    finding = session_checks.engine_changed(records)
    return [] if finding is None else [finding]
