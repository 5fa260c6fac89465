"""The newest of a row of sessions against a baseline that a lasting change does not enter.

Knows sessions of the same cases in order; refuses to know where they are stored and how a comparison is shown.

    recent   = the newest session and up to four before it
    baseline = the sessions before those, without the ones that were called slower when they were the newest
    judged   = the newest alone, and all recent ones together, each against the baseline

A change that lasts is in the recent sessions for as long as it takes to be called, and is kept out of the baseline from
then on: it becomes neither the scatter of sessions nor what later nights are measured by. Whoever wants it to be the
new baseline names one (`levit-bench tag`). Looking every night costs: each night has a fifth of a report's chance, so
that thirty nights of unchanged code stay green in nine stores of ten (docs/statistics.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from bench.budget import MIN_RUNS
from bench.judge.case_sessions import Company, ratios
from bench.judge.comparable import Setting
from bench.judge.compare import Report, Row, between, finished, turns_of
from bench.judge.matching import Key, keyed
from bench.judge.session_scatter import Session, scatter, setting_scale
from bench.judge.verdicts import ALPHA, Comparison, Effect, Rules, Verdict, judge, too_few
from bench.records import Finding, Record

SHARE = 5
"""Nights among which the chance of a report is divided: a night of unchanged code is called slower or faster, in any
case, with a chance of at most ALPHA / SHARE = 1 %, slower with half of that."""
RECENT = 5
"""Sessions that are judged together."""
MOST = 20
"""Sessions of the baseline that count, the newest of them: a machine of a year ago is another one."""
LOOKS = 2
"""The newest session alone, and the recent ones together."""


class _Night(NamedTuple):
    """What was said of one case when a session was the newest."""

    effects: tuple[Effect | Finding, ...]
    recent: tuple[str, ...]
    """Names of the sessions that were judged together."""


def nightly(
    earlier: Iterable[Record],
    newest: Iterable[Record],
    rules: Rules = Rules(),  # noqa: B008 - immutable
) -> Report:
    """Judge the newest session against those before it, case by case.

    Every earlier session is judged in its turn as it was when it was the newest, so that the verdict depends on the
    store alone, and not on how often somebody asked.

    Args:
        earlier: sessions that are older, of the same machine.
        newest: one session.
        rules: what counts as a difference.
    """
    others = keyed(newest)
    kept = list(earlier)
    ones = {key: group for key, group in keyed(kept).items() if key in others}
    company = Company.seen_in((*kept, *(record for group in others.values() for record in group)))
    alike = {key: [r for r in ones.get(key, ()) if turns_of(r) == turns_of(others[key][-1])] for key in others}
    series = {key: _countable(ratios((*alike[key], *others[key]), company)) for key in others}
    nights = _nights(series, rules)
    rows, nights_before = [], 0
    for key, group in others.items():
        if not alike[key]:
            continue
        comparison = _worst(nights[key], group, rules, len(others))
        rows.append(Row(alike[key][-1], group[-1], finished(comparison, alike[key], group, rules)))
        nights_before = max(nights_before, len(series[key]) - 1)
    fresh = tuple(others[key][-1] for key in others if not alike[key])
    return Report(tuple(rows), new=fresh, findings=_counted(nights_before))


def _countable(sessions: Sequence[Session]) -> list[Session]:
    return [one for one in sessions if one.runs >= MIN_RUNS]


def _nights(series: Mapping[Key, Sequence[Session]], rules: Rules) -> dict[Key, _Night]:
    """The newest night of every case, after all nights before it have been walked through."""
    names = sorted({one.name for sessions in series.values() for one in sessions})
    slower: dict[Key, set[str]] = {key: set() for key in series}
    last: dict[Key, _Night] = {}
    for name in names:
        seen = {key: [one for one in sessions if one.name <= name] for key, sessions in series.items()}
        scales = _scales(seen, slower)
        for key, sessions in seen.items():
            if not sessions or sessions[-1].name != name:
                continue
            last[key] = night = _night(sessions, slower[key], scales[key.setting])
            for effect, size in zip(night.effects, (1, len(night.recent)), strict=False):
                if isinstance(effect, Effect) and _is_slower(effect, rules, len(series)):
                    slower[key].update(night.recent[-size:])
    return last


def _split(sessions: Sequence[Session], slower: set[str]) -> tuple[list[Session], list[Session]]:
    """The baseline and the recent sessions."""
    recent = min(RECENT, max(1, (len(sessions) - 1) // 2))
    older = [one for one in sessions[:-recent] if one.name not in slower]
    return older[-MOST:], list(sessions[-recent:])


def _scales(seen: Mapping[Key, Sequence[Session]], slower: Mapping[Key, set[str]]) -> dict[Setting, float]:
    groups: dict[Setting, list[list[list[Session]]]] = {}
    for key, sessions in seen.items():
        if sessions:
            groups.setdefault(key.setting, []).append([*_split(sessions, slower[key])])
    return {setting: setting_scale(cases) for setting, cases in groups.items()}


def _night(sessions: Sequence[Session], slower: set[str], scale: float) -> _Night:
    baseline, recent = _split(sessions, slower)
    names = tuple(one.name for one in recent)
    if not baseline:
        return _Night((too_few("no earlier session is left to be compared with"),), names)
    known = scatter([baseline, recent], scale)
    windows = [recent[-1:], recent] if len(recent) > 1 else [recent]
    return _Night(tuple(between(baseline, window, known) for window in windows), names)


def _is_slower(effect: Effect, rules: Rules, cases: int) -> bool:
    """As `judge` has it, which says more than is asked here, of thousands of nights."""
    low, _ = effect.limits(1 - ALPHA / _family(cases))
    return low > 0 and effect.log >= math.log1p(rules.min_effect)


def _family(cases: int) -> int:
    """Comparisons that share the chance of a report, as if all were in it."""
    return SHARE * LOOKS * cases


def _worst(night: _Night, group: Sequence[Record], rules: Rules, cases: int) -> Comparison:
    """The newest session's comparison, unless only the recent ones together are slower or faster."""
    alone, *together = (judge([effect], rules, _family(cases))[0] for effect in night.effects)
    for one in together:
        if alone.verdict not in (Verdict.SLOWER, Verdict.FASTER) and one.verdict in (Verdict.SLOWER, Verdict.FASTER):
            return _told(one, len(night.recent))
    return alone


def _told(one: Comparison, sessions: int) -> Comparison:
    return msgspec.structs.replace(one, reason=f"the newest {sessions} sessions together: {one.reason}")


def _counted(nights: int) -> tuple[Finding, ...]:
    """How many nights were looked at, and what that makes of a chance."""
    if not nights:
        return ()
    each = ALPHA / SHARE / 2
    chance = 1 - (1 - each) ** nights
    message = (
        f"{nights} session{'s' if nights > 1 else ''} of these cases came before, each judged as a night of its own: "
        f"unchanged code is called slower in at most {each:.1%} of nights, so in at most {chance:.0%} of rows of "
        f"{nights}. A named baseline starts the count again: levit-bench tag NAME SESSION."
    )
    return (Finding(kind="nights-counted", message=message),)
