"""The pick: the best network, and the setting to use it in, within limits of speed and top-1.

The most accurate of many networks that seem fast enough is the one that chance favoured most: with fifty, one answer in
five is over its limit though each interval holds in 95 % (the winner's curse). So *sure* is divided among the networks
that could be a wrong answer: those that are not surely over the limit. Of the 5 % a tenth is spent on telling which
these are, and the rest divided among them; all picks together are over their limit in at most 5 %. A network in two
settings is two candidates.

Of passes that are too few for a percentile, the median may still tell that it is over the limit: from the 50th on, a
percentile is at least the median. Fewer than `MIN_RUNS` runs make nothing sure, as on the front.

A limit is in seconds, or in images of a second, and sessions of one machine drift against each other. Where a panel
joins several, the interval that is held against a limit reaches over all of them: from its lower limit in the session
in which the yardstick was fastest to its upper one in that in which it was slowest. What is sure was so in each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from levit_bench.judge.comparability import setting
from levit_bench.judge.estimates import LEVEL, has_passes, limits_at
from levit_bench.judge.front.labelled_alike import labelled_alike
from levit_bench.judge.front.panels import Panel, once
from levit_bench.judge.front.pick_settings import PickSettings
from levit_bench.judge.front.points import Point
from levit_bench.judge.front.ties import DIGITS
from levit_bench.judge.metrics import Metric
from levit_bench.judge.missing_passes import MissingPasses, missing_passes
from levit_bench.judge.paired_ratio import Ratio, paired, unpaired
from levit_bench.judge.percentiles import percentile
from levit_bench.judge.throughput import paired_images
from levit_bench.judge.variance.session_drift import Drifts
from levit_bench.planning.budget import MIN_RUNS
from levit_bench.records import Case, Estimate, Finding, Record

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
    percentile: float | None = None
    """Share of the passes that take at most `max_latency_s`, such as 0.95; absent: the median pass."""

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
    UNKNOWN = "unknown"
    """The figure is not known, and no other one tells that it is beyond."""
    NO = "no"
    """The whole interval is beyond it."""


_FITS = (Fit.YES, Fit.OPEN, Fit.UNKNOWN, Fit.NO)
"""From the best to the worst."""


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


class YardstickDrift(NamedTuple):
    """How far two sessions of one panel are apart, by their yardsticks."""

    factor: float
    """How many times as long the yardstick takes in the slowest session as in the fastest."""
    slowest: str
    """Name of the session."""
    fastest: str
    """Name of the session."""


class Standing(StrEnum):
    """What keeps a network from being the answer."""

    INACCURATE = "not accurate enough"
    TOO_SLOW = "too slow"
    OPEN = "may fit"
    UNKNOWN = "too few passes"
    LESS_ACCURATE = "less accurate"
    AS_ACCURATE = "as accurate, slower"
    SLOWER = "slower"


class Rival(NamedTuple):
    """A network that was considered and is not the answer, in the best of its settings."""

    point: Point
    """With the percentile as its latency where one is limited; with the median where `is_known` is false."""
    standing: Standing
    """What keeps it from being the answer."""
    is_known: bool = True
    """Whether its latency is known: false of a percentile for which it has too few passes."""
    missing: MissingPasses | None = None
    """What it lacks for a percentile with both limits, where more passes could make it the answer."""


class SettingPick(NamedTuple):
    """The best network of one setting."""

    panel: Panel
    point: Point | None
    """Absent where none is sure to be within the limits."""
    among: int
    """Networks that are sure to be within the limits there."""
    nearest: Point | None
    """Where there is none: the network that may be, or else comes nearest."""


class Pick(NamedTuple):
    """The answer among the networks of one or several settings."""

    panels: tuple[Panel, ...]
    """The settings, each with all its networks."""
    limits: Limits
    answer: Point | None
    """The network, whose `case` has the setting; absent when none is sure to be within the limits."""
    among: int
    """Candidates that are sure to be within the limits: networks, each once in every setting."""
    networks_within: int
    """Networks that are so in one setting at least."""
    ties: tuple[Tie, ...]
    """Equal in top-1, or not distinguishable in speed: whichever is the goal. Fastest first; other networks, and the
    answer's own in other settings."""
    undecided: tuple[Point, ...]
    """Networks that would be the better answer if they were within the limits, which their intervals leave open."""
    nearest: tuple[Point, ...]
    """When no network may be within the limits: the fastest that is accurate enough, and the most accurate that is fast
    enough, of those there are."""
    level: float = LEVEL
    """At which the interval of each network must be within the limits, for the answer to be so with 95 %."""
    another_day: AnotherDay | None = None
    """The answer beyond the session; absent without a limit of speed, of a percentile, and where its drift is not
    known."""
    by_setting: tuple[SettingPick, ...] = ()
    """The best of each setting, in the order of the panels."""
    rivals: tuple[Rival, ...] = ()
    """Every other network once, the most accurate first."""
    passed_over: Mapping[str, tuple[str, ...]] = {}
    """Conditions in which older sessions of the same cases differ: the newest count."""
    unknown: int = 0
    """Networks, each once in every setting, that lack the passes for the percentile and could be within the limits."""
    drifted: YardstickDrift | None = None
    """The drift between joined sessions that leaves networks undecided; absent where their own intervals do."""
    store_of: Mapping[str, Path] = {}
    """The stores of sessions that lack passes, by the session's name."""

    def __repr__(self) -> str:
        answer = self.answer.label if self.answer is not None else "no network"
        return f"<Pick: {answer} of {self.networks} networks>"

    @property
    def networks(self) -> int:
        """Networks that were considered, each once."""
        return len({network_of(point) for panel in self.panels for point in panel.points})

    @property
    def panel(self) -> Panel:
        """The setting of the answer, or the first where there is none."""
        return self.panels[0] if self.answer is None else self.panel_of(self.answer.case)

    def panel_of(self, case: Case) -> Panel:
        """The setting of a case, which is in one of the panels."""
        return next(panel for panel in self.panels if any(point.case == case for point in panel.points))


def network_of(point: Point) -> tuple[str, object]:
    """What a network is, in any setting: its name, and the shape of its images."""
    return point.case.network, point.case.shape


class Bounds(NamedTuple):
    """The limits of a point's speeds at a level."""

    latency: Callable[[Point, float], tuple[float, float]] = lambda point, level: limits_at(point.latency, level)
    """Of its latency, in seconds a batch."""
    throughput: Callable[[Point, float], tuple[float, float]] = lambda point, level: limits_at(point.throughput, level)
    """Of its images a second."""


_OF_ESTIMATES = Bounds()


def fit(point: Point, limits: Limits, level: float = LEVEL, bounds: Bounds = _OF_ESTIMATES) -> Fit:
    """Whether a network is within all limits of speed, as far as its intervals say: each is judged by its own.

    Args:
        point: the network.
        limits: those of the pick.
        level: of the interval that must be within a limit; one beyond it is so at 95 %.
        bounds: of its speeds.
    """
    fits = []
    if limits.max_latency_s is not None:
        (_, high), (low, _) = bounds.latency(point, level), bounds.latency(point, LEVEL)
        fits.append(_side(point.latency.n, within=high <= limits.max_latency_s, beyond=low > limits.max_latency_s))
    if limits.min_images_per_s is not None:
        (low, _), (_, high) = bounds.throughput(point, level), bounds.throughput(point, LEVEL)
        least = limits.min_images_per_s
        fits.append(_side(point.throughput.n, within=low >= least, beyond=high < least))
    return next((worst for worst in (Fit.NO, Fit.OPEN) if worst in fits), Fit.YES)


def at_most(estimate: Estimate, limit: float) -> Fit:
    """Whether an estimate is within an upper limit, as far as its interval says."""
    return _side(estimate.n, within=estimate.high <= limit, beyond=estimate.low > limit)


def at_least(estimate: Estimate, limit: float) -> Fit:
    """Whether an estimate is within a lower limit, as far as its interval says."""
    return _side(estimate.n, within=estimate.low >= limit, beyond=estimate.high < limit)


def _side(runs: int, *, within: bool, beyond: bool) -> Fit:
    """Where an interval over so many runs lies that is within a limit as a whole, or beyond it, or neither."""
    if runs < MIN_RUNS:
        return Fit.OPEN
    return Fit.YES if within else Fit.NO if beyond else Fit.OPEN


def shared_level(points: Sequence[Point], limits: Limits, bounds: Bounds = _OF_ESTIMATES) -> float:
    """The level at which each of the points must be within the limits, for any answer among them to be so with 95 %."""
    level = 1 - 2 * SPENT * (1 - LEVEL) / max(1, len(points))
    are_over = [_surely_over(point, limits, level, bounds) for point in points]
    return _level_of(are_over.count(False))


def _level_of(count: int) -> float:
    """The level at which each of so many candidates is judged that are not surely over the limit."""
    return max(LEVEL, 1 - 2 * (1 - SPENT) * (1 - LEVEL) / max(1, count))


def _surely_over(point: Point, limits: Limits, level: float, bounds: Bounds) -> bool:
    if point.latency.n < MIN_RUNS:
        return False
    slow = limits.max_latency_s is not None and bounds.latency(point, level)[0] > limits.max_latency_s
    least = limits.min_images_per_s
    return slow or (least is not None and bounds.throughput(point, level)[1] < least)


def shown_top1(point: Point) -> float:
    """Top-1 to the published digit."""
    return round(point.accuracy.top1, DIGITS)


def pick(settings: PickSettings, records: Iterable[Record], limits: Limits, drift: Drifts | None = None) -> Pick:
    """The best network within the limits, and its setting. The order of the records does not matter.

    Args:
        settings: the panels to choose among, all of one metric, which decides which of equals is faster.
        records: what the panels were made from, for ratios paired by run and percentiles; others are passed over.
        limits: at least one.
        drift: how far sessions of this machine drift, for the answer on another day.

    """
    groups = _groups(settings.panels, records)
    all_panels = labelled_alike(settings.panels, (record for group in groups.values() for record in group))
    considered = _considered(all_panels, groups, limits)
    metric, candidates, bounds = all_panels[0].metric, considered.known, considered.bounds
    enough = [p for p in candidates if _accurate_enough(p, limits)]
    level = shared_level(enough, limits, bounds)
    fits = {p.case: fit(p, limits, level, bounds) for p in candidates}
    fits |= {p.case: _fit_by_median(p, limits) for p in considered.unknown}
    by_goal = _order(limits.goal, metric)
    sure = sorted((p for p in enough if fits[p.case] is Fit.YES), key=by_goal)
    answer = sure[0] if sure else None
    open_ = [p for p in enough if fits[p.case] is Fit.OPEN and (answer is None or _better(p, answer, metric))]
    unknown = [p for p in considered.unknown if fits[p.case] is Fit.UNKNOWN and _accurate_enough(p, limits)]
    undecided = sorted(open_, key=by_goal)
    return Pick(
        panels=all_panels,
        limits=limits,
        answer=answer,
        among=len(sure),
        networks_within=len({network_of(p) for p in sure}),
        ties=_ties(metric, sure, considered.on_scale, groups, limits),
        undecided=tuple(undecided),
        nearest=() if answer or open_ or not candidates else _nearest(candidates, enough, fits, metric),
        level=level,
        another_day=_another_day(groups, enough, answer, limits, metric, drift),
        by_setting=tuple(_of_setting(panel, candidates, sure, fits, limits) for panel in all_panels),
        rivals=_rivals(answer, considered, fits, limits, metric, _level_of(len(sure) + len(open_) + len(unknown))),
        passed_over=settings.passed_over,
        unknown=len(unknown),
        drifted=_drifted(all_panels, undecided, considered, limits, level),
    )


class _Considered(NamedTuple):
    """Every network in every setting."""

    known: list[Point]
    """With the latency that is limited, the median, or the percentile of the newest session with passes; and with
    intervals that are held against a limit of speed."""
    unknown: list[Point]
    """Those with too few passes for the percentile, with their medians."""
    newest: Mapping[Case, Record]
    """The newest record of each that has passes, where a percentile is limited."""
    bounds: Bounds
    """Of the speeds of those that are known."""
    on_scale: Mapping[Case, Point]
    """Those that are known with the intervals that they have on their panel's scale, without the drift between the
    sessions that it joins: that is common to the points of a panel, and no part of their ratios."""
    bounds_on_scale: Bounds
    """The same limits at any level."""


def _considered(panels: Sequence[Panel], groups: Mapping[Case, Sequence[Record]], limits: Limits) -> _Considered:
    points = [point for panel in panels for point in panel.points]
    share, known, unknown = limits.percentile, points, []
    newest = {} if share is None else {point.case: groups[point.case][-1] for point in points}
    alone = _OF_ESTIMATES
    if share is not None:
        figures = {point.case: percentile(newest[point.case], share) for point in points}
        unknown = [point for point in points if isinstance(figures[point.case], Finding)]
        known = [
            msgspec.structs.replace(point, latency=figure)
            for point in points
            if isinstance(figure := figures[point.case], Estimate)
        ]
        alone = _of_percentile(newest, share)
    drifts_of = {} if limits.goal == "speed" else _drifts_of(panels, newest)
    known_alone = {point.case: point for point in known}
    bounds = _over_drift(alone, drifts_of, known_alone)
    known = [_widened(point, bounds) if point.case in drifts_of else point for point in known]
    if drifts_of:  # Their medians are on the scale of their panels.
        by_median = _over_drift(_OF_ESTIMATES, _drifts_of(panels, {}), {point.case: point for point in unknown})
        unknown = [_widened(point, by_median) if point.case in drifts_of else point for point in unknown]
    return _Considered(known, unknown, newest, bounds, known_alone, alone)


def _of_percentile(newest: Mapping[Case, Record], share: float) -> Bounds:
    """The limits of a percentile, each of its newest record."""

    def latency(point: Point, level: float) -> tuple[float, float]:
        estimate = percentile(newest[point.case], share, level)
        assert isinstance(estimate, Estimate)
        return estimate.low, estimate.high

    return Bounds(latency)


class _Drift(NamedTuple):
    """Between which factors the seconds of a point lie in the sessions that its panel joins."""

    latency: tuple[float, float]
    image: tuple[float, float]


def _drifts_of(panels: Sequence[Panel], newest: Mapping[Case, Record]) -> dict[Case, _Drift]:
    """The drift of each point whose panel joins sessions.

    Args:
        panels: with the drift of each session from the panel's scale.
        newest: the record that the latency of a point is of, where it is not on the scale.
    """
    out = {}
    for panel in panels:
        latencies, images = [each.latency for each in panel.drift], [each.image for each in panel.drift]
        if len(latencies) < 2:
            continue
        factor_of = {each.session: each.latency for each in panel.drift}
        for point in panel.points:
            own = factor_of.get(newest[point.case].session, 1.0) if point.case in newest else 1.0
            out[point.case] = _Drift((min(latencies) / own, max(latencies) / own), (min(images), max(images)))
    return out


_NO_DRIFT = _Drift((1.0, 1.0), (1.0, 1.0))


def _over_drift(alone: Bounds, drifts_of: Mapping[Case, _Drift], points: Mapping[Case, Point]) -> Bounds:
    """The limits that hold in each of the sessions that a panel joins.

    Args:
        alone: the limits on the panel's scale.
        drifts_of: of the points whose panels join sessions.
        points: with the intervals that they have on that scale.
    """

    def latency(point: Point, level: float) -> tuple[float, float]:
        low, high = alone.latency(points[point.case], level)
        fast, slow = drifts_of.get(point.case, _NO_DRIFT).latency
        return low * fast, high * slow

    def throughput(point: Point, level: float) -> tuple[float, float]:
        low, high = alone.throughput(points[point.case], level)
        fast, slow = drifts_of.get(point.case, _NO_DRIFT).image
        return low / slow, high / fast

    return Bounds(latency, throughput)


def _widened(point: Point, bounds: Bounds) -> Point:
    """The point with intervals that reach over the sessions of its panel."""

    def over(estimate: Estimate, edges: tuple[float, float]) -> Estimate:
        # Its limits are no longer alike on both sides, so that they cannot be taken to another level.
        method = f"{estimate.method}, in each session"
        return msgspec.structs.replace(estimate, low=edges[0], high=edges[1], freedom=None, method=method)

    return msgspec.structs.replace(
        point,
        latency=over(point.latency, bounds.latency(point, LEVEL)),
        throughput=over(point.throughput, bounds.throughput(point, LEVEL)),
    )


def _drifted(
    panels: Sequence[Panel], undecided: Sequence[Point], considered: _Considered, limits: Limits, level: float
) -> YardstickDrift | None:
    """The drift that leaves the first of the undecided networks open which its own interval would not."""
    for point in undecided:
        if fit(considered.on_scale[point.case], limits, level, considered.bounds_on_scale) is not Fit.OPEN:
            drift = next(panel.drift for panel in panels if any(each.case == point.case for each in panel.points))
            fastest, slowest = (pick_of(drift, key=lambda session: session.latency) for pick_of in (min, max))
            return YardstickDrift(slowest.latency / fastest.latency, slowest.session, fastest.session)
    return None


def _accurate_enough(point: Point, limits: Limits) -> bool:
    return limits.min_top1 is None or point.accuracy.top1 >= limits.min_top1


def _fit_by_median(point: Point, limits: Limits) -> Fit:
    """Whether a network whose percentile is not known is surely beyond a limit: by its median, or its throughput."""
    share, most, least = limits.percentile or 0.0, limits.max_latency_s, limits.min_images_per_s
    slow = most is not None and share >= 0.5 and at_most(point.latency, most) is Fit.NO
    few = least is not None and at_least(point.throughput, least) is Fit.NO
    return Fit.NO if slow or few else Fit.UNKNOWN


def _of_setting(
    panel: Panel, candidates: Sequence[Point], sure: Sequence[Point], fits: Mapping[Case, Fit], limits: Limits
) -> SettingPick:
    """The best of one setting, by the order and the level of the whole pick."""
    cases = {point.case for point in panel.points}
    here = [point for point in sure if point.case in cases]
    if here:
        return SettingPick(panel, here[0], len(here), None)
    others = [point for point in candidates if point.case in cases]
    enough = [p for p in others if _accurate_enough(p, limits)]
    maybe = [point for point in enough if fits[point.case] is Fit.OPEN]
    if maybe:
        return SettingPick(panel, None, 0, min(maybe, key=_order(limits.goal, panel.metric)))
    nearest = _nearest(others, enough, fits, panel.metric) if others else ()
    return SettingPick(panel, None, 0, next(iter(nearest), None))


def _rivals(
    answer: Point | None,
    considered: _Considered,
    fits: Mapping[Case, Fit],
    limits: Limits,
    metric: Metric,
    level: float,
) -> tuple[Rival, ...]:
    """Every network but the answer, in the best of its settings, with what keeps it from being the answer.

    Args:
        answer: the answer, where there is one.
        considered: every network in every setting.
        fits: whether each is within the limits of speed.
        limits: those of the pick.
        metric: which speed is meant.
        level: at which a percentile is to have both limits.
    """
    by_speed, unknown = _order("speed", metric), {point.case for point in considered.unknown}
    networks: dict[object, list[Point]] = {}
    for point in (*considered.known, *considered.unknown):
        networks.setdefault(network_of(point), []).append(point)
    rivals = []
    for network, points in networks.items():
        if answer is not None and network == network_of(answer):
            continue
        best = min(points, key=lambda point: (_FITS.index(fits[point.case]), by_speed(point)))
        standing = _standing(best, answer, fits[best.case], limits)
        missing = None
        if limits.percentile is not None and standing in (Standing.UNKNOWN, Standing.OPEN):
            missing = missing_passes(considered.newest[best.case], limits.percentile, level)
        rivals.append(Rival(best, standing, best.case not in unknown, missing))
    return tuple(sorted(rivals, key=lambda rival: (-shown_top1(rival.point), by_speed(rival.point))))


def _standing(point: Point, answer: Point | None, fits: Fit, limits: Limits) -> Standing:
    if not _accurate_enough(point, limits):
        return Standing.INACCURATE
    if answer is not None and limits.goal == "top1" and fits is not Fit.NO and shown_top1(point) < shown_top1(answer):
        return Standing.LESS_ACCURATE
    if fits is Fit.UNKNOWN:
        return Standing.UNKNOWN
    if fits is not Fit.YES or answer is None:
        return Standing.TOO_SLOW if fits is Fit.NO else Standing.OPEN
    return Standing.SLOWER if limits.goal == "speed" else Standing.AS_ACCURATE


def _another_day(
    groups: Mapping[Case, Sequence[Record]],
    enough: Sequence[Point],
    answer: Point | None,
    limits: Limits,
    metric: Metric,
    drift: Drifts | None,
) -> AnotherDay | None:
    """The answer in a session of another day: every network with the drift of its sessions."""
    if answer is None or drift is None or limits.goal == "speed" or limits.percentile is not None:
        return None
    days = {p.case: _on_another_day(p, groups.get(p.case, ()), drift) for p in enough}
    days_known = [day for day in days.values() if day is not None]
    answer_day = days[answer.case]
    if answer_day is None:
        return None
    level = shared_level(days_known, limits)
    within = [day for day in days_known if fit(day, limits, level) is Fit.YES]
    best = min(within, key=_order(limits.goal, metric), default=None)
    return AnotherDay(
        highest_s=limits_at(answer_day.latency, level)[1],
        within=any(day.case == answer.case for day in within),
        answer=None if best is None else next(p for p in enough if p.case == best.case),
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


def _order(goal: Goal, metric: Metric) -> Callable[[Point], tuple[float, float, str]]:
    if goal == "speed":
        return lambda p: (p.seconds(metric).value, -p.accuracy.top1, p.label)
    return lambda p: (-shown_top1(p), p.seconds(metric).value, p.label)


def _better(point: Point, answer: Point, metric: Metric) -> bool:
    """More accurate; or equally accurate and faster, by the best estimates."""
    seconds, answer_seconds = point.seconds(metric).value, answer.seconds(metric).value
    return (shown_top1(point), -seconds) > (shown_top1(answer), -answer_seconds)


def _ties(
    metric: Metric,
    sure: Sequence[Point],
    on_scale: Mapping[Case, Point],
    groups: Mapping[Case, Sequence[Record]],
    limits: Limits,
) -> tuple[Tie, ...]:
    if not sure:
        return ()
    answer, *rivals = sure
    if limits.goal == "top1":
        rivals = [point for point in rivals if shown_top1(point) == shown_top1(answer)]
    by_runs = paired if metric == "latency" else paired_images
    found_ties = []
    for point in rivals:
        # Of percentiles there are no pairs.
        ratio = None if limits.percentile else by_runs(groups.get(point.case, ()), groups.get(answer.case, ()))
        ratio = ratio or unpaired(on_scale[point.case].seconds(metric), on_scale[answer.case].seconds(metric))
        # A network that is faster by pairs and slower by the pooled figures is not clearly slower than the answer.
        if limits.goal == "top1" or ratio.low <= 1:
            found_ties.append(Tie(point, ratio))
    return tuple(found_ties)


def _groups(panels: Sequence[Panel], records: Iterable[Record]) -> dict[Case, list[Record]]:
    """Records of the panels' points, one a session, in order, without those that hold no pass."""
    settings_of = {point.case: panel.setting for panel in panels for point in panel.points}
    groups: dict[Case, list[Record]] = {}
    for record in records:
        wanted = settings_of.get(record.case)
        if wanted is not None and record.info.role == "subject" and setting(record) == wanted:
            groups.setdefault(record.case, []).append(record)
    return {case: [record for record in once(group) if has_passes(record)] for case, group in groups.items()}


def _nearest(
    points: Sequence[Point], enough: Sequence[Point], fits: Mapping[Case, Fit], metric: Metric
) -> tuple[Point, ...]:
    """Of what is accurate enough the fastest, of what is fast enough the most accurate; else the most accurate."""
    quick = [point for point in points if fits[point.case] is Fit.YES]
    fastest, best = _order("speed", metric), _order("top1", metric)
    nearest = [min(enough, key=fastest)] if enough else []
    nearest += [min(quick, key=best)] if quick else []
    return tuple(nearest) or (min(points, key=best),)
