"""The front: which networks nothing beats in speed and top-1 at once, among cases that may be compared.

Knows points and panels; refuses to know how an interval is made and how a front is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, cast, get_args

import msgspec

from bench.errors import UsageError
from bench.judge.across_sessions import pooled, yardstick_latency
from bench.judge.case_sessions import Company
from bench.judge.comparable import Setting, natural, setting, values
from bench.judge.dominance import Competitor, dominators
from bench.judge.doubts import Doubt, doubts, joining
from bench.judge.estimates import inverted, latency, no_speed
from bench.judge.membership import chances
from bench.judge.places import ACROSS, Place, Racer, Standing, places
from bench.judge.rivalry import Rivalry
from bench.judge.rivals import unpaired
from bench.judge.ties import Contender, ties
from bench.records import Accuracy, Case, Conditions, Estimate, Finding, Machine, Protocol, Record
from bench.twins import is_twin

Metric = Literal["latency", "throughput"]
CROWD = 200
"""Points of a panel from which on those that are surely beaten get no draws of their own."""
MANY = 1000
"""Points from which on the front's members alone are looked at for doubts: nobody reads those of thousands."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One network of a panel, with its place on or below the front."""

    label: str
    """Name, unique in its panel: the network, and `@resolution` where it was timed at several."""
    case: Case
    """What was asked."""
    family: str | None
    """Family of the network; absent for networks outside the catalog."""
    accuracy: Accuracy
    """How right it is, paired with the resolution that was timed."""
    latency: Estimate
    """Seconds a batch."""
    throughput: Estimate
    """Images a second at the panel's batch."""
    params: int | None
    """Parameters, when counted."""
    macs: int | None
    """Multiply-accumulates of one image, when counted."""
    sessions: tuple[str, ...]
    """Sessions it was measured in."""
    findings: tuple[Finding, ...]
    """Doubts about it: the estimate's and the engine's."""
    on_front: bool
    """True when no other point of the panel is at least as good in both and better in one."""
    dominated_by: str | None
    """Label of a front member that dominates it; absent on the front."""
    chance: float | None = None
    """How likely it is on the front, given the scatter of runs and sessions (`bench.judge.membership`); absent where
    any point of the panel has too few."""
    standing: Standing
    """Whether it is surely on the front, surely beaten, or neither; the best guess where no chance is known."""
    rival: str | None = None
    """Label of who decides that: the one that surely beats it, or the nearest that does not; absent where unknown."""
    tied_with: tuple[str, ...] = ()
    """Labels of those that neither top-1 nor speed tells apart from it (`bench.judge.ties`), the most accurate first;
    none where no chance is known."""


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """A case that was asked for and has no place on the front."""

    label: str
    """Network and resolution."""
    case: Case
    """What was asked."""
    session: str
    """Session it was measured in."""
    reason: str
    """Why it has no place."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where numbers of a panel come from."""

    session: str
    """Name of the session."""
    protocol: Protocol
    """How it asked."""
    conditions: Conditions
    """State of the machine at its start."""


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """The points that may be compared with each other: one setting."""

    setting: Setting
    """What all points share."""
    metric: Metric
    """Which speed is meant."""
    points: tuple[Point, ...]
    """Fastest first, then by label."""
    excluded: tuple[Excluded, ...]
    """Cases without a place, with the reason."""
    origins: tuple[Origin, ...]
    """Sessions that contributed, in name order."""
    yardstick_s: float | None
    """Latency that joined the sessions, in seconds; absent when one session suffices."""
    findings: tuple[Finding, ...] = ()
    """Doubts about its sessions, and about joining them."""

    @property
    def machine(self) -> Machine:
        """Who was asked."""
        return self.setting.machine

    @property
    def front(self) -> tuple[Point, ...]:
        """The members of the front, fastest first."""
        return tuple(point for point in self.points if point.on_front)


def panels(
    records: Iterable[Record], metric: str = "latency", whole: Iterable[Record] | None = None
) -> tuple[Panel, ...]:
    """Group records into panels, one setting each, and find the front of each panel.

    The instrument's own cases (yardstick, null network) are left out. Where a panel holds one session, latencies are
    absolute, and what is said holds for that session; where it holds several, all its points are ratios to the
    yardstick times one yardstick latency (`bench.judge.across_sessions`), what sessions disagree in is part of every
    interval, and what is said holds across sessions. The order of the records does not matter.

    Args:
        records: the cases that may have a place.
        metric: `latency` or `throughput`.
        whole: their sessions with all cases, for doubts that only these show; by default `records`.

    Raises:
        UsageError: the metric is neither `latency` nor `throughput`.
    """
    if metric not in get_args(Metric):
        raise UsageError(f"{metric!r} is no metric. Choose 'latency' or 'throughput'.")
    chosen = cast("Metric", metric)
    groups: dict[Setting, list[Record]] = {}
    kept = list(records)
    whole = kept if whole is None else list(whole)
    for record in kept:
        if record.info.role == "subject":
            groups.setdefault(setting(record), []).append(record)
    ordered = sorted(groups, key=lambda one: tuple(natural(text) for text in values(one).values()))
    sessions = {record.session for group in groups.values() for record in group}
    company = Company.seen_in(whole)
    found = [_panel(one, groups[one], chosen, company) for one in ordered]
    points = [point for panel in found for point in panel.points]
    about = {point.case.id for point in points if len(points) <= MANY or point.on_front}
    doubtful = doubts((record for record in whole if record.session in sessions), about)
    return tuple(_doubted(panel, groups[panel.setting], doubtful) for panel in found)


def _doubted(panel: Panel, records: Iterable[Record], doubtful: Sequence[Doubt]) -> Panel:
    """The panel with what is odd about its points, and about whole sessions."""
    odd: dict[tuple[str, str | None], list[Finding]] = {}
    for doubt in doubtful:
        odd.setdefault((doubt.session, doubt.finding.case), []).append(doubt.finding)
    points = [
        msgspec.structs.replace(
            point, findings=(*point.findings, *(f for s in point.sessions for f in odd.get((s, point.case.id), ())))
        )
        for point in panel.points
    ]
    usable = [record for record in records if no_speed(record) is None]
    of_sessions = _of_sessions(usable, doubtful)
    return msgspec.structs.replace(panel, points=tuple(points), findings=(*of_sessions, *panel.findings))


def _panel(one: Setting, records: list[Record], metric: Metric, company: Company) -> Panel:
    records = once(records)
    excluded: list[Excluded] = []
    cases: dict[str, list[Record]] = {}
    for record in records:
        reason = no_speed(record)
        if is_twin(record.case.network):
            excluded.append(_excluded(record, "a twin: timed to test the instrument, not to be ranked"))
        elif reason is not None:
            excluded.append(_excluded(record, reason.message))
        else:
            cases.setdefault(record.info.id, []).append(record)
    usable = [record for group in cases.values() for record in group]
    joined = yardstick_latency(usable) if len({record.session for record in usable}) > 1 else None
    rivalry = Rivalry(cases, company, across=joined is not None)
    yardstick_s = joined.value if isinstance(joined, Estimate) else None
    drafts: list[_Draft] = []
    for group in cases.values():
        accuracy = next((r.info.accuracy for r in reversed(group) if r.info.accuracy is not None), None)
        estimate = _speed(group, joined, rivalry)
        if accuracy is None:
            excluded.append(_excluded(group[-1], "no accuracy is known for it at this resolution"))
        elif isinstance(estimate, Finding):
            excluded.append(_excluded(group[-1], estimate.message))
        else:
            drafts.append((group, accuracy, estimate))
    return Panel(
        setting=one,
        metric=metric,
        points=_points(drafts, rivalry),
        excluded=tuple(sorted(excluded, key=lambda out: (out.label, out.session))),
        origins=_origins(records),
        yardstick_s=yardstick_s,
        findings=(*_emulated(records), *(joining(usable) if joined is not None else ())),
    )


def _emulated(records: Iterable[Record]) -> Iterable[Finding]:
    """Sessions of emulated processes, which have no place on any front: one finding each."""
    cases: dict[str, int] = {}
    for record in records:
        if record.conditions.emulated:
            cases[record.session] = cases.get(record.session, 0) + 1
    for session, count in cases.items():
        message = (
            f"session {session} was taken under an instruction-set emulator. Its times say nothing about a machine, "
            f"and its {count} case{'s have' if count > 1 else ' has'} no place here; measure on the machine itself."
        )
        yield Finding(kind="emulated", message=message)


def _of_sessions(records: Iterable[Record], doubtful: Iterable[Doubt]) -> tuple[Finding, ...]:
    """What is odd about whole sessions of a panel: each kind once a session."""
    sessions = {record.session: record for record in records}
    stored = (Doubt(name, f) for name, record in sessions.items() for f in record.findings if f.case is None)
    about = (doubt for doubt in (*stored, *doubtful) if doubt.finding.case is None and doubt.session in sessions)
    first: dict[tuple[str, str], Finding] = {}
    for doubt in about:
        first.setdefault((doubt.session, doubt.finding.kind), doubt.finding)
    return tuple(first.values())


def once(records: Iterable[Record]) -> list[Record]:
    """In session order, each case of a session once: a copied file must not count its runs twice."""
    kept: dict[tuple[str, str], Record] = {}
    for record in records:
        key = record.session, record.info.id
        if key not in kept or len(record.runs) > len(kept[key].runs):
            kept[key] = record
    return [kept[key] for key in sorted(kept)]


def _speed(group: list[Record], joined: Estimate | Finding | None, rivalry: Rivalry) -> Estimate | Finding:
    if joined is None:
        return latency(group[0])
    return joined if isinstance(joined, Finding) else pooled(group, joined, rivalry)


_Draft = tuple[list[Record], Accuracy, Estimate]
"""Records of one case, its accuracy and its latency."""


def _points(drafts: Sequence[_Draft], rivalry: Rivalry) -> tuple[Point, ...]:
    seen: dict[str, set[int]] = {}
    for group, _, _ in drafts:
        seen.setdefault(group[0].case.network, set()).add(group[0].case.resolution)
    labels = [_label(group[0].case, full=len(seen[group[0].case.network]) > 1) for group, _, _ in drafts]
    if len(set(labels)) < len(labels):  # a network is itself called like `name@224`
        labels = [_label(group[0].case, full=True) for group, _, _ in drafts]
    # A panel has one batch, so throughput orders the points exactly as latency does.
    beaten = dominators([Competitor(e.value, a.top1, label) for label, (_, a, e) in zip(labels, drafts, strict=True)])
    named = dict(zip(labels, drafts, strict=True))
    likely = _chances(named, rivalry)
    decided = _places(named, beaten, rivalry) if likely else {}
    tied = _ties(named, decided, rivalry)
    points = [
        Point(
            label=label,
            case=group[-1].case,
            family=group[-1].info.family,
            accuracy=accuracy,
            latency=estimate,
            throughput=inverted(estimate, group[-1].case.images),
            params=group[-1].info.params,
            macs=group[-1].info.macs,
            sessions=tuple(record.session for record in group),
            findings=(*estimate.findings, *(f for r in group for f in r.findings if f.case == r.info.id)),
            on_front=beaten[label] is None,
            dominated_by=beaten[label],
            chance=likely.get(label),
            standing=decided[label].standing if label in decided else _guess(beaten[label]),
            rival=decided[label].rival if label in decided else None,
            tied_with=tied.get(label, ()),
        )
        for label, (group, accuracy, estimate) in named.items()
    ]
    return tuple(sorted(points, key=lambda p: (p.latency.value, -p.accuracy.top1, p.label)))


def _guess(dominator: str | None) -> Standing:
    return Standing.MEMBER if dominator is None else Standing.BEATEN


def _chances(drafts: Mapping[str, _Draft], rivalry: Rivalry) -> dict[str, float]:
    """Chance of being on the front by label. In a crowd those alone are drawn whose interval reaches the front."""
    reached, drawn = math.inf, []
    for label, (group, accuracy, estimate) in sorted(drafts.items(), key=lambda item: -item[1][1].top1):
        if estimate.low <= reached or len(drafts) <= CROWD:
            drawn.append(rivalry.candidate(group[0].info.id, accuracy.top1)._replace(label=label))
        reached = min(reached, estimate.high)
    found = chances(drawn)
    return {label: found.get(label, 0.0) for label in drafts} if found else {}


def _places(drafts: Mapping[str, _Draft], beaten: Mapping[str, str | None], rivalry: Rivalry) -> dict[str, Place]:
    """What is sure about the places, by label."""
    ids = {label: group[0].info.id for label, (group, _, _) in drafts.items()}
    racers = [
        Racer(label, accuracy.top1, math.log(estimate.value), beaten[label] is None)
        for label, (_, accuracy, estimate) in drafts.items()
    ]
    share = ACROSS if rivalry.across else 1.0
    return places(racers, lambda one, other: rivalry.effect(ids[one], ids[other]), share)


def _ties(drafts: Mapping[str, _Draft], decided: Mapping[str, Place], rivalry: Rivalry) -> dict[str, tuple[str, ...]]:
    """Ties by label, from paired ratios where enough runs hold both; none where nothing is decided."""

    def is_open(one: str, other: str) -> bool:
        (group, _, estimate), (others, _, its) = drafts[one], drafts[other]
        return (rivalry.ratio(group[0].info.id, others[0].info.id) or unpaired(estimate, its)).may_be_one

    return ties([Contender(label, drafts[label][1].top1, place.standing) for label, place in decided.items()], is_open)


def _label(case: Case, *, full: bool) -> str:
    return f"{case.network}@{case.resolution}" if full else case.network


def _excluded(record: Record, reason: str) -> Excluded:
    return Excluded(label=_label(record.case, full=True), case=record.case, session=record.session, reason=reason)


def _origins(records: Sequence[Record]) -> tuple[Origin, ...]:
    found = {r.session: Origin(session=r.session, protocol=r.protocol, conditions=r.conditions) for r in records}
    return tuple(found[name] for name in sorted(found))
