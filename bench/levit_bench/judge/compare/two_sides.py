"""Two sides of stored sessions, case by case: what is said of each case, and which are missing.

Knows how a case of one session is set against the same case of another; refuses to know what makes a verdict, where
sessions are stored and how a comparison is shown.

Sessions are never side by side: a session's time says as much about its hour as about its network. So cases are
compared by the ratio to the yardstick of each run, and how far sessions disagree, by the model of the store
(`session_scatter`), is part of the standard error.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from levit_bench.errors import NotComparableError, NothingToShowError, UsageError
from levit_bench.judge.comparability import Setting, enumerate_values, natural, setting
from levit_bench.judge.compare.matching import Key, Pair, check_ignored, keyed, match, why_nothing
from levit_bench.judge.estimates import looks_of, no_speed
from levit_bench.judge.variance.case_sessions import Company, ratios
from levit_bench.judge.variance.expected_precision import least_between_sessions
from levit_bench.judge.variance.session_scatter import (
    COMPANY,
    PRIOR,
    CaseSession,
    Scatter,
    company_shares,
    company_variance,
    drift_variance,
    mean,
    middle,
    scatter,
    setting_scale,
)
from levit_bench.judge.verdicts import (  # fmt: skip
    NO_SCATTER,
    Comparison,
    Effect,
    Rules,
    Verdict,
    judge,
    no_scatter,
    percent_above,
    refused,
    too_few,
)
from levit_bench.numbers.units import counted
from levit_bench.planning.budget import MIN_RUNS
from levit_bench.records import Finding, Record

FEW_SESSIONS = 4
"""Sessions of a case below which a finding says how much of the scatter between sessions is assumed."""
METHOD = "t over sessions, ratio to the yardstick"
_OWN_UNIT = frozenset({"torch", "threads", "allocator", "seats", "shell", "allowance"})


class Row(NamedTuple):
    """One case of both sides."""

    first: Record
    """The newest of the first side."""
    second: Record
    """The newest of the second side."""
    comparison: Comparison


class Report(NamedTuple):
    """What became of every case of both sides."""

    rows: tuple[Row, ...]
    """Networks that both sides hold, cases that may not be compared included."""
    missing: tuple[Record, ...] = ()
    """Cases that only the first side holds, and has times of."""
    new: tuple[Record, ...] = ()
    """Cases that only the second side holds."""
    findings: tuple[Finding, ...] = ()
    """Doubts about it; why a case has no limits is with its comparison."""

    def having(self, verdict: Verdict) -> tuple[Row, ...]:
        """The rows with this verdict."""
        return tuple(row for row in self.rows if row.comparison.verdict == verdict)

    @property
    def failed(self) -> tuple[Row, ...]:
        """Rows whose case failed or was skipped on the second side."""
        return tuple(row for row in self.rows if row.second.outcome != "done")

    @property
    def unmatched(self) -> tuple[Row, ...]:
        """Rows whose network the second side holds, and not as the first side asked for it."""
        return tuple(
            row for row in self.having(Verdict.NOT_COMPARABLE) if not (no_speed(row.first) or no_speed(row.second))
        )


def compare(
    first: Iterable[Record],
    second: Iterable[Record],
    history: Iterable[Record] = (),
    rules: Rules = Rules(),  # noqa: B008 - immutable
    *,
    ignore: Collection[str] = (),
    whole: bool = True,
    looks: int = 1,
) -> Report:
    """Compare the second side with the first, case by case.

    Args:
        first: what is compared with, of one or more sessions.
        second: what is judged, of other sessions.
        history: whatever else is stored; what is not newer than both sides says how far sessions of a case disagree.
        rules: what counts as a difference.
        ignore: fields that may differ, such as `torch`.
        whole: whether the second side should hold every case of the first.
        looks: how often second sides are held against this first one; each costs confidence.

    Raises:
        UsageError: a field cannot be ignored, or a session is on both sides.
        NothingToShowError: a side holds no case.
        NotComparableError: no case of one side may be compared with one of the other; names the fields that differ.
    """
    check_ignored(ignore)
    ones, others = keyed(first), keyed(second)
    check_sides(ones, others)
    found = match(ones, others, ignore)
    if not found.pairs:
        raise NotComparableError(why_nothing(ones, others, found.apart))
    evidence = _Evidence(history, ones, others)
    effects = [evidence.effect(pair) for pair in found.pairs]
    looks *= looks_of(record for side in (ones, others) for group in side.values() for record in group)
    judged = judge([effect for effect, _ in effects], rules, looks)
    rows = [
        Row(ones[p.first][-1], others[p.second][-1], finished(one, ones[p.first], others[p.second], rules))
        for p, one in zip(found.pairs, judged, strict=True)
    ]
    rows += [Row(ones[p.first][-1], others[p.second][-1], not_alike(p, rules)) for p in found.apart]
    told = [(pair, effect, known) for pair, (effect, known) in zip(found.pairs, effects, strict=True) if known]
    return Report(
        rows=tuple(rows),
        missing=tuple(ones[key][-1] for key in found.left if not no_speed(ones[key][-1])) if whole else (),
        new=tuple(others[key][-1] for key in found.right),
        findings=(
            *ignored(found.pairs),
            *_company(found.pairs, evidence),
            *_assumed([(pair.first.network, known) for pair, _, known in told]),
            *_out_of_reach(judged, [known for _, _, known in told], rules),
        ),
    )


class _Evidence:
    """What the store says of the sessions of every case, read once."""

    def __init__(self, history: Iterable[Record], ones: _Keyed, others: _Keyed) -> None:
        sides = {record.session for side in (ones, others) for group in side.values() for record in group}
        # What came after the sides may hold changes that neither had.
        newest = max(sides)
        kept = [record for record in history if record.session <= newest]
        self._ones, self._others = ones, others
        wanted = {key.setting for key in (*ones, *others)}
        known = keyed(record for record in kept if record.session not in sides and setting(record) in wanted)
        asked = [record for side in (ones, others) for group in side.values() for record in group]
        self._company = Company.seen_in((*kept, *asked))
        self.first = {key: ratios(group, self._company) for key, group in ones.items()}
        self.second = {key: ratios(group, self._company) for key, group in others.items()}
        # Sessions whose turns were of another length scatter otherwise.
        alike = {turns_of(group[-1]) for side in (ones, others) for group in side.values()}
        self._known = {
            key: ratios((r for r in group if turns_of(r) in alike), self._company) for key, group in known.items()
        }
        self._scales: dict[Setting, float] = {}

    def effect(self, pair: Pair) -> tuple[Effect | Finding, Scatter | None]:
        """How the second side compares with the first, and what says how far its sessions disagree."""
        sides = []
        for name, side, group in (
            ("first", self.first[pair.first], self._ones[pair.first]),
            ("second", self.second[pair.second], self._others[pair.second]),
        ):
            kept = [one for one in side if one.runs >= MIN_RUNS]
            if not kept:
                timed = [record for record in group if not no_speed(record)]
                return none_of(name, side, timed), None
            sides.append(kept)
        known = self.scatter(pair)
        return between(sides[0], sides[1], known), known

    def scatter(self, pair: Pair) -> Scatter:
        """How far sessions of a case disagree; history and sides each about their own mean: a change is no scatter."""
        before = [self._known.get(key, []) for key in dict.fromkeys((pair.first, pair.second))]
        scale = max(self._scale(pair.first.setting), self._scale(pair.second.setting))
        return scatter([*before, self.first[pair.first], self.second[pair.second]], scale)

    def apart(self, pair: Pair) -> bool:
        """Whether the sessions that count were in other company on the one side than on the other."""
        sides = (self.first[pair.first], self.second[pair.second])
        ones, others = ({one.company: 1.0 for one in side if one.runs >= MIN_RUNS} for side in sides)
        return company_variance(ones, others) > 0

    def _scale(self, one: Setting) -> float:
        if one not in self._scales:
            keys = {key for key in (*self._known, *self.first, *self.second) if key.setting == one}
            sides = (self._known, self.first, self.second)
            self._scales[one] = setting_scale([[side.get(key, []) for side in sides] for key in keys])
        return self._scales[one]


_Keyed = Mapping[Key, Sequence[Record]]


def between(first: Sequence[CaseSession], second: Sequence[CaseSession], known: Scatter) -> Effect | Finding:
    """The effect from two sides' sessions of one case, or the finding that says why there is none."""
    one, other = mean(first, known), mean(second, known)
    companies = company_variance(company_shares(first, known), company_shares(second, known))
    more = companies + drift_variance(first, second, known)
    whole = one.variance + other.variance + more
    if math.sqrt(whole) <= NO_SCATTER:
        return no_scatter()
    return Effect(other.log - one.log, math.sqrt(whole), known.freedom, min(one.runs, other.runs), METHOD)


def none_of(name: str, side: Sequence[CaseSession], timed: Sequence[Record]) -> Finding:
    """Why a side has no session that counts."""
    if not side and any(run.turns for record in timed for run in record.runs):
        message = (
            f"no run of session {timed[-1].session} holds turns of the yardstick, without which sessions have no "
            "common unit. Measure it again."
        )
        return Finding(kind="no-yardstick", message=message)
    return too_few(f"the {name} has {counted(max((one.runs for one in side), default=0))}")


def turns_of(record: Record) -> tuple[float, ...]:
    """How long its turns were asked to be, which decides how far they scatter."""
    asked = record.protocol
    return asked.settle_passes, asked.turn_s, asked.min_passes, asked.max_passes


def finished(
    found: Comparison,
    first: Sequence[Record],
    second: Sequence[Record],
    rules: Rules,
) -> Comparison:
    """The comparison, or what its sides say instead: a case without a time has none."""
    for which, side in (("second", second), ("first", first)):
        if all(no_speed(record) for record in side) and (why := no_speed(side[-1])):
            return refused(f"no time on the {which} side: {why.message}", rules, (why,))
    return found


def check_sides(ones: _Keyed, others: _Keyed) -> None:
    """Refuse a side without a case, and a session on both."""
    sides = [frozenset(record.session for group in side.values() for record in group) for side in (ones, others)]
    for name, sessions in zip(("first", "second"), sides, strict=True):
        if not sessions:
            raise NothingToShowError(f"the {name} side holds no case. 'levit-bench show' lists what is stored.")
    if both := sorted(sides[0] & sides[1]):
        raise UsageError(
            f"both sides hold session {enumerate_values(both)}, and a session agrees with itself. Name two sessions; "
            "two networks of one session are compared with --networks ONE,OTHER."
        )


def not_alike(pair: Pair, rules: Rules) -> Comparison:
    """What is said of one network in two settings."""
    return refused(f"the sides differ in {_told(pair.differing)}", rules)


def _told(differing: Mapping[str, tuple[str, str]]) -> str:
    return ", ".join(f"{name} ({one}, {other})" for name, (one, other) in differing.items())


def ignored(pairs: Iterable[Pair]) -> list[Finding]:
    """What was ignored, once for all cases that differ alike."""
    alike: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair.differing:
            alike.setdefault(_told(pair.differing), []).append(pair)
    out = []
    for told, group in alike.items():
        names = enumerate_values(list(dict.fromkeys(pair.second.network for pair in group)))
        message = f"compared although the sides differ in {told}: {names}."
        if group[0].differing.keys() & _OWN_UNIT:
            message += " Each side is told in its own yardstick, which the difference may have changed, too."
        out.append(Finding(kind="ignored-difference", message=message))
    return out


def _company(pairs: Iterable[Pair], evidence: _Evidence) -> tuple[Finding, ...]:
    """Cases that were timed beside others on one side than on the other."""
    names = [pair.second.network for pair in pairs if evidence.apart(pair)]
    if not names:
        return ()
    message = (
        f"{enumerate_values(sorted(set(names), key=natural))}: timed beside other cases on the one side than on the "
        f"other, which moves a ratio by {COMPANY:.0%} (standard deviation between companies); the limits hold it. "
        "Compare sessions of the same cases for narrower ones."
    )
    return (Finding(kind="company-differs", message=message),)


def _assumed(cases: Iterable[tuple[str, Scatter]]) -> tuple[Finding, ...]:
    names = sorted({network for network, known in cases if known.sessions < FEW_SESSIONS}, key=natural)
    if not names:
        return ()
    message = (
        f"there are fewer than {FEW_SESSIONS} earlier sessions of {enumerate_values(names)} in the same setting to say "
        f"how far sessions disagree, so the limits rest on a standard deviation of {PRIOR:.0%} that is assumed, and on "
        "the other cases. Earlier sessions of these cases narrow them; two sides in one session need none: "
        "levit-bench compare SESSION --networks ONE,OTHER."
    )
    return (Finding(kind="session-scatter-assumed", message=message),)


def _out_of_reach(judged: Sequence[Comparison], known: Sequence[Scatter], rules: Rules) -> tuple[Finding, ...]:
    """That no budget finds so little between two sessions, where something was left inconclusive for that reason."""
    if not known or not any(one.verdict == Verdict.INCONCLUSIVE and one.ratio for one in judged):
        return ()
    usual = middle(known)
    if not usual.deviation > 0:
        return ()
    family = max(one.family for one in judged)
    least = least_between_sessions(usual.deviation, usual.freedom, looks=family, rules=Rules(0.0, 0.0))
    if least is None or least <= 1 + rules.min_effect:
        return ()
    assumed = "differ" if usual.sessions >= FEW_SESSIONS else "are assumed to differ"
    message = (
        f"sessions of these cases {assumed} by {usual.deviation:.1%} (standard deviation, runs excluded), so no "
        f"budget lets two single sessions find less than {percent_above(least)}. To find less, "
        "measure both sides in one session and compare them there: levit-bench compare SESSION --networks ONE,OTHER."
    )
    return (Finding(kind="sessions-out-of-reach", message=message),)
