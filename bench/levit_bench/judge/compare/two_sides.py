"""Comparison of two sides of stored sessions, case by case.

Two sessions are never measured side by side: a session's time depends on its hour as much as on its network. So cases
are compared by the ratio to the yardstick of each run, and the scatter between sessions, by the model of the store
(`session_scatter`), is part of the standard error.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from levit_bench.command_lines import command_line, side_by_side_line
from levit_bench.errors import NotComparableError, NothingToShowError, UsageError
from levit_bench.judge.comparability import Setting, enumerate_values, natural, setting
from levit_bench.judge.compare.matching import Key, Pair, check_ignored, edited, keyed, match, not_paired, why_nothing
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
_OWN_UNIT = frozenset({"torch", "threads", "allocator", "isolation", "shell", "allowance"})


class Row(NamedTuple):
    """One case of both sides."""

    first: Record
    """The newest of the first side."""
    second: Record
    """The newest of the second side."""
    comparison: Comparison


class Report(NamedTuple):
    """The comparison of every case of both sides."""

    rows: tuple[Row, ...]
    """Networks that both sides hold, cases that may not be compared included."""
    missing: tuple[Record, ...] = ()
    """Cases that only the first side holds, and has times of."""
    new: tuple[Record, ...] = ()
    """Cases that only the second side holds."""
    findings: tuple[Finding, ...] = ()
    """Findings about the comparison; why a case has no limits is with its row."""

    def having(self, verdict: Verdict) -> tuple[Row, ...]:
        """The rows with this verdict."""
        return tuple(row for row in self.rows if row.comparison.verdict == verdict)

    @property
    def failed(self) -> tuple[Row, ...]:
        """Rows whose case failed or was skipped on the second side."""
        return tuple(row for row in self.rows if row.second.outcome != "done")

    @property
    def unmatched(self) -> tuple[Row, ...]:
        """Rows whose network both sides hold, in settings that may not be compared."""
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
        first: the side to compare with, of one or more sessions.
        second: the side that is judged, of other sessions.
        history: all other stored records; those not newer than both sides give the scatter between sessions.
        rules: what counts as a difference.
        ignore: fields that may differ, such as `torch`.
        whole: whether the second side should hold every case of the first.
        looks: number of second sides that are compared with this first one; each costs confidence.

    Raises:
        UsageError: a field cannot be ignored, or a session is on both sides.
        NothingToShowError: a side holds no case.
        NotComparableError: no case of one side may be compared with one of the other; names the fields that differ.
    """
    check_ignored(ignore)
    first_side, second_side = keyed(first), keyed(second)
    check_sides(first_side, second_side)
    matched = match(first_side, second_side, ignore)
    if not matched.pairs:
        raise NotComparableError(why_nothing(first_side, second_side, matched.apart, matched.ambiguous))
    evidence = _Evidence(history, first_side, second_side)
    effects = [evidence.effect(pair) for pair in matched.pairs]
    looks *= looks_of(record for side in (first_side, second_side) for group in side.values() for record in group)
    judged = judge([effect for effect, _ in effects], rules, looks)
    rows = [
        Row(
            first_side[pair.first][-1],
            second_side[pair.second][-1],
            finished(comparison, first_side[pair.first], second_side[pair.second], rules),
        )
        for pair, comparison in zip(matched.pairs, judged, strict=True)
    ]
    rows += [
        Row(first_side[pair.first][-1], second_side[pair.second][-1], not_alike(pair, rules)) for pair in matched.apart
    ]
    measured = [
        (pair, effect, case_scatter)
        for pair, (effect, case_scatter) in zip(matched.pairs, effects, strict=True)
        if case_scatter
    ]
    return Report(
        rows=tuple(rows),
        missing=tuple(first_side[key][-1] for key in matched.left if not no_speed(first_side[key][-1]))
        if whole
        else (),
        new=tuple(second_side[key][-1] for key in matched.right),
        findings=(
            *ignored(matched.pairs),
            *edited(matched.pairs),
            *not_paired(matched),
            *_company(matched.pairs, evidence),
            *_assumed([(pair.first.network, case_scatter) for pair, _, case_scatter in measured]),
            *_out_of_reach(judged, [(pair.second.network, case_scatter) for pair, _, case_scatter in measured], rules),
        ),
    )


class _Evidence:
    """Sessions of every case from the store, and their scatter, computed once."""

    def __init__(self, history: Iterable[Record], first_side: _Keyed, second_side: _Keyed) -> None:
        sides = {record.session for side in (first_side, second_side) for group in side.values() for record in group}
        # Sessions after both sides may hold changes that neither has.
        newest = max(sides)
        earlier = [record for record in history if record.session <= newest]
        self._first_records, self._second_records = first_side, second_side
        settings = {key.setting for key in (*first_side, *second_side)}
        earlier_by_key = keyed(
            record for record in earlier if record.session not in sides and setting(record) in settings
        )
        side_records = [record for side in (first_side, second_side) for group in side.values() for record in group]
        self._company = Company.seen_in((*earlier, *side_records))
        self.first = {key: ratios(group, self._company) for key, group in first_side.items()}
        self.second = {key: ratios(group, self._company) for key, group in second_side.items()}
        # Sessions whose turns were of another length scatter otherwise.
        alike = {turns_of(group[-1]) for side in (first_side, second_side) for group in side.values()}
        self._known = {
            key: ratios((r for r in group if turns_of(r) in alike), self._company)
            for key, group in earlier_by_key.items()
        }
        self._scales: dict[Setting, float] = {}

    def effect(self, pair: Pair) -> tuple[Effect | Finding, Scatter | None]:
        """The effect of the second side against the first, and the scatter between sessions behind it."""
        sides = []
        for name, side, group in (
            ("first", self.first[pair.first], self._first_records[pair.first]),
            ("second", self.second[pair.second], self._second_records[pair.second]),
        ):
            sessions = [session for session in side if session.runs >= MIN_RUNS]
            if not sessions:
                timed = [record for record in group if not no_speed(record)]
                return none_of(name, side, timed), None
            sides.append(sessions)
        session_scatter = self.scatter(pair)
        return between(sides[0], sides[1], session_scatter), session_scatter

    def scatter(self, pair: Pair) -> Scatter:
        """Scatter between sessions of a case, history and sides each about their own mean: a change is not scatter."""
        before = [self._known.get(key, []) for key in dict.fromkeys((pair.first, pair.second))]
        scale = max(self._scale(pair.first.setting), self._scale(pair.second.setting))
        return scatter([*before, self.first[pair.first], self.second[pair.second]], scale)

    def apart(self, pair: Pair) -> bool:
        """Whether the sessions that count were in other company on the one side than on the other."""
        sides = (self.first[pair.first], self.second[pair.second])
        first_companies, second_companies = (
            {session.company: 1.0 for session in side if session.runs >= MIN_RUNS} for side in sides
        )
        return company_variance(first_companies, second_companies) > 0

    def _scale(self, of_setting: Setting) -> float:
        if of_setting not in self._scales:
            keys = {key for key in (*self._known, *self.first, *self.second) if key.setting == of_setting}
            sides = (self._known, self.first, self.second)
            self._scales[of_setting] = setting_scale([[side.get(key, []) for side in sides] for key in keys])
        return self._scales[of_setting]


_Keyed = Mapping[Key, Sequence[Record]]


def between(first: Sequence[CaseSession], second: Sequence[CaseSession], case_scatter: Scatter) -> Effect | Finding:
    """The effect from two sides' sessions of one case, or the finding that says why there is none."""
    first_mean, second_mean = mean(first, case_scatter), mean(second, case_scatter)
    companies = company_variance(company_shares(first, case_scatter), company_shares(second, case_scatter))
    more = companies + drift_variance(first, second, case_scatter)
    whole = first_mean.variance + second_mean.variance + more
    if math.sqrt(whole) <= NO_SCATTER:
        return no_scatter()
    return Effect(
        second_mean.log - first_mean.log,
        math.sqrt(whole),
        case_scatter.freedom,
        min(first_mean.runs, second_mean.runs),
        METHOD,
    )


def none_of(name: str, side: Sequence[CaseSession], timed: Sequence[Record]) -> Finding:
    """Finding of a side without a session that counts."""
    if not side and any(run.turns for record in timed for run in record.runs):
        message = (
            f"no run of session {timed[-1].session} holds turns of the yardstick, without which sessions have no "
            "common unit. Measure it again."
        )
        return Finding(kind="no-yardstick", message=message)
    return too_few(f"the {name} has {counted(max((session.runs for session in side), default=0))}")


def turns_of(record: Record) -> tuple[float, ...]:
    """Length of its turns by the protocol, which decides how far they scatter."""
    protocol = record.protocol
    return protocol.settle_passes, protocol.turn_s, protocol.min_passes, protocol.max_passes


def finished(
    comparison: Comparison,
    first: Sequence[Record],
    second: Sequence[Record],
    rules: Rules,
) -> Comparison:
    """The comparison; refused where a side of it has no time."""
    for which, side in (("second", second), ("first", first)):
        if all(no_speed(record) for record in side) and (why := no_speed(side[-1])):
            return refused(f"no time on the {which} side: {why.message}", rules, (why,))
    return comparison


def check_sides(first_side: _Keyed, second_side: _Keyed) -> None:
    """Refuse a side without a case, and a session on both."""
    sides = [
        frozenset(record.session for group in side.values() for record in group) for side in (first_side, second_side)
    ]
    for name, sessions in zip(("first", "second"), sides, strict=True):
        if not sessions:
            raise NothingToShowError(f"the {name} side holds no case. To list what is stored: {command_line('show')}")
    if both := sorted(sides[0] & sides[1]):
        raise UsageError(
            f"both sides hold session {enumerate_values(both)}, and a session agrees with itself. Name two sessions; "
            "two networks of one session are compared with --networks ONE,OTHER."
        )


def not_alike(pair: Pair, rules: Rules) -> Comparison:
    """The comparison of one network in two settings, which is refused."""
    return refused(f"the sides differ in {_in_words(pair.differing)}", rules)


def _in_words(differing: Mapping[str, tuple[str, str]]) -> str:
    return ", ".join(
        f"{name} ({first_value}, {second_value})" for name, (first_value, second_value) in differing.items()
    )


def ignored(pairs: Iterable[Pair]) -> list[Finding]:
    """Findings of ignored differences, one for all cases that differ in the same fields."""
    alike: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair.differing:
            alike.setdefault(_in_words(pair.differing), []).append(pair)
    findings = []
    for differences, group in alike.items():
        names = enumerate_values(list(dict.fromkeys(pair.second.network for pair in group)))
        message = f"compared although the sides differ in {differences}: {names}."
        if group[0].differing.keys() & _OWN_UNIT:
            message += " Each side is told in its own yardstick, which the difference may have changed, too."
        findings.append(Finding(kind="ignored-difference", message=message))
    return findings


def _company(pairs: Iterable[Pair], evidence: _Evidence) -> tuple[Finding, ...]:
    """Finding of cases that were timed beside other cases on one side than on the other."""
    names = [pair.second.network for pair in pairs if evidence.apart(pair)]
    if not names:
        return ()
    message = (
        f"{enumerate_values(sorted(set(names), key=natural))}: timed beside other cases on the one side than on the "
        f"other, which moves a ratio by {COMPANY:.0%} (standard deviation between companies); the limits hold it. "
        "Compare sessions of the same cases for narrower ones."
    )
    return (Finding(kind="company-differs", message=message),)


def _assumed(cases: Sequence[tuple[str, Scatter]]) -> tuple[Finding, ...]:
    names = sorted(
        {network for network, session_scatter in cases if session_scatter.sessions < FEW_SESSIONS}, key=natural
    )
    if not names:
        return ()
    message = (
        f"there are fewer than {FEW_SESSIONS} earlier sessions of {enumerate_values(names)} in the same setting to say "
        f"how far sessions disagree, so the limits rest on a standard deviation of {PRIOR:.0%} that is assumed, and on "
        "the other cases. Earlier sessions of these cases narrow them; two sides in one session need none"
        f"{_in_one_session(network for network, _ in cases)}"
    )
    return (Finding(kind="session-scatter-assumed", message=message),)


def _in_one_session(networks: Iterable[str]) -> str:
    """The end of a sentence: how two of these networks are compared in the newest session, where there are two."""
    compare = side_by_side_line("last", [*networks])
    return "." if compare is None else f": {compare}"


def _out_of_reach(
    judged: Sequence[Comparison], cases: Sequence[tuple[str, Scatter]], rules: Rules
) -> tuple[Finding, ...]:
    """Finding that no budget lets two sessions find `min_effect`, where a case is inconclusive for that reason."""
    if not cases or not any(comparison.verdict == Verdict.INCONCLUSIVE and comparison.ratio for comparison in judged):
        return ()
    usual = middle([case_scatter for _, case_scatter in cases])
    if not usual.deviation > 0:
        return ()
    family = max(comparison.family for comparison in judged)
    least = least_between_sessions(usual.deviation, usual.freedom, looks=family, rules=Rules(0.0, 0.0))
    if least is None or least <= 1 + rules.min_effect:
        return ()
    assumed = "differ" if usual.sessions >= FEW_SESSIONS else "are assumed to differ"
    message = (
        f"sessions of these cases {assumed} by {usual.deviation:.1%} (standard deviation, runs excluded), so no "
        f"budget lets two single sessions find less than {percent_above(least)}. To find less, "
        f"measure both sides in one session and compare them there{_in_one_session(network for network, _ in cases)}"
    )
    return (Finding(kind="sessions-out-of-reach", message=message),)
