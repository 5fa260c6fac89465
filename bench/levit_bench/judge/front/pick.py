"""The pick: the best network of a panel within limits of speed and top-1, with its ties and the undecided networks.

The most accurate of many networks that seem fast enough is the one that chance favoured most: with fifty, one answer in
five is over its limit though each interval holds in 95 % (the winner's curse). So *sure* is divided among the networks
that could be a wrong answer: those that are not surely over the limit. Of the 5 % a tenth is spent on telling which
these are, and the rest divided among them; all picks together are over their limit in at most 5 %.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec

from levit_bench.errors import NotComparableError
from levit_bench.judge.comparability import differing, enumerate_values, setting
from levit_bench.judge.estimates import LEVEL, limits_at
from levit_bench.judge.front.panel_limits import require_comparable
from levit_bench.judge.front.panels import Panel, once
from levit_bench.judge.front.points import Point
from levit_bench.judge.front.ties import DIGITS
from levit_bench.judge.metrics import Metric
from levit_bench.judge.paired_ratio import Ratio, paired, unpaired
from levit_bench.judge.throughput import paired_images
from levit_bench.judge.variance.session_drift import Drifts
from levit_bench.numbers.units import counted
from levit_bench.records import Case, Estimate, ImageShape, Record

Goal = Literal["top1", "speed"]
SPENT = 0.1
"""Share of the 5 % that is spent on telling which networks are surely over the limit."""


class Limits(NamedTuple):
    """Limits of the pick; at least one is given."""

    max_latency_s: float | None = None
    """Seconds a batch."""
    min_images_per_s: float | None = None
    """Images a second at the panel's batch, all streams together."""
    min_top1: float | None = None
    """Percent."""

    @property
    def goal(self) -> Goal:
        """What is best: within a limit of speed the most accurate, otherwise the fastest."""
        return "speed" if self.max_latency_s is None and self.min_images_per_s is None else "top1"

    @property
    def metric(self) -> Metric:
        """What *fastest* means: where images a second alone are limited the throughput, otherwise the latency."""
        return "throughput" if self.max_latency_s is None and self.min_images_per_s is not None else "latency"


class Fit(StrEnum):
    """Where an interval lies with regard to a limit."""

    YES = "yes"
    """The whole interval is within it."""
    OPEN = "open"
    """The limit lies inside the interval, or there is no interval."""
    NO = "no"
    """The whole interval is beyond it."""


class Tie(NamedTuple):
    """A network that is as good as the answer by the goal."""

    point: Point
    ratio: Ratio
    """How many times as long it takes as the answer: a batch, or where the panel is of throughputs an image."""


class AnotherDay(NamedTuple):
    """Whether an answer is within the limits in a session of another day, which drifts as a whole."""

    highest_s: float
    """Seconds a batch that the answer of today takes at most on another day, at `level`."""
    within: bool
    """Whether it is sure to be within the limits then."""
    answer: Point | None
    """The best network that is; absent when none is."""
    answer_highest_s: float | None
    """Seconds a batch that this one takes at most then."""
    level: float
    """At which intervals must be within the limits, for an answer to be so with 95 %."""


class Pick(NamedTuple):
    """The answer in one panel."""

    panel: Panel
    limits: Limits
    answer: Point | None
    """The network; absent when none is sure to be within the limits."""
    among: int
    """Networks that are sure to be within the limits."""
    ties: tuple[Tie, ...]
    """Networks equal in top-1, or not distinguishable in speed: whichever is the goal. Fastest first."""
    undecided: tuple[Point, ...]
    """Networks that would be the better answer if they were within the limits, which their intervals leave open."""
    nearest: tuple[Point, ...]
    """When no network may be within the limits: the fastest that is accurate enough, and the most accurate that is fast
    enough, of those there are."""
    level: float = LEVEL
    """At which the interval of each network must be within the limits, for the answer to be so with 95 %."""
    another_day: AnotherDay | None = None
    """The answer beyond the session; absent without a limit of speed, and where its drift is not known."""

    def __repr__(self) -> str:
        answer = self.answer.label if self.answer is not None else "no network"
        return f"<Pick: {answer} of {len(self.panel.points)} networks>"


def fit(point: Point, limits: Limits, level: float = LEVEL) -> Fit:
    """Whether a network is within all limits of speed, as far as its intervals say: each is judged by its own.

    Args:
        point: the network.
        limits: those of the pick.
        level: of the interval that must be within a limit; one beyond it is so at 95 %.
    """
    fits = []
    if limits.max_latency_s is not None:
        fits.append(at_most(point.latency, limits.max_latency_s, level))
    if limits.min_images_per_s is not None:
        fits.append(at_least(point.throughput, limits.min_images_per_s, level))
    return next((worst for worst in (Fit.NO, Fit.OPEN) if worst in fits), Fit.YES)


def at_most(estimate: Estimate, limit: float, level: float = LEVEL) -> Fit:
    """Whether an estimate is within an upper limit, as far as its interval says."""
    if limits_at(estimate, level)[1] <= limit:
        return Fit.YES
    return Fit.NO if estimate.low > limit else Fit.OPEN


def at_least(estimate: Estimate, limit: float, level: float = LEVEL) -> Fit:
    """Whether an estimate is within a lower limit, as far as its interval says."""
    if limits_at(estimate, level)[0] >= limit:
        return Fit.YES
    return Fit.NO if estimate.high < limit else Fit.OPEN


def shared_level(points: Sequence[Point], limits: Limits) -> float:
    """The level at which each of the points must be within the limits, for any answer among them to be so with 95 %."""
    are_over = [_surely_over(p, limits, 1 - 2 * SPENT * (1 - LEVEL) / max(1, len(points))) for p in points]
    return max(LEVEL, 1 - 2 * (1 - SPENT) * (1 - LEVEL) / max(1, are_over.count(False)))


def _surely_over(point: Point, limits: Limits, level: float) -> bool:
    slow = limits.max_latency_s is not None and limits_at(point.latency, level)[0] > limits.max_latency_s
    least = limits.min_images_per_s
    return slow or (least is not None and limits_at(point.throughput, level)[1] < least)


def shown_top1(point: Point) -> float:
    """Top-1 to the published digit."""
    return round(point.accuracy.top1, DIGITS)


def pick(panel: Panel, records: Iterable[Record], limits: Limits, drift: Drifts | None = None) -> Pick:
    """The best network within the limits. The order of the records does not matter.

    Args:
        panel: the points that may be compared; its metric decides which of equals is faster.
        records: what the panel was made from, for ratios paired by run; others are passed over.
        limits: at least one.
        drift: how far sessions of this machine drift, for the answer on another day.
    """
    candidates = list(records)
    enough = [p for p in panel.points if limits.min_top1 is None or p.accuracy.top1 >= limits.min_top1]
    level = shared_level(enough, limits)
    fits = {p.label: fit(p, limits, level) for p in panel.points}
    by_goal = _order(limits.goal, panel.metric)
    sure = sorted((p for p in enough if fits[p.label] is Fit.YES), key=by_goal)
    answer = sure[0] if sure else None
    open_ = [p for p in enough if fits[p.label] is Fit.OPEN and (answer is None or _better(p, answer, panel.metric))]
    return Pick(
        panel=panel,
        limits=limits,
        answer=answer,
        among=len(sure),
        ties=_ties(panel, sure, candidates, limits.goal),
        undecided=tuple(sorted(open_, key=by_goal)),
        nearest=() if answer or open_ else _nearest(panel, enough, fits),
        level=level,
        another_day=_another_day(panel, candidates, enough, answer, limits, drift),
    )


def _another_day(
    panel: Panel,
    records: Iterable[Record],
    enough: Sequence[Point],
    answer: Point | None,
    limits: Limits,
    drift: Drifts | None,
) -> AnotherDay | None:
    """The answer in a session of another day: every network with the drift of its sessions."""
    if answer is None or drift is None or limits.goal == "speed":
        return None
    groups = _groups(panel, records, enough)
    days = {p.label: _on_another_day(p, groups.get(p.case, ()), drift) for p in enough}
    days_known = [day for day in days.values() if day is not None]
    answer_day = days[answer.label]
    if answer_day is None:
        return None
    level = shared_level(days_known, limits)
    within = [day for day in days_known if fit(day, limits, level) is Fit.YES]
    best = min(within, key=_order(limits.goal, panel.metric), default=None)
    return AnotherDay(
        highest_s=limits_at(answer_day.latency, level)[1],
        within=any(day.label == answer.label for day in within),
        answer=None if best is None else next(p for p in enough if p.label == best.label),
        answer_highest_s=None if best is None else limits_at(best.latency, level)[1],
        level=level,
    )


def _on_another_day(point: Point, group: Sequence[Record], drift: Drifts) -> Point | None:
    """The point with intervals that hold in another session; None where its drift is not known."""
    effect = drift.another_day(group[-1]) if group else None
    if effect is None:
        return None
    half = effect.limits(LEVEL)[1] - effect.log
    return msgspec.structs.replace(
        point,
        latency=_around(point.latency, half, effect.freedom),
        throughput=_around(point.throughput, half, effect.freedom),
    )


def _around(estimate: Estimate, half: float, freedom: float) -> Estimate:
    half = min(half, 300.0)
    return msgspec.structs.replace(
        estimate, low=estimate.value * math.exp(-half), high=estimate.value * math.exp(half), freedom=freedom
    )


def only(panels: Sequence[Panel]) -> Panel:
    """The one panel that has points: an answer needs one setting.

    Raises:
        NothingToShowError: no panel has a point; the message says why.
        NotComparableError: several have; the message names the fields that differ, and a choice that leaves one.
            Where only their sets of images differ it names these, with the networks of each.
    """
    require_comparable(panels, limit=len(panels))
    with_points = [panel for panel in panels if panel.points]
    if len(with_points) == 1:
        return with_points[0]
    differing_fields, sets = differing([p.fields for p in with_points]), _sets(with_points)
    if [*differing_fields] == ["set"]:
        raise NotComparableError(f"cannot pick one network: accuracies are on {len(sets)} sets of images. {_of(sets)}")
    named = [f"{name} ({enumerate_values(texts)})" for name, texts in differing_fields.items()]
    choice = " ".join(
        f"--set {shlex.quote(value)}" if name == "set" else f"--where {shlex.quote(f'{name}={value}')}"
        for name, value in one_of(with_points).items()
    )
    raise NotComparableError(
        f"cannot pick one network: the records are of {len(with_points)} settings, which differ in {', '.join(named)}. "
        f"Choose one, such as the newest session's: {choice}" + (f". {_of(sets)}" if len(sets) > 1 else "")
    )


def _sets(with_points: Sequence[Panel]) -> dict[str, int]:
    """The sets of images in words, in the panels' order, with how many networks were scored on each."""
    networks: dict[str, set[tuple[str, ImageShape]]] = {}
    for panel in with_points:
        scored = networks.setdefault(panel.fields["set"], set())
        scored.update((point.case.network, point.case.shape) for point in panel.points)
    return {words: len(scored) for words, scored in networks.items()}


def _of(sets: Mapping[str, int]) -> str:
    """How to choose a set."""
    choices = [f"--set {shlex.quote(words)} ({counted(count, 'network')})" for words, count in sets.items()]
    return f"Choose a set: {', '.join(choices[:-1])} or {choices[-1]}"


def one_of(panels: Sequence[Panel]) -> dict[str, str]:
    """Fields and values that leave one of several panels: of those of the newest session the one with most points."""
    chosen = max(panels, key=lambda panel: (max(origin.session for origin in panel.origins), len(panel.points)))
    fields, other_fields = chosen.fields, [panel.fields for panel in panels if panel is not chosen]
    choice: dict[str, str] = {}
    while other_fields:
        name = max(fields, key=lambda field: sum(entry[field] != fields[field] for entry in other_fields))
        remaining = [entry for entry in other_fields if entry[name] == fields[name]]
        if len(remaining) == len(other_fields):
            break  # Settings that read alike and differ: no choice by field separates them.
        choice[name], other_fields = fields[name], remaining
    return choice


def _order(goal: Goal, metric: Metric) -> Callable[[Point], tuple[float, float, str]]:
    if goal == "speed":
        return lambda p: (p.seconds(metric).value, -p.accuracy.top1, p.label)
    return lambda p: (-shown_top1(p), p.seconds(metric).value, p.label)


def _better(point: Point, answer: Point, metric: Metric) -> bool:
    """More accurate; or equally accurate and faster, by the best estimates."""
    seconds, answer_seconds = point.seconds(metric).value, answer.seconds(metric).value
    return (shown_top1(point), -seconds) > (shown_top1(answer), -answer_seconds)


def _ties(panel: Panel, sure: Sequence[Point], records: Iterable[Record], goal: Goal) -> tuple[Tie, ...]:
    if not sure:
        return ()
    answer, *rivals = sure
    if goal == "top1":
        rivals = [point for point in rivals if shown_top1(point) == shown_top1(answer)]
    groups = _groups(panel, records, (answer, *rivals))
    by_runs = paired if panel.metric == "latency" else paired_images
    found_ties = []
    for point in rivals:
        ratio = by_runs(groups.get(point.case, ()), groups.get(answer.case, ()))
        ratio = ratio or unpaired(point.seconds(panel.metric), answer.seconds(panel.metric))
        # A network that is faster by pairs and slower by the pooled figures is not clearly slower than the answer.
        if goal == "top1" or ratio.low <= 1:
            found_ties.append(Tie(point, ratio))
    return tuple(found_ties)


def _groups(panel: Panel, records: Iterable[Record], points: Iterable[Point]) -> dict[Case, list[Record]]:
    """Records of the points' cases in the panel's setting, one a session, in order."""
    cases = {point.case for point in points}
    groups: dict[Case, list[Record]] = {}
    for record in records:
        if record.case in cases and record.info.role == "subject" and setting(record) == panel.setting:
            groups.setdefault(record.case, []).append(record)
    return {case: once(group) for case, group in groups.items()}


def _nearest(panel: Panel, enough: Sequence[Point], fits: Mapping[str, Fit]) -> tuple[Point, ...]:
    """Of what is accurate enough the fastest, of what is fast enough the most accurate; else the most accurate."""
    quick = [point for point in panel.points if fits[point.label] is Fit.YES]
    fastest, best = _order("speed", panel.metric), _order("top1", panel.metric)
    nearest = [min(enough, key=fastest)] if enough else []
    nearest += [min(quick, key=best)] if quick else []
    return tuple(nearest) or (min(panel.points, key=best),)
