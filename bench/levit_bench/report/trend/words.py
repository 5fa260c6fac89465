"""An event of a trend in words: what moved, by how much, between which sessions, and what else changed there."""

from __future__ import annotations

import math
from collections.abc import Sequence

from levit_bench.judge.trend.cause import Cause, shared_values
from levit_bench.judge.trend.commit_range import CommitRange
from levit_bench.judge.trend.events import Alert, Event, Moved
from levit_bench.judge.trend.series import Split
from levit_bench.numbers.units import counted, significant
from levit_bench.report.words.safe_text import NAME_LIMIT, message, shortened, visible

_NETWORKS = 3
_CONDITIONS = 6
_LONG_GAP_DAYS = 30
_NOTHING = 0.005
"""Percent below which a change is none in words."""


def size(log: float, low: float, high: float) -> str:
    """A change as a share of the time with its limits: `+5.1 % (+4.2 to +6.0)`."""
    value, *limits = (100 * math.expm1(part) for part in (log, low, high))
    return f"{_signed(value)} % ({_signed(limits[0])} to {_signed(limits[1])})"


def headline(event: Event) -> str:
    """What happened, in a sentence."""
    first = event.alerts[0]
    if event.cause is Cause.DRIFT:
        drifted = size(first.log, first.low, first.high)
        span = f"from {visible(first.last_before.session)} to {visible(first.found_with.session)}"
        return f"{shortened(first.series.case, 80)} drifted by {drifted} {span}, at no one place{_since_then(first)}."
    where = between(event)
    if event.cause is Cause.YARDSTICK:
        sized = size(first.log, first.low, first.high)
        return f"The yardstick's time changed by {sized} {where}: the machine as a whole, and no ratio to it."
    moved = [move for move in event.moves if move.is_sure and not move.series.is_yardstick]
    return f"{_who(event, moved)} changed by {_sizes(moved)} {where}: {_why(event, moved)}."


def _since_then(drifted: Alert) -> str:
    """What became of a drift since it was found."""
    if drifted.explained_by:
        return f"; the change {drifted.explained_by}, found later, accounts for it"
    return "" if drifted.today is None else f"; by the last session {size(*drifted.today)}"


def _who(event: Event, moved: Sequence[Moved]) -> str:
    networks = list(dict.fromkeys(shortened(move.series.network, NAME_LIMIT) for move in moved))
    if event.cause is Cause.ALL or len(networks) > _NETWORKS:
        return f"{event.moved} of {counted(event.of, 'case')} ({counted(len(networks), 'network')})"
    if len(moved) == 1:
        return shortened(moved[0].series.case, 80)
    return f"{counted(len(moved), 'case')} of {' and '.join(networks)}"


def _why(event: Event, moved: Sequence[Moved]) -> str:
    others = event.of - event.moved
    still = f"{counted(others, 'other case')} did not" if others else "no other case was measured on both sides"
    if event.cause is Cause.ALL:
        return "nearly all networks at once, so the machine or a package"
    if event.cause is Cause.UNTOLD:
        return f"{still}, so that the network, the machine and the packages are not told apart"
    if event.cause is Cause.SETTING:
        unmoved = [move.series for move in event.moves if not move.is_sure and not move.series.is_yardstick]
        shared = shared_values([move.series for move in moved], unmoved)
        named = ", ".join(f"{name} {visible(value)}" for name, value in shared.items())
        return f"all cases of {named}, and {still}"
    if event.cause is Cause.NETWORK:
        return f"{still}, so the network"
    return f"{still}, so what these share"


def between(event: Event) -> str:
    """The sessions around a change, with the most likely place where several are possible; and how long it is from one
    to the other where that is long.
    """
    before, after = event.earliest, event.latest
    days = (after.moment - before.moment).days
    gap = f" ({days} days later)" if days >= _LONG_GAP_DAYS else ""
    likely = "" if event.is_narrow else f", most likely just before {visible(event.first_after.session)}"
    return f"between {visible(before.session)} and {visible(after.session)}{gap}{likely}"


def changed_with(event: Event) -> str:
    """What else changed at the same place; empty where nothing did."""
    parts = [
        f"{visible(name)} {shortened(before)} → {shortened(after)}"
        for name, (before, after) in event.conditions.items()
        if name not in ("revision", "commit of levit-bench")
    ]
    more = f"; and {len(parts) - _CONDITIONS} more" if len(parts) > _CONDITIONS else ""
    return "; ".join(parts[:_CONDITIONS]) + more


def commits(found: CommitRange) -> str:
    """The commits between the sessions around a change."""
    whose = "" if found.is_of_user else " of levit-bench"
    dirt = ", measured with uncommitted changes" if found.is_dirty else ""
    span = f"{visible(found.before[:10])}..{visible(found.after[:10])}"
    if found.problem:
        return f"commits{whose} {span}{dirt}: {found.problem}"
    if found.number == 0:
        return f"commit{whose} {visible(found.after[:10])} on both sides{dirt}"
    if not found.subjects:
        return f"commits{whose} {span}{dirt}"
    number = "" if found.number is None else f" ({found.number})"
    listed = "; ".join(message(subject, 80) for subject in found.subjects)
    left = (found.number or 0) - len(found.subjects)
    return f"commits{whose} {span}{number}{dirt}: {listed}{f'; and {left} older' if left > 0 else ''}"


def split_words(split: Split) -> str:
    """What changed where a series is split, and between which sessions."""
    changed = ", ".join(f"{name} {shortened(old)} → {shortened(new)}" for name, (old, new) in split.changed.items())
    return f"{changed} between {visible(split.before)} and {visible(split.after)}"


def _sizes(moved: Sequence[Moved]) -> str:
    """The sizes of the moves: one, or from the smallest to the largest."""
    if len(moved) == 1:
        return size(moved[0].log, moved[0].low, moved[0].high)
    values = sorted(100 * math.expm1(move.log) for move in moved)
    return f"{_signed(values[0])} to {_signed(values[-1])} %"


def signed(log: float) -> str:
    """A change as a number of percent with its sign."""
    return _signed(100 * math.expm1(log))


def _signed(percent: float) -> str:
    if abs(percent) < _NOTHING:
        return "0"
    rounded = significant(abs(percent), 2)
    return ("+" if percent >= 0 else "−") + rounded
