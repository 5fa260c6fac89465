"""Overlays: panels that differ in some axes alone, such as the runtime, seen as one with a value of these axes a panel.

Places are those of each panel, as without an overlay. Where all panels are of one session, their cases took turns with
each other, so there is also a front over all values: dominance by the best estimates, and places by the same tests as
in a panel, paired by run and round. Between sessions there is none: their drift would look like an effect of the value.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from levit_bench.command_lines import command_line
from levit_bench.errors import NotComparableError, NothingToShowError, UsageError
from levit_bench.judge.comparability import Setting, differing, enumerate_values, setting
from levit_bench.judge.estimates import no_speed
from levit_bench.judge.front.dominance import Competitor, dominators
from levit_bench.judge.front.pairwise_ratios import Rivalry
from levit_bench.judge.front.panel_limits import PANEL_LIMIT
from levit_bench.judge.front.panels import Panel, once
from levit_bench.judge.front.places import Place, Racer, Standing, places
from levit_bench.judge.front.points import Draft, Point, points_of
from levit_bench.judge.metrics import SPEEDS, Metric
from levit_bench.judge.variance.case_sessions import Company
from levit_bench.numbers.units import counted
from levit_bench.records import Record

OVERLAY_AXES = ("runtime", "form", "precision", "allocator", "threads")
"""Axes whose values may share a pair of axes: choices of how to run a network on given images."""
MOST_VALUES = PANEL_LIMIT
"""Values that one pair of axes may have: more are no longer told apart."""


class OverallPlace(NamedTuple):
    """The place of a point among the points of all values."""

    on_front: bool
    """True when no point of any value is at least as good in both and better in one."""
    standing: Standing
    """Whether it is on that front or dominated, where the data decide that."""


class Overlay(NamedTuple):
    """Panels that differ in some axes alone."""

    axes: tuple[str, ...]
    panels: tuple[Panel, ...]
    """One a value, in the order of panels; each with its own front."""
    together: Panel
    """All points, in a setting without these axes; each keeps the place in its panel, and labels may repeat."""
    overall: Mapping[str, OverallPlace]
    """Places among all points by the id of the case; empty of a single panel, and of panels of several sessions."""

    @property
    def front(self) -> list[tuple[Panel, Point]]:
        """The members of the front over all values, fastest first, each with its panel; none of several sessions."""
        members = [
            (panel, point)
            for panel in self.panels
            for point in panel.points
            if point.case.id in self.overall and self.overall[point.case.id].on_front
        ]
        metric = self.together.metric
        return sorted(members, key=lambda member: (member[1].seconds(metric).value, -member[1].accuracy.top1))


def overlay_axes(names: Sequence[str]) -> tuple[str, ...]:
    """The axes of an overlay, checked.

    Raises:
        UsageError: one of them is not of `OVERLAY_AXES`.
    """
    for name in names:
        if name not in OVERLAY_AXES:
            raise UsageError(f"--overlay {name[:80]}: no such choice. Choose from {', '.join(OVERLAY_AXES)}.")
    return tuple(dict.fromkeys(names))


def overlays(panels: Sequence[Panel], axes: Sequence[str], records: Iterable[Record]) -> tuple[Overlay, ...]:
    """The panels in groups that differ in the axes alone, in the order of their first panels.

    Args:
        panels: those of a page; without points they are left out.
        axes: of `OVERLAY_AXES`, at least one.
        records: what the panels were made from, for places over all values. Others are passed over, except where
            there is nothing to draw.

    Raises:
        NothingToShowError: no two panels differ in these axes alone; the message names the sessions whose cases do.
        NotComparableError: a group has more than `MOST_VALUES` panels.
    """
    groups: dict[object, list[Panel]] = {}
    for panel in panels:
        if panel.points:
            groups.setdefault((_without(panel.setting, axes), panel.set_key), []).append(panel)
    words, records = " and ".join(axes), list(records)
    if all(len(group) == 1 for group in groups.values()):
        raise NothingToShowError(
            f"--overlay {','.join(axes)}: no two panels differ in {words} alone, so there is nothing to draw together."
            f"{_where_there_are(axes, records)}"
        )
    largest = max(groups.values(), key=len)
    if len(largest) > MOST_VALUES:
        name, texts = max(
            ((name, texts) for name, texts in differing([p.fields for p in largest]).items() if name in axes),
            key=lambda item: len(item[1]),
        )
        raise NotComparableError(
            f"--overlay {','.join(axes)}: {counted(len(largest), 'panel')} would share one pair of axes, and more than "
            f"{MOST_VALUES} are not told apart. Choose with --where {name}={','.join(texts[:2])}, …"
        )
    return tuple(_overlay(group, axes, records) for group in groups.values())


def sessions_with_several(records: Iterable[Record], axes: Sequence[str]) -> list[str]:
    """Names of the sessions whose cases differ in these axes alone, with a speed and an accuracy; the newest first."""
    values_of: dict[tuple[str, Setting], set[tuple[object, ...]]] = {}
    for record in records:
        has_point = record.info.role == "subject" and record.info.scored and no_speed(record) is None
        if has_point and not record.conditions.emulated:
            key = record.session, _without(setting(record), axes)
            values_of.setdefault(key, set()).add(tuple(record.case.value(axis) for axis in axes))
    return sorted({session for (session, _), values in values_of.items() if len(values) > 1}, reverse=True)


def _where_there_are(axes: Sequence[str], records: Iterable[Record]) -> str:
    """Sentences with the sessions that have several values of these axes, and the command for the newest; or none."""
    names = sessions_with_several(records, axes)
    if not names:
        return ""
    front = command_line("front", "--session", names[0], "--overlay", ",".join(axes))
    have = "session has" if len(names) == 1 else "sessions have"
    of = f"{len(names)} stored {have} several values of {' and '.join(axes)}"
    return f" {of}: {enumerate_values(names)}. To draw the newest: {front}"


def _without(this_setting: Setting, axes: Sequence[str]) -> Setting:
    for axis in axes:
        this_setting = this_setting.without(axis)
    return this_setting


def _overlay(group: Sequence[Panel], axes: Sequence[str], records: Sequence[Record]) -> Overlay:
    together = msgspec.structs.replace(
        group[0],
        setting=_without(group[0].setting, axes),
        points=tuple(point for panel in group for point in panel.points),
        excluded=tuple(exclusion for panel in group for exclusion in panel.excluded),
        origins=tuple({origin.session: origin for panel in group for origin in panel.origins}.values()),
        findings=tuple(dict.fromkeys(finding for panel in group for finding in panel.findings)),
    )
    has_overall = len(group) > 1 and len(together.origins) == 1
    return Overlay(tuple(axes), tuple(group), together, _overall(group, records) if has_overall else {})


def fastest_of_each(overlay: Overlay, records: Iterable[Record], metric: Metric) -> tuple[Point, ...]:
    """Of each network the value with the shortest latency, with its place among those of the others; of one session.

    The fastest by the best estimate: of two values that are nearly as fast, chance decides, as in any choice of a best.

    Args:
        overlay: of one session, or nothing is returned.
        records: what its panels were made from; others are passed over.
        metric: which speed decides the places.
    """
    if not overlay.overall:
        return ()
    fastest: dict[object, Point] = {}
    for point in overlay.together.points:
        network = (point.case.network, point.case.shape)
        if network not in fastest or point.latency.value < fastest[network].latency.value:
            fastest[network] = point
    wanted = {point.case.id for point in fastest.values()}
    groups = {key: group for key, group in _record_of(overlay.panels, records).items() if key in wanted}
    drafts = [
        Draft(groups[point.case.id], point.accuracy, {speed: point.seconds(speed) for speed in SPEEDS})
        for point in fastest.values()
    ]
    return points_of(drafts, metric, Rivalry(groups, Company({}), across=False, speed=SPEEDS[metric]))


def _record_of(group: Sequence[Panel], records: Iterable[Record]) -> dict[str, list[Record]]:
    """The record of each point of panels of one session, by the id of its case."""
    settings = {point.case.id: panel.setting for panel in group for point in panel.points}
    sessions = {origin.session for panel in group for origin in panel.origins}
    chosen = [
        record
        for record in records
        if record.session in sessions and record.info.id in settings and setting(record) == settings[record.info.id]
    ]
    return {record.info.id: [record] for record in once(chosen)}


def _overall(group: Sequence[Panel], records: Sequence[Record]) -> dict[str, OverallPlace]:
    """The places of all points among each other, by the id of the case."""
    metric = group[0].metric
    rivalry = Rivalry(_record_of(group, records), Company({}), across=False, speed=SPEEDS[metric])
    points = {point.case.id: point for panel in group for point in panel.points}
    seconds = {case: point.seconds(metric).value for case, point in points.items()}
    dominator_of = dominators([Competitor(seconds[case], point.accuracy.top1, case) for case, point in points.items()])
    racers = [
        Racer(case, point.accuracy.top1, math.log(seconds[case]), dominator_of[case] is None)
        for case, point in points.items()
    ]
    decided: Mapping[str, Place] = places(racers, rivalry.effect, 1.0 / rivalry.looks)
    return {case: OverallPlace(dominator_of[case] is None, decided[case].standing) for case in points}
