"""Doubts about numbers, raised on reading: what in the turns of a session, or in the state of its machine, is odd.

Knows all of them and whom each is about; refuses to know how a doubt is shown. Doubts that only the engine can have
are in the session's file already, and those about an interval go with its estimate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from levit_bench.judge.comparability import setting
from levit_bench.judge.findings import of_a_case, of_runs, of_sessions, of_the_machine
from levit_bench.judge.findings.session_view import Seen, Sight, sights
from levit_bench.records import Finding, Record

OF_A_SESSION: tuple[Callable[[Sight], Finding | None], ...] = (
    of_the_machine.throttled,
    of_the_machine.frequency_fell,
    of_the_machine.drift_of_all,
    of_the_machine.allowance_changed,
    of_the_machine.gpu_differs,
    of_the_machine.busy_machine,
    of_the_machine.swapping,
    of_the_machine.yardstick_moved,
    of_the_machine.null_network_slow,
    of_the_machine.on_battery,
    of_the_machine.governor_not_performance,
    of_the_machine.dirty_tree,
    of_runs.resumed,
)
"""Said once a session, the gravest first."""
OF_A_CASE: tuple[Callable[[Seen, Sight], Finding | None], ...] = (
    of_a_case.streams_uneven,
    of_a_case.faster_than_matrices,
    of_a_case.faster_on_known_images,
    of_a_case.two_humps,
    of_runs.runs_disagree,
    of_a_case.page_faults_vary,
    of_a_case.drift,
    of_a_case.first_turn_slow,
    of_a_case.first_pass_slow,
    of_a_case.turn_too_short,
    of_a_case.null_network_slow,
    of_a_case.spread_large,
)
"""Said of each case, the gravest first."""
OF_A_FAILURE: tuple[Callable[[Record], Finding | None], ...] = (of_a_case.outputs_differ,)
"""Said of cases that have no time."""


ENOUGH = 24
"""Cases of a session, beside those that are looked at, that tell what all of its cases share."""


class Doubt(NamedTuple):
    """A finding and the session it is about."""

    session: str
    finding: Finding


def doubts(records: Iterable[Record], about: Collection[str] | None = None) -> list[Doubt]:
    """Everything odd about the subjects of sessions, session-wide doubts once each.

    Args:
        records: whole sessions, the instrument's own cases included: what all cases share is a fact about the machine.
        about: ids of the cases whose numbers are looked at; all of them by default.
    """
    kept = list(records)
    looked_at = kept if about is None else _enough(kept, about)
    out = [Doubt(sight.session, finding) for sight in sights(looked_at) for finding in of_session(sight, about)]
    return [*out, *between_sessions(kept)]


def _enough(records: Iterable[Record], about: Collection[str]) -> list[Record]:
    """What is looked at, and as many others of each session as tell what all of its cases share."""
    others: Counter[str] = Counter()
    out = []
    for record in records:
        if record.info.role == "subject" and record.info.id not in about and record.outcome == "done":
            others[record.session] += 1
            if others[record.session] > ENOUGH:
                continue
        out.append(record)
    return out


def of_session(sight: Sight, about: Collection[str] | None = None) -> list[Finding]:
    """The doubts about one session and its cases."""
    about_all = [doubt(sight) for doubt in OF_A_SESSION]
    looked_at = [seen for seen in sight.subjects if about is None or seen.record.info.id in about]
    about_each = [doubt(seen, sight) for seen in looked_at for doubt in OF_A_CASE]
    failures = [doubt(record) for record in sight.failed for doubt in OF_A_FAILURE]
    return [finding for finding in (*about_all, *about_each, *failures) if finding is not None]


def between_sessions(records: Iterable[Record]) -> list[Doubt]:
    """The doubts that a case raises by what it did in other sessions of the same machine and versions."""
    groups: dict[object, list[Record]] = {}
    for record in records:
        if record.info.role == "subject":
            one = setting(record)
            key = record.info.id, one.machine, one.torch, one.runtime_version, one.yardstick
            groups.setdefault(key, []).append(record)
    found = [(group[-1].session, of_sessions.sharing_differs_from_alone(group)) for group in groups.values()]
    return [Doubt(session, finding) for session, finding in found if finding is not None]


def joining(records: Sequence[Record]) -> list[Finding]:
    """The doubts about putting sessions on one scale."""
    found = of_sessions.engine_changed(records)
    return [] if found is None else [found]
