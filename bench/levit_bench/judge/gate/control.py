"""What the control of a gate vouches for: side a measured against itself in the same session.

The one place that says which verdicts a control withdraws, for whoever judges and for whoever tells. Side a is the same
code as its control, so that whatever the two differ by is the least by which this session errs:

    a control differs where it is called slower or faster; its reach is the limit of its ratio that is farthest from 1
    where one differs: slower and faster stand if the limit nearest 1 lies beyond the largest reach; same never stands
    without a ratio of its control, same and faster do not stand: nothing vouches for what lets the gate pass
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase
from levit_bench.judge.verdicts import percent_above
from levit_bench.numbers.units import counted
from levit_bench.records import Estimate


def differing(controls: Iterable[GateCase]) -> list[GateCase]:
    """Cases of a control that were called slower or faster, although both sides are the same."""
    return [case for case in controls if case.verdict in (CaseVerdict.SLOWER, CaseVerdict.FASTER)]


def silent(controls: Iterable[GateCase]) -> list[GateCase]:
    """Cases of a control that have no ratio, because they failed, were not reached or have too few runs."""
    return [case for case in controls if _ratio(case) is None]


def reach(controls: Iterable[GateCase]) -> float:
    """The ratio above 1 up to which, or down to whose inverse, the control shows that this session errs.

    1 where no case of it differs, infinite where one that does has no limits.
    """
    log = max((_farthest(case) for case in differing(controls)), default=0.0)
    return math.exp(log) if log < _MOST else math.inf


def vouched(cases: Iterable[GateCase], controls: Sequence[GateCase]) -> tuple[GateCase, ...]:
    """The cases of side b with the verdicts that the control lets stand; the others are inconclusive.

    Args:
        cases: judged against side a.
        controls: side a against itself, each with the name of the case that it vouches for.
    """
    own = {control.name: control for control in controls}
    return tuple(_vouched(case, own.get(case.name), controls) for case in cases)


_MOST = 700.0
"""Logs beyond it are no number any more."""


def _vouched(case: GateCase, own: GateCase | None, controls: Sequence[GateCase]) -> GateCase:
    if case.verdict not in (CaseVerdict.SLOWER, CaseVerdict.FASTER, CaseVerdict.SAME):
        return case
    alarms = differing(controls)
    if alarms and not _nearest(case) > math.log(reach(controls)):
        far = reach(controls)
        by = f"by up to {percent_above(far)}" if math.isfinite(far) else "by nobody knows how much"
        return case._replace(
            verdict=CaseVerdict.INCONCLUSIVE,
            withdrawn=case.verdict,
            reason=f"{case.reason}; but in {counted(len(alarms), 'case')} side a differs from itself, {by}, so that "
            "this session cannot tell",
        )
    if case.verdict is CaseVerdict.SLOWER or (own is not None and _ratio(own) is not None):
        return case
    why = "it has none" if own is None else own.reason
    return case._replace(
        verdict=CaseVerdict.INCONCLUSIVE,
        withdrawn=case.verdict,
        lacks_control=True,
        reason=f"{case.reason}; but its control gave nothing to rely on: {why}",
    )


def _nearest(case: GateCase) -> float:
    """Log distance from 1 of the limit nearest 1 of a case that is slower or faster; of one that is the same, none."""
    ratio = _ratio(case)
    if ratio is None or case.verdict is CaseVerdict.SAME:
        return -math.inf
    limit = ratio.low if case.verdict is CaseVerdict.SLOWER else 1 / ratio.high if ratio.high > 0 else math.inf
    return math.log(limit) if 0 < limit < math.inf else -math.inf


def _farthest(case: GateCase) -> float:
    """Log distance from 1 of the limit farthest from 1."""
    ratio = _ratio(case)
    if ratio is None or not (ratio.low > 0 and ratio.high < math.inf):
        return math.inf
    return max(abs(math.log(ratio.low)), abs(math.log(ratio.high)))


def _ratio(case: GateCase) -> Estimate | None:
    return case.comparison.ratio if case.comparison is not None else None
