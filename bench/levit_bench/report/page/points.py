"""The points of a panel as the page holds them: estimates, places by both metrics, and what they come from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from levit_bench.judge.cold_starts import cold
from levit_bench.judge.front.overlay import OverallPlace
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.points import Point
from levit_bench.judge.metrics import SPEEDS, Metric
from levit_bench.judge.throughput import reciprocal
from levit_bench.records import CaseLine, Estimate, Finding, Record
from levit_bench.report.front.styles import family, family_of
from levit_bench.report.page.contents import ValuePlaces
from levit_bench.report.page.rounds import rounds_of
from levit_bench.report.page.texts import Findings

_DIGITS = 9
_METRICS: Mapping[str, Metric] = {"byLatency": "latency", "byRate": "throughput"}
Sources = Mapping[tuple[str, str], tuple[int, int]]
"""By session and id of a case: the number of the session on the page, and the line of the case in its file."""
Stored = Mapping[tuple[str, str], Record]
"""Records by session and id of the case."""


class Shared(NamedTuple):
    """What the points of all panels of a page refer to."""

    stored: Stored
    sources: Sources
    networks: dict[str, tuple[int, str]]
    """Number and family of each network by its name, filled as they are met."""
    findings: Findings
    """Filled as they are met."""
    ids: Mapping[tuple[str, str], str]
    """Of the panel that holds it, by session and id of the case."""


def points_of(
    panel: Panel, by_rate: Panel | None, among: Mapping[str, ValuePlaces], shared: Shared
) -> list[dict[str, object]]:
    """The points of a panel, and behind them the cases that were timed and have no accuracy.

    Args:
        panel: ordered by latency.
        by_rate: the same panel ordered by throughput.
        among: by axis, the places among the points of all values of that axis.
        shared: of the page.
    """
    at = {point.label: number for number, point in enumerate(panel.points)}
    rates = {point.case.id: point for point in by_rate.points} if by_rate is not None else {}
    out = []
    for point in panel.points:
        rate = rates.get(point.case.id)
        records = [shared.stored[session, point.case.id] for session in point.sessions]
        out.append(
            {
                **_identity(records[-1].info, point.label, family(point), shared),
                "top1": point.accuracy.top1,
                "source": point.accuracy.source,
                **_speeds(point.latency, point.throughput),
                "byLatency": _place(point, at),
                "byRate": None if rate is None else _place(rate, at),
                "among": {axis: _among(point.case.id, places, shared.ids) for axis, places in among.items()},
                "params": point.params,
                "macs": point.macs,
                **_evidence(records, point.findings, shared),
            }
        )
    return out + _without_accuracy(panel, shared)


def _without_accuracy(panel: Panel, shared: Shared) -> list[dict[str, object]]:
    """Cases of the panel that were timed and of which no accuracy is known."""
    out: list[dict[str, object]] = []
    for excluded in panel.excluded:
        if excluded.lacks != "accuracy":
            continue
        record = shared.stored[excluded.session, excluded.case.id]
        latency, seconds = SPEEDS["latency"].seconds(record), SPEEDS["throughput"].seconds(record)
        if isinstance(latency, Finding) or isinstance(seconds, Finding):
            continue
        group = family_of(record.case.network, record.info.family)
        out.append(
            {
                **_identity(record.info, record.info.called, group, shared),
                "top1": None,
                "source": "",
                **_speeds(latency, reciprocal(seconds)),
                "byLatency": None,
                "byRate": None,
                "among": {},
                "params": record.info.params,
                "macs": record.info.macs,
                **_evidence([record], latency.findings, shared),
            }
        )
    return out


def _identity(info: CaseLine, label: str, group: str, shared: Shared) -> dict[str, object]:
    number, _ = shared.networks.setdefault(info.case.network, (len(shared.networks), group))
    return {
        "id": info.case.id,
        "network": number,
        "label": label,
        "size": info.case.size,
        "unusual": " ".join(info.case.shape.unusual),
        "case": info.case.label,
    }


def _speeds(latency: Estimate, rate: Estimate) -> dict[str, object]:
    return {
        "latency": estimate(latency),
        "rate": estimate(rate),
        "runs": latency.n,
        "level": latency.level,
        "freedom": latency.freedom,
    }


def _evidence(records: Sequence[Record], findings: Sequence[Finding], shared: Shared) -> dict[str, object]:
    """Findings, the lines of files, the rounds of each session, and the cold start of the newest."""
    found = [(shared.sources[record.session, record.case.id], rounds_of(record)) for record in records]
    start = cold(records[-1])
    figures = [
        start.compile_s,
        *(figure.value if isinstance(figure, Estimate) else None for figure in (start.load, start.first_pass)),
        start.grown_bytes,
        start.peak_bytes,
    ]
    return {
        "findings": shared.findings.numbers(findings),
        "records": [[session, line] for (session, line), _ in found],
        "rounds": [{"session": session, **rounds} for (session, _), rounds in found if rounds is not None],
        "cold": [rounded(figure) for figure in figures] if any(figure is not None for figure in figures) else None,
    }


def _among(case: str, places: ValuePlaces, ids: Mapping[tuple[str, str], str]) -> dict[str, object]:
    """The places of a case among all values of an axis, and among the fastest of each network."""
    return {
        name: {
            "all": _overall(places.overall.get(metric, {}).get(case)),
            "fastest": _fastest(places.fastest.get(metric, {}), case, ids),
        }
        for name, metric in _METRICS.items()
    }


def _overall(place: OverallPlace | None) -> dict[str, object] | None:
    return None if place is None else {"front": place.on_front, "standing": place.standing.value}


def _fastest(fastest: Mapping[str, Point], case: str, ids: Mapping[tuple[str, str], str]) -> dict[str, object] | None:
    """The place of a case among the fastest of each network, which are named by their keys on the page."""
    point = fastest.get(case)
    if point is None:
        return None
    keys = {each.label: f"{ids[each.sessions[0], each.case.id]}.{each.case.id}" for each in fastest.values()}
    return _place(point, keys)


def _place(point: Point, at: Mapping[str, int] | Mapping[str, str]) -> dict[str, object]:
    """The place of a point; `at` is what others are referred to by, by their labels."""
    return {
        "front": point.on_front,
        "standing": point.standing.value,
        "chance": rounded(point.chance),
        "by": None if point.dominated_by is None else at.get(point.dominated_by),
        "ties": [at[label] for label in point.tied_with if label in at],
    }


def estimate(figure: Estimate) -> list[float | None]:
    """Value and limits; None for a limit that the data cannot give."""
    is_bounded = math.isfinite(figure.low) and math.isfinite(figure.high)
    limits = (figure.low, figure.high) if is_bounded else (None, None)
    return [rounded(figure.value), *map(rounded, limits)]


def rounded(value: float | None) -> float | None:
    """A number in as many digits as any reader needs; None stays None, and so does what is not finite."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.{_DIGITS}g}")
