"""A trend as data: what `levit-bench trend --json` prints and `trend.json` holds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from levit_bench.judge.trend.drift import Drift
from levit_bench.judge.trend.events import Alert, Event, JudgedSeries
from levit_bench.report.trend.words import headline

if TYPE_CHECKING:
    from levit_bench.judge.trend.commit_range import CommitRange
    from levit_bench.judge.trend.trend_report import Trend


def document(trend: Trend) -> dict[str, Any]:
    """All series, events and findings, unrounded; ratios are after over before, and above 1 slower."""
    return {
        "new": [alert.id for alert in trend.new],
        "exit_code": trend.exit_code,
        "events": [_event(event, trend) for event in trend.events],
        "series": [_series(one) for one in trend.judged],
        "acknowledged": {name: one._asdict() for name, one in trend.acknowledged.items()},
        "findings": [{"kind": finding.kind, "message": finding.message} for finding in trend.findings],
    }


def _event(event: Event, trend: Trend) -> dict[str, Any]:
    commits = trend.commits.get(event.alerts[0].id)
    return {
        "cause": event.cause.value,
        "words": headline(event),
        "last_before": event.last_before.session,
        "first_after": event.first_after.session,
        "earliest": event.earliest.session,
        "latest": event.latest.session,
        "moved": event.moved,
        "of": event.of,
        "changed": {name: list(values) for name, values in event.conditions.items()},
        "commits": None if commits is None else _commits(commits),
        "alerts": [_alert(alert, trend) for alert in event.alerts],
        "moves": [
            {
                "series": move.series.id,
                **_ratio(move.log, move.low, move.high),
                "is_alert": move.is_alert,
                "is_sure": move.is_sure,
            }
            for move in event.moves
        ],
    }


def _alert(alert: Alert, trend: Trend) -> dict[str, Any]:
    return {
        "id": alert.id,
        "kind": alert.kind,
        "is_new": trend.is_new(alert),
        "machine": alert.series.machine,
        "case": alert.series.case,
        "series": alert.series.id,
        **_ratio(alert.log, alert.low, alert.high),
        "last_before": alert.last_before.session,
        "first_after": alert.first_after.session,
        "earliest": alert.earliest.session,
        "latest": alert.latest.session,
        "found_with": alert.found_with.session,
        "today": None if alert.today is None else _ratio(*alert.today),
        "explained_by": alert.explained_by or None,
    }


def _series(one: JudgedSeries) -> dict[str, Any]:
    """A series: its points as ratios to the yardstick, of a yardstick as seconds, and where it is split."""
    series = one.series
    return {
        "series": series.id,
        "machine": series.machine,
        "network": series.network,
        "case": series.case,
        "is_yardstick": series.is_yardstick,
        "points": [
            {
                "session": point.session,
                "at": point.at,
                "value": math.exp(point.log),
                "standard_error": None if math.isnan(point.error) else point.error,
                "runs": point.runs,
                "torch": point.record.conditions.versions.get("torch"),
                "revision": point.record.revision,
            }
            for point in series.points
        ],
        "splits": [
            {"before": split.before, "after": split.after, "changed": {k: list(v) for k, v in split.changed.items()}}
            for split in series.splits
        ],
        "drift": _drift(one.segments[-1].drift),
    }


def _drift(drift: Drift | None) -> dict[str, Any] | None:
    """The drift of the newest segment, without the changes that were found in it."""
    return None if drift is None else {**_ratio(drift.log, drift.low, drift.high), "is_alert": drift.alert is not None}


def _commits(commits: CommitRange) -> dict[str, Any]:
    return {**commits._asdict(), "subjects": list(commits.subjects)}


def _ratio(log: float, low: float, high: float) -> dict[str, float]:
    return {"ratio": math.exp(log), "ratio_low": math.exp(low), "ratio_high": math.exp(high)}
