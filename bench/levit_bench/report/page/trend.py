"""The trend as the page holds it: events in words, and each case along its sessions."""

from __future__ import annotations

import math
from collections.abc import Mapping

from levit_bench.judge.trend.change_points import SHORTEST
from levit_bench.judge.trend.events import JudgedSegment, JudgedSeries
from levit_bench.judge.trend.trend_report import Trend
from levit_bench.report.trend.words import changed_with, headline

_DIGITS = 5
"""Decimals of logs: a thousandth of a percent."""


def trend_document(trend: Trend | None) -> dict[str, object] | None:
    """The trend; None where no case has sessions enough for a change to be found."""
    if trend is None:
        return None
    shown = [one for one in trend.judged if not one.series.is_yardstick]
    if not any(len(part.segment.points) >= SHORTEST for one in shown for part in one.segments):
        return None
    days = {point.session: point.at[:10] for one in shown for point in one.series.points}
    sessions = {name: number for number, name in enumerate(sorted(days))}
    return {
        "days": [days[name] for name in sessions],
        "events": [
            {
                "words": headline(event),
                "also": changed_with(event),
                "ids": [alert.id for alert in event.alerts if not alert.series.is_yardstick],
            }
            for event in trend.events
        ],
        "series": [_series(one, sessions, with_machine=len({o.series.machine for o in shown}) > 1) for one in shown],
    }


def _series(one: JudgedSeries, sessions: Mapping[str, int], *, with_machine: bool) -> dict[str, object]:
    halves = [half for half in one.series.half_widths if math.isfinite(half)]
    return {
        "case": f"{one.series.case} on {one.series.machine}" if with_machine else one.series.case,
        "half": round(sum(halves) / len(halves), _DIGITS) if halves else None,
        "segments": [_segment(part, sessions) for part in one.segments],
    }


def _segment(part: JudgedSegment, sessions: Mapping[str, int]) -> dict[str, object]:
    points, level = part.segment.points, part.segment.first_level
    return {
        "points": [[sessions[point.session], round(point.log - level, _DIGITS)] for point in points],
        "changes": [[change.first_after, round(change.log, _DIGITS)] for change in part.changes],
    }
