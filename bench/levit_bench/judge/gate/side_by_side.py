"""The report of a gate from the records of the session that measured both sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from levit_bench.catalog.side_pairs import axes_of, pair_name, paired
from levit_bench.errors import NothingToShowError
from levit_bench.judge.estimates import looks_of, no_speed
from levit_bench.judge.gate.control import vouched
from levit_bench.judge.gate.gate_report import CaseVerdict, GateCase, GateReport, GateRules
from levit_bench.judge.gate.pairs import judged
from levit_bench.judge.paired_ratio import foretold, paired_logs
from levit_bench.judge.verdicts import Comparison, Effect, Rules, Verdict, of_pairs
from levit_bench.records import Case, Finding, Record, SideName

OF_COMPARISONS = {
    Verdict.SLOWER: CaseVerdict.SLOWER,
    Verdict.FASTER: CaseVerdict.FASTER,
    Verdict.SAME: CaseVerdict.SAME,
    Verdict.INCONCLUSIVE: CaseVerdict.INCONCLUSIVE,
    Verdict.NOT_COMPARABLE: CaseVerdict.NOT_COMPARABLE,
}
"""Verdicts of a comparison as those of a case."""


def side_by_side(records: Iterable[Record], rules: GateRules, findings: Sequence[Finding] = ()) -> GateReport:
    """Judge side b of a session against side a, case by case.

    Args:
        records: of one session.
        rules: what decides.
        findings: about its file.

    Raises:
        NothingToShowError: the session was not measured by a gate.
    """
    subjects = [record for record in records if record.info.role == "subject" and record.case.side]
    if not subjects:
        raise NothingToShowError("this session has no sides: it was not measured by a gate.")
    head = subjects[0]
    axes = axes_of(head.differences)
    looks = looks_of(subjects)
    has_control = any(record.case.side == "control" for record in subjects)
    # What a control computes is side a's own affair; that of side b is compared with side a's all the same.
    of_times = rules._replace(allow_other_outputs=True)
    controls = _cases(subjects, axes, of_times, looks, "control") if has_control else ()
    cases = _cases(subjects, axes, rules, looks, "b")
    if has_control:
        cases = vouched(cases, controls)
    if not head.is_over:
        cases = tuple(map(_cut_short, cases))
    family = max((case.comparison.family for case in cases if case.comparison), default=1)
    return GateReport(
        cases=cases,
        rules=rules,
        sides=head.sides,
        differences=head.differences,
        controls=controls,
        findings=_about_session(subjects, findings),
        session=head.session,
        looks_taken=max(1, len(head.looks)) if head.is_over else len(head.looks),
        looks_declared=max(1, len(head.protocol.looks)),
        family=max(1, family),
        is_over=head.is_over,
    )


def _cases(
    subjects: Sequence[Record], axes: Sequence[str], rules: GateRules, looks: int, second: SideName
) -> tuple[GateCase, ...]:
    """The cases of a side against those of side a."""
    pairs = paired(((record.case, record) for record in subjects), axes, second)
    compared: dict[Case, tuple[Record, Record]] = {
        key: (mine, theirs)
        for key, (mine, theirs) in pairs.items()
        if mine is not None and theirs is not None and not no_speed(mine) and not no_speed(theirs)
    }
    effects: list[Effect | Finding] = [_effect(mine, theirs) for mine, theirs in compared.values()]
    verdict_rules = Rules(rules.min_effect, rules.margin)
    comparisons = dict(zip(compared, judged(effects, verdict_rules, looks), strict=True))
    return tuple(
        _case(pair_name(key, axes), mine, theirs, comparisons.get(key), rules) for key, (mine, theirs) in pairs.items()
    )


def _effect(first: Record, second: Record) -> Effect | Finding:
    """The second of two cases against the first, paired by round."""
    return of_pairs(paired_logs([second], [first]), foretold([second], [first]), of_gate=True)


def _case(
    name: str, first: Record | None, second: Record | None, comparison: Comparison | None, rules: GateRules
) -> GateCase:
    verdict, reason = _verdict(first, second, comparison, rules)
    return GateCase(
        name=name,
        verdict=verdict,
        reason=reason,
        comparison=comparison,
        first=first,
        second=second,
        apart=None if second is None else second.info.outputs_apart,
        allowed=None if second is None else second.info.outputs_allowed,
    )


def _verdict(
    first: Record | None, second: Record | None, comparison: Comparison | None, rules: GateRules
) -> tuple[CaseVerdict, str]:
    if second is None:
        return CaseVerdict.MISSING, "side a has it, and side b has not"
    no_time = no_speed(second)
    if no_time is not None:
        both = " on either side" if first is not None and no_speed(first) else " on side b"
        return _without_time(second, f"no time{both}: {no_time.message}")
    if first is None:
        return CaseVerdict.NEW, "side b has it, and side a has not"
    no_time = no_speed(first)
    if no_time is not None:
        return _without_time(first, f"no time on side a: {no_time.message}", failed=CaseVerdict.NOT_COMPARABLE)
    assert comparison is not None
    apart, allowed = second.info.outputs_apart, second.info.outputs_allowed
    if apart is not None and allowed is not None and apart > allowed and not rules.allow_other_outputs:
        return CaseVerdict.OTHER_OUTPUTS, (
            f"its outputs are {apart:.2g} from those of side a for the same images (relative L2; {allowed:.2g} is "
            f"explained by rounding). Its time: {comparison.reason}"
        )
    return OF_COMPARISONS[comparison.verdict], comparison.reason


def _without_time(record: Record, reason: str, failed: CaseVerdict = CaseVerdict.FAILED) -> tuple[CaseVerdict, str]:
    """The verdict on a case without a time: one that was not reached in time is open, and never a failure."""
    return (failed if record.outcome == "failed" else CaseVerdict.INCONCLUSIVE), reason


def _cut_short(case: GateCase) -> GateCase:
    """A case of a session that was interrupted: where it has too few runs, no larger budget would have given more."""
    if case.verdict is not CaseVerdict.INCONCLUSIVE or case.comparison is None or case.comparison.ratio is not None:
        return case
    return case._replace(reason="the session was interrupted before it had runs enough for a ratio")


def _about_session(subjects: Sequence[Record], findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings about the session, each once, without those about single cases."""
    own = [finding for record in subjects for finding in record.findings if finding.case is None]
    return tuple({msgspec.json.encode(finding): finding for finding in (*findings, *own)}.values())
