"""Two sides of stored sessions, case by case: what is said of each case, and which are missing.

Knows how a case of one session is set against the same case of another; refuses to know what makes a verdict, where
sessions are stored and how a comparison is shown.

Sessions are never side by side: a session's time says as much about its hour as about its network. So cases are
compared by the ratio to the yardstick of each run, and what sessions disagree in beyond the scatter of their runs is
part of the standard error.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from bench.budget import MIN_RUNS
from bench.errors import NotComparableError, NothingToShowError, UsageError
from bench.judge.comparable import enumerate_values, natural
from bench.judge.estimates import looks_of, no_speed, ratios_by_run
from bench.judge.matching import Key, Pair, check_ignored, keyed, match, why_nothing
from bench.judge.verdicts import Between, Comparison, Effect, Rules, Verdict, judge, of_sessions, refused
from bench.records import Finding, Record
from bench.stats import between_groups

MIN_SESSIONS = 4
"""Fewest sessions of a case that say how far its sessions disagree. Simulated with five runs a session that scatter by
2.5 % and sessions that disagree by 0 to 5 %, false alarms stay below 5 % from two on; two or three say little."""
ASSUMED = 0.01
"""Standard deviation between sessions, in log units, where the store does not say: that of the pinned networks behind
the default protocol was 0.4 to 1.2 % (docs/evidence.toml, `stability`)."""
_OWN_UNIT = frozenset({"torch", "threads", "allocator", "seats"})


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
) -> Report:
    """Compare the second side with the first, case by case.

    Args:
        first: what is compared with, of one or more sessions.
        second: what is judged, of other sessions.
        history: whatever else is stored; says how far sessions of a case disagree.
        rules: what counts as a difference.
        ignore: fields that may differ, such as `torch`.
        whole: whether the second side should hold every case of the first.

    Raises:
        UsageError: a field cannot be ignored, or a session is on both sides.
        NothingToShowError: a side holds no case.
        NotComparableError: no case of one side may be compared with one of the other; names the fields that differ.
    """
    check_ignored(ignore)
    ones, others = keyed(first), keyed(second)
    sessions = _check_sides(ones, others)
    found = match(ones, others, ignore)
    if not found.pairs:
        raise NotComparableError(why_nothing(ones, others, found.apart))
    known = keyed(record for record in history if record.session not in sessions)
    scatter = [_scatter(known.get(p.first, ()), ones[p.first], others[p.second]) for p in found.pairs]
    effects = [_effect(ones[p.first], others[p.second], s) for p, s in zip(found.pairs, scatter, strict=True)]
    looks = looks_of(record for side in (ones, others) for group in side.values() for record in group)
    rows = [
        Row(ones[p.first][-1], others[p.second][-1], finished(one, ones[p.first], others[p.second], rules))
        for p, one in zip(found.pairs, judge(effects, rules, looks), strict=True)
    ]
    rows += [Row(ones[p.first][-1], others[p.second][-1], _not_alike(p, rules)) for p in found.apart]
    assumed = [
        pair.first.network
        for pair, effect, one in zip(found.pairs, effects, scatter, strict=True)
        if isinstance(effect, Effect) and not one.sessions
    ]
    return Report(
        rows=tuple(rows),
        missing=tuple(ones[key][-1] for key in found.left if not no_speed(ones[key][-1])) if whole else (),
        new=tuple(others[key][-1] for key in found.right),
        findings=(*_ignored(found.pairs), *_assumed(assumed)),
    )


def between(*groups: Sequence[Record]) -> Between:
    """How far sessions of a case disagree, by the largest of several groups: the rest of the store, and either side.

    Each group alone, because a change between the sides is no disagreement of sessions. Of groups of one size the one
    that disagrees more. Where no group has `MIN_SESSIONS`, `ASSUMED`.
    """
    found = []
    for group in groups:
        usable = [ratios for r in group if not no_speed(r) and len(ratios := run_ratios(r)) >= MIN_RUNS]
        if len(usable) >= MIN_SESSIONS:
            found.append((len(usable), *between_groups(usable)))
    if not found:
        return Between(ASSUMED**2, math.inf, 0)
    sessions, variance, freedom = max(found, key=lambda each: each[:2])
    return Between(variance, freedom, sessions)


def run_ratios(record: Record) -> list[float]:
    """Log ratio to the yardstick of each run that counts."""
    return [*ratios_by_run(record).values()]


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


def _check_sides(ones: Mapping[Key, Sequence[Record]], others: Mapping[Key, Sequence[Record]]) -> frozenset[str]:
    """All sessions of both sides."""
    sides = [frozenset(record.session for group in side.values() for record in group) for side in (ones, others)]
    for name, sessions in zip(("first", "second"), sides, strict=True):
        if not sessions:
            raise NothingToShowError(f"the {name} side holds no case. 'levit-bench show' lists what is stored.")
    if both := sorted(sides[0] & sides[1]):
        raise UsageError(
            f"both sides hold session {enumerate_values(both)}, and a session agrees with itself. Name two sessions; "
            "two networks of one session are compared with --networks ONE,OTHER."
        )
    return sides[0] | sides[1]


def _scatter(known: Iterable[Record], first: Sequence[Record], second: Sequence[Record]) -> Between:
    """By sessions whose turns were as the first side's: those of another length scatter otherwise."""
    alike = [record for record in known if turns_of(record) == turns_of(first[-1])]
    return between(alike, first, second)


def _effect(first: Sequence[Record], second: Sequence[Record], scatter: Between) -> Effect | Finding:
    sides = []
    for side in (first, second):
        usable = [record for record in side if not no_speed(record)]
        groups = [run_ratios(record) for record in usable]
        if not any(groups) and any(run.turns for record in usable for run in record.runs):
            message = (
                f"no run of session {usable[-1].session} holds turns of the yardstick, without which sessions have no "
                "common unit. Measure it again."
            )
            return Finding(kind="no-yardstick", message=message)
        sides.append(groups)
    return of_sessions(sides[0], sides[1], scatter)


def _not_alike(pair: Pair, rules: Rules) -> Comparison:
    return refused(f"the sides differ in {_told(pair.differing)}", rules)


def _told(differing: Mapping[str, tuple[str, str]]) -> str:
    return ", ".join(f"{name} ({one}, {other})" for name, (one, other) in differing.items())


def _ignored(pairs: Iterable[Pair]) -> list[Finding]:
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


def _assumed(networks: Iterable[str]) -> tuple[Finding, ...]:
    names = sorted(set(networks), key=natural)
    if not names:
        return ()
    message = (
        f"there are fewer than {MIN_SESSIONS} other stored sessions of {enumerate_values(names)} in the same setting "
        f"to say how far sessions disagree, so a standard deviation of {ASSUMED:.0%} is assumed. Where they disagree "
        "by twice that, false alarms come several times as often; more sessions of these cases settle it."
    )
    return (Finding(kind="session-scatter-assumed", message=message),)
