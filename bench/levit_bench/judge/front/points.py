"""The points of a panel: networks with their speeds and their places on or below the front.

Which records share a panel is decided in `levit_bench.judge.front.panels`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from levit_bench.judge.comparability import enumerate_values
from levit_bench.judge.estimates import has_passes
from levit_bench.judge.front.dominance import Competitor, dominators
from levit_bench.judge.front.pairwise_ratios import Rivalry
from levit_bench.judge.front.places import ACROSS, Place, Racer, Standing, places
from levit_bench.judge.front.ties import Contender, ties
from levit_bench.judge.front.top1_leads import Ranked, least_lead, small_leads
from levit_bench.judge.metrics import Metric
from levit_bench.judge.network_labels import labels
from levit_bench.judge.paired_ratio import unpaired
from levit_bench.judge.throughput import reciprocal
from levit_bench.records import Accuracy, Case, Estimate, Finding, Record

CROWD = 200
"""Points of a panel from which on those that are surely beaten get no draws of their own."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One network of a panel, with its place on or below the front."""

    label: str
    """Name, unique in its panel: the user's label or the network, with `@224` or `@192x256` where it was timed at
    several sizes."""
    case: Case
    """The case that was measured."""
    family: str | None
    """Family of the network; absent for networks outside the catalog."""
    accuracy: Accuracy
    """Its accuracy at the resolution that was timed."""
    latency: Estimate
    """Seconds a batch."""
    throughput: Estimate
    """Images a second at the panel's batch, all streams together (`levit_bench.judge.throughput`)."""
    params: int | None
    """Parameters, when counted."""
    macs: int | None
    """Multiply-accumulates of one image, when counted."""
    sessions: tuple[str, ...]
    """Sessions it was measured in."""
    findings: tuple[Finding, ...]
    """Findings about it: the estimate's and the engine's."""
    on_front: bool
    """True when no other point of the panel is at least as good in both and better in one."""
    dominated_by: str | None
    """Label of a front member that dominates it; absent on the front."""
    chance: float | None = None
    """How likely it is on the front, given the scatter of runs and sessions (`levit_bench.judge.front.membership`);
    absent where any point of the panel has too few."""
    standing: Standing
    """Whether it is on the front or dominated, where the data decide that; open otherwise, as with too few runs."""
    rival: str | None = None
    """Label of the rival that decides it: one that surely beats it, or the nearest that does not; absent if there is
    none."""
    tied_with: tuple[str, ...] = ()
    """Labels of networks that differ from it in neither top-1 nor speed (`levit_bench.judge.front.ties`), the most
    accurate first; none where no chance is known."""

    def seconds(self, metric: Metric) -> Estimate:
        """The metric in seconds, less is faster: seconds a batch, or of a throughput seconds an image."""
        return self.latency if metric == "latency" else reciprocal(self.throughput)


class Draft(NamedTuple):
    """A case that has a place."""

    group: list[Record]
    """Its records, one a session."""
    accuracy: Accuracy
    seconds: Mapping[Metric, Estimate]
    """Seconds a batch and an image: less is better."""

    @property
    def id(self) -> str:
        """Of its case."""
        return self.group[0].info.id


def points_of(drafts: Sequence[Draft], metric: Metric, rivalry: Rivalry) -> tuple[Point, ...]:
    """The cases of one panel with their places, fastest first."""
    named = dict(zip(labels([draft.group[-1].info for draft in drafts]), drafts, strict=True))
    times = {label: draft.seconds[metric] for label, draft in named.items()}
    dominator_of = dominators([Competitor(times[label].value, d.accuracy.top1, label) for label, d in named.items()])
    likely = _chances(named, times, rivalry)
    decided = _places(named, times, dominator_of, rivalry)
    tied = _ties(named, times, decided, rivalry) if likely else {}
    points = [
        Point(
            label=label,
            case=draft.group[-1].case,
            family=draft.group[-1].info.family,
            accuracy=draft.accuracy,
            latency=draft.seconds["latency"],
            throughput=reciprocal(draft.seconds["throughput"]),
            params=draft.group[-1].info.params,
            macs=draft.group[-1].info.macs,
            sessions=tuple(record.session for record in draft.group if has_passes(record)),
            findings=(
                *times[label].findings, *(f for r in draft.group for f in r.findings if f.case == r.info.id),
            ),
            on_front=dominator_of[label] is None,
            dominated_by=dominator_of[label],
            chance=likely.get(label),
            standing=decided[label].standing,
            rival=decided[label].rival,
            tied_with=tied.get(label, ()),
        )
        for label, draft in named.items()
    ]  # fmt: skip
    return tuple(sorted(points, key=lambda p: (times[p.label].value, -p.accuracy.top1, p.label)))


def _chances(drafts: Mapping[str, Draft], times: Mapping[str, Estimate], rivalry: Rivalry) -> dict[str, float]:
    """Chance of being on the front by label. In a crowd those alone are drawn whose interval reaches the front."""
    from levit_bench.judge.front.membership import chances  # needs numpy, and tables of cases need no chance

    reached, candidates = math.inf, []
    for label, draft in sorted(drafts.items(), key=lambda item: -item[1].accuracy.top1):
        if times[label].low <= reached or len(drafts) <= CROWD:
            candidates.append(rivalry.candidate(draft.id, draft.accuracy.top1)._replace(label=label))
        reached = min(reached, times[label].high)
    chance_of = chances(candidates)
    return {label: chance_of.get(label, 0.0) for label in drafts} if chance_of else {}


def _places(
    drafts: Mapping[str, Draft],
    times: Mapping[str, Estimate],
    dominator_of: Mapping[str, str | None],
    rivalry: Rivalry,
) -> dict[str, Place]:
    """The decided places, by label."""
    racers = [
        Racer(label, draft.accuracy.top1, math.log(times[label].value), dominator_of[label] is None)
        for label, draft in drafts.items()
    ]
    share = (ACROSS if rivalry.across else 1.0) / rivalry.looks
    return places(racers, lambda first, second: rivalry.effect(drafts[first].id, drafts[second].id), share)


def _ties(
    drafts: Mapping[str, Draft], times: Mapping[str, Estimate], decided: Mapping[str, Place], rivalry: Rivalry
) -> dict[str, tuple[str, ...]]:
    """Ties by label, from paired ratios where enough runs hold both."""

    def is_open(first: str, second: str) -> bool:
        ratio = rivalry.ratio(drafts[first].id, drafts[second].id)
        return (ratio or unpaired(times[first], times[second])).may_be_one

    return ties(
        [Contender(label, drafts[label].accuracy.top1, place.standing) for label, place in decided.items()], is_open
    )


def by_speed_alone(points: Sequence[Point]) -> Iterable[Finding]:
    """Finding of sure places whose lead in top-1 is within the error of the choice of images."""
    ranked = [
        Ranked(p.label, p.accuracy.top1, p.accuracy.images, p.chance is not None and p.standing is Standing.MEMBER)
        for p in points
    ]
    small = small_leads(ranked)
    if not small:
        return
    sure, images = sum(network.sure for network in ranked), min(point.accuracy.images for point in points)
    message = (
        f"{len(small)} of {sure} sure places lead the top-1 of every faster network by less than "
        f"{least_lead(images):.2f} points ({enumerate_values(small)}): as much may come from the choice of the "
        f"{images:,} images of {points[0].accuracy.dataset}. Places are decided by speed, at the published top-1."
    )
    yield Finding(kind="small-lead", message=message)
