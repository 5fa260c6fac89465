"""The newest of a series of sessions, compared with a baseline that a lasting change does not enter.

    recent   = the newest session and up to four before it
    baseline = the sessions before those, without the ones that were called slower when they were the newest
    judged   = the newest alone, and all recent ones together, each against the baseline

A change that lasts is in the recent sessions for as long as it takes to be called, and is kept out of the baseline from
then on: it enters neither the scatter between sessions nor the baseline of later nights. To make it the
new baseline, name one (`levit-bench tag`). Looking every night costs: each night has a fifth of a report's chance, so
that thirty nights of unchanged code stay green in nine stores of ten (docs/statistics.md).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from levit_bench.catalog.network_calls import without_digest
from levit_bench.command_lines import command_line
from levit_bench.errors import NotComparableError, UsageError
from levit_bench.judge.comparability import Setting, enumerate_values, natural
from levit_bench.judge.compare.matching import (  # fmt: skip
    Key,
    Pair,
    check_ignored,
    edited,
    keyed,
    match,
    not_paired,
    pooled_versions,
    why_nothing,
)
from levit_bench.judge.compare.two_sides import (
    Report,
    Row,
    between,
    check_sides,
    finished,
    ignored,
    none_of,
    not_alike,
    turns_of,
)
from levit_bench.judge.estimates import looks_of, no_speed
from levit_bench.judge.variance.case_sessions import Company, id_of_any_version, ratios
from levit_bench.judge.variance.session_scatter import CaseSession, by_version, scatter, setting_scale
from levit_bench.judge.verdicts import ALPHA, Comparison, Effect, Rules, Verdict, judge
from levit_bench.numbers.units import counted as counted_in_words
from levit_bench.planning.budget import MIN_RUNS
from levit_bench.records import Finding, Record

SHARE = 5
"""Nights among which the error probability of a report is divided: a night of unchanged code is called slower or
faster, in any case, with a chance of at most ALPHA / SHARE = 1 %, slower with half of that."""
RECENT = 5
"""Sessions that are judged together."""
MOST = 20
"""Sessions of the baseline that count, the newest of them: a machine of a year ago is another one."""
LOOKS = 2
"""The newest session alone, and the recent ones together."""


class _Night(NamedTuple):
    """The effects of one case when a session was the newest."""

    effects: tuple[Effect | Finding, ...]
    recent: tuple[str, ...]
    """Names of the sessions that were judged together."""
    baseline: int = 0
    """Sessions before these that they were compared with."""
    slower: int = 0
    """Sessions that were kept out of it."""


def nightly(
    earlier: Iterable[Record],
    newest: Iterable[Record],
    rules: Rules = Rules(),  # noqa: B008 - immutable
    *,
    ignore: Collection[str] = (),
) -> Report:
    """Judge the newest session against those before it, case by case.

    Every earlier session is judged in its turn as it was when it was the newest, so that the verdict depends on the
    store alone, and not on how often the comparison was run.

    Args:
        earlier: sessions that are older, of the same machine.
        newest: one session.
        rules: what counts as a difference.
        ignore: fields that may differ.

    Raises:
        UsageError: `newest` holds more than one session, or a field cannot be ignored.
        NothingToShowError: a side holds no case.
        NotComparableError: no case was in an earlier session in the same setting; names the fields that differ.
    """
    check_ignored(ignore)
    earlier_records = list(earlier)
    second_side = keyed(newest)
    first_side = pooled_versions(keyed(earlier_records), second_side)
    check_sides(first_side, second_side)
    if len(names := {record.session for group in second_side.values() for record in group}) > 1:
        raise UsageError(f"'before' judges one session against those before it, and these are {len(names)}.")
    matched = match(first_side, second_side, ignore)
    if not matched.pairs:
        raise NotComparableError(why_nothing(first_side, second_side, matched.apart, matched.ambiguous))
    before = {
        pair.second: [
            record for record in first_side[pair.first] if turns_of(record) == turns_of(second_side[pair.second][-1])
        ]
        for pair in matched.pairs
    }
    company = Company.seen_in((*earlier_records, *(record for group in second_side.values() for record in group)))
    series = {key: _countable(ratios((*group, *second_side[key]), company)) for key, group in before.items()}
    looks = {
        record.session: looks_of([record]) for group in (*before.values(), *second_side.values()) for record in group
    }
    nights = _nights(series, second_side, rules, looks)
    rows = [
        Row(
            first_side[pair.first][-1],
            second_side[pair.second][-1],
            _comparison(pair, nights, series, before, second_side, rules, looks),
        )
        for pair in matched.pairs
    ]
    rows += [
        Row(first_side[pair.first][-1], second_side[pair.second][-1], not_alike(pair, rules)) for pair in matched.apart
    ]
    count = counted(max(map(len, series.values())) - 1, baseline=_baseline_words(nights))
    gone = _gone(earlier_records, matched.left, first_side)
    fresh = tuple(second_side[key][-1] for key in matched.right)
    about_files = *edited(matched.pairs), *_versions(before), *not_paired(matched)
    return Report(tuple(rows), new=fresh, findings=(*ignored(matched.pairs), *about_files, *gone, *count))


def _versions(before: Mapping[Key, Sequence[Record]]) -> tuple[Finding, ...]:
    """Finding of networks whose file was edited since earlier sessions, which are in the same series."""
    edited_sessions = {
        key: sum(record.case.network != key.network for record in records) for key, records in before.items()
    }
    names = [
        f"{without_digest(key.network)} (in {count} of {counted_in_words(len(before[key]), 'earlier session')})"
        for key, count in edited_sessions.items()
        if count
    ]
    if not names:
        return ()
    message = (
        f"the file was another one before: {enumerate_values(sorted(set(names), key=natural))}. What its edits did is "
        "part of the ratio, and none of the scatter between sessions. Whether they compute the same was not checked, "
        "which only a gate that measures both does."
    )
    return (Finding(kind="file-edited", message=message),)


def _gone(
    earlier: Sequence[Record], unmatched: Iterable[Key], first_side: Mapping[Key, Sequence[Record]]
) -> tuple[Finding, ...]:
    """Finding of cases that the session before the newest one holds, and the newest one does not."""
    last = max(record.session for record in earlier)
    gone = sorted({key.network for key in unmatched if first_side[key][-1].session == last}, key=natural)
    if not gone:
        return ()
    message = (
        f"{enumerate_values(gone)}: in session {last}, the one before, and not in the newest. "
        "Was it left out, or did it never start? Compare the two sessions by name to be told by the exit code."
    )
    return (Finding(kind="cases-gone", message=message),)


def _comparison(
    pair: Pair,
    nights: Mapping[Key, _Night],
    series: Mapping[Key, Sequence[CaseSession]],
    before: Mapping[Key, Sequence[Record]],
    second_side: Mapping[Key, Sequence[Record]],
    rules: Rules,
    looks: Mapping[str, int],
) -> Comparison:
    earlier, newest = before[pair.second], second_side[pair.second]
    if pair.second in nights and nights[pair.second].baseline:
        comparison = _worst(nights[pair.second], rules, len(series), looks)
    else:
        name, side = ("first", earlier) if pair.second in nights else ("second", newest)
        (comparison,) = judge(
            [none_of(name, ratios(side), [record for record in side if no_speed(record) is None])], rules
        )
    return finished(comparison, earlier, newest, rules)


def _countable(sessions: Sequence[CaseSession]) -> list[CaseSession]:
    return [session for session in sessions if session.runs >= MIN_RUNS]


def _nights(
    series: Mapping[Key, Sequence[CaseSession]],
    second_side: Mapping[Key, Sequence[Record]],
    rules: Rules,
    looks: Mapping[str, int],
) -> dict[Key, _Night]:
    """The newest night of every case, judged after all nights before it."""
    newest = {key: second_side[key][-1].session for key in series}
    return {key: night for key, night, _ in walk(series, rules, looks) if night.recent[-1] == newest[key]}


def walk(
    series: Mapping[Key, Sequence[CaseSession]], rules: Rules, looks: Mapping[str, int]
) -> Iterator[tuple[Key, _Night, bool]]:
    """Every night of every case in order, and whether the case was slower that night.

    Args:
        series: sessions of each case, oldest first.
        rules: what counts as a difference.
        looks: number of looks that each session allows for.
    """
    slower: dict[Key, set[str]] = {key: set() for key in series}
    at = dict.fromkeys(series, 0)
    for name in sorted({session.name for sessions in series.values() for session in sessions}):
        present = [
            key for key, sessions in series.items() if at[key] < len(sessions) and sessions[at[key]].name == name
        ]
        for key in present:
            at[key] += 1
        sessions_so_far = {key: sessions[: at[key]] for key, sessions in series.items() if at[key]}
        scales = _scales(sessions_so_far, slower)
        for key in present:
            night = _night(sessions_so_far[key], slower[key], scales[key.setting])
            is_slower = False
            for effect, size in zip(night.effects, (1, len(night.recent)), strict=False):
                if isinstance(effect, Effect) and _is_slower(effect, rules, _family(night, len(series), looks)):
                    is_slower = True
                    slower[key].update(night.recent[-size:])
            yield key, night, is_slower


def _split(sessions: Sequence[CaseSession], slower: set[str]) -> tuple[list[CaseSession], list[CaseSession]]:
    """The baseline and the recent sessions."""
    recent = min(RECENT, max(1, (len(sessions) - 1) // 2))
    older = [session for session in sessions[:-recent] if session.name not in slower]
    return older[-MOST:], list(sessions[-recent:])


def _scales(
    sessions_by_case: Mapping[Key, Sequence[CaseSession]], slower: Mapping[Key, set[str]]
) -> dict[Setting, float]:
    groups: dict[Setting, list[list[list[CaseSession]]]] = {}
    for key, sessions in sessions_by_case.items():
        if sessions:
            groups.setdefault(key.setting, []).append(by_version(_split(sessions, slower[key])[0]))
    return {setting: setting_scale(cases) for setting, cases in groups.items()}


def _night(sessions: Sequence[CaseSession], slower: set[str], scale: float) -> _Night:
    baseline, recent = _split(sessions, slower)
    names = tuple(session.name for session in recent)
    if not baseline:
        return _Night((), names)
    # Recent sessions may hold a change, which is not scatter.
    session_scatter = scatter(by_version(baseline), scale)
    windows = [recent[-1:], recent] if len(recent) > 1 else [recent]
    effects = tuple(between(baseline, window, session_scatter) for window in windows)
    return _Night(effects, names, len(baseline), sum(session.name in slower for session in sessions[: -len(recent)]))


def _is_slower(effect: Effect, rules: Rules, family: int) -> bool:
    """The rule of `judge` for slower alone, which is fast enough for thousands of nights."""
    low, _ = effect.limits(1 - ALPHA / family)
    return low > 0 and effect.log >= math.log1p(rules.min_effect)


def _family(night: _Night, cases: int, looks: Mapping[str, int]) -> int:
    """Comparisons that share the error probability of a report, as if all were in it."""
    return SHARE * LOOKS * cases * max(looks.get(name, 1) for name in night.recent)


def _baseline_words(nights: Mapping[Key, _Night]) -> str:
    """Number of sessions that are compared, in words, of the case with the longest baseline."""
    night = max(nights.values(), key=lambda night: night.baseline, default=None)
    if night is None or not night.baseline:
        return ""
    alone = len(night.recent) == 1
    newest = "the newest session" if alone else f"the newest session, and the newest {len(night.recent)} together,"
    note = f" ({night.slower} slower ones are kept out)" if night.slower else ""
    return f"{newest} against {night.baseline} before {'it' if alone else 'these'}{note}; "


def _worst(night: _Night, rules: Rules, cases: int, looks: Mapping[str, int]) -> Comparison:
    """The newest session's comparison, unless only the recent ones together are slower or faster."""
    alone, *together = (judge([effect], rules, _family(night, cases, looks))[0] for effect in night.effects)
    decided = (Verdict.SLOWER, Verdict.FASTER)
    for joint in together:
        if alone.verdict not in decided and joint.verdict in decided:
            reason = f"the newest {len(night.recent)} sessions together: {joint.reason}"
            return msgspec.structs.replace(joint, reason=reason)
    return alone


def since(baseline: Iterable[Record], stored: Iterable[Record]) -> int:
    """Number of sessions that hold a case of a named baseline and are newer: nights compared with it so far."""
    baseline_records = list(baseline)
    last = max((record.session for record in baseline_records), default="")
    cases = {
        (record.machine.hardware.id, id_of_any_version(record))
        for record in baseline_records
        if record.info.role == "subject"
    }
    newer = (record for record in stored if record.session > last)
    return len({r.session for r in newer if (r.machine.hardware.id, id_of_any_version(r)) in cases})


def counted(nights: int, *, named: bool = False, baseline: str = "") -> tuple[Finding, ...]:
    """Finding with the number of nights and the chance of a false alarm among them.

    Args:
        nights: sessions that are, or could have been, compared with the baseline, this one included.
        named: whether the baseline has a name.
        baseline: the sessions that are compared, in words.
    """
    if nights < 1:
        return ()
    chance_a_night = ALPHA / SHARE / 2
    chance = 1 - (1 - chance_a_night) ** nights
    start = "" if named else f" A named baseline starts the count again: {command_line('tag', 'baseline', 'last')}"
    so = f", so at least once in {nights} with a chance of at most {chance:.0%}" if nights > 1 else ""
    message = (
        f"{baseline}night {nights} of these cases{' since the baseline' if named else ''}. Unchanged code is called "
        f"slower in at most {chance_a_night:.1%} of nights{so}."
        f"{start}"
    )
    return (Finding(kind="nights-counted", message=message),)
