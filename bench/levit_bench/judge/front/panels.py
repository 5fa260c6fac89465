"""Panels: cases that may be compared, in one setting and on one set of images, with their Pareto front."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple, cast, get_args

import msgspec

from levit_bench.catalog.image_sets import ImageSet, in_order, set_of
from levit_bench.catalog.twins import is_twin
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.comparability import Setting, enumerate_values, natural, setting, values
from levit_bench.judge.estimates import no_speed
from levit_bench.judge.findings import SessionFinding, joining, session_findings
from levit_bench.judge.front.pairwise_ratios import Rivalry
from levit_bench.judge.front.points import Draft, Point, by_speed_alone, points_of
from levit_bench.judge.front.pooled_latencies import SessionDrift, pooled, yardstick_drift, yardstick_seconds
from levit_bench.judge.metrics import SPEEDS, Metric
from levit_bench.judge.set_accuracies import accuracy_on, sets_of, too_few_classes
from levit_bench.judge.variance.case_sessions import Company
from levit_bench.records import Accuracy, Case, Conditions, Estimate, Finding, Machine, Protocol, Record

MANY = 1000
"""Points from which on findings are computed for the front's members alone: thousands are too many to read."""


class Excluded(msgspec.Struct, frozen=True, kw_only=True):
    """A case that was measured, or failed, and has no place on the front."""

    label: str
    """Network and resolution."""
    case: Case
    """The case that was measured."""
    session: str
    """Session it was measured in."""
    reason: str
    """Why it has no place."""
    lacks: Literal["speed", "accuracy", "set"] = "speed"
    """What it lacks: a speed; or, though it was timed, an accuracy, or one on the panel's set."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """A session that a panel's numbers come from."""

    session: str
    """Name of the session."""
    protocol: Protocol
    """How the session measured."""
    conditions: Conditions
    """State of the machine at its start."""


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """The points that may be compared with each other: one setting, and accuracies on one set of images."""

    setting: Setting
    """What all points share."""
    scored_on: ImageSet | None = None
    """The set of all accuracies; absent where none is known."""
    metric: Metric
    """Metric of speed that orders the points."""
    points: tuple[Point, ...]
    """Fastest first, then by label."""
    excluded: tuple[Excluded, ...]
    """Cases without a place, with the reason."""
    origins: tuple[Origin, ...]
    """Sessions that contributed, in name order."""
    yardstick_s: float | None
    """Latency that joined the sessions, in seconds; absent when one session suffices."""
    drift: tuple[SessionDrift, ...] = ()
    """How far its sessions are from its scale, in name order; empty when one session suffices."""
    findings: tuple[Finding, ...] = ()
    """Findings about its sessions, and about joining them."""

    @property
    def machine(self) -> Machine:
        """The machine that was measured."""
        return self.setting.machine

    @property
    def key(self) -> object:
        """Different for each panel of a front."""
        return self.setting, self.set_key

    @property
    def set_key(self) -> object:
        """Equal for panels of one set of images."""
        return None if self.scored_on is None else self.scored_on.key

    @property
    def fields(self) -> dict[str, str]:
        """What all points share as text: the setting, field by field, and the set of images."""
        return {**values(self.setting), "set": "–" if self.scored_on is None else self.scored_on.words}

    @property
    def front(self) -> tuple[Point, ...]:
        """The members of the front, fastest first."""
        return tuple(point for point in self.points if point.on_front)


def panels(
    records: Iterable[Record], metric: str = "latency", whole: Iterable[Record] | None = None
) -> tuple[Panel, ...]:
    """Group records into panels, one setting and one set of images each, and find the front of each panel.

    A case has a place in the panel of each set that it was scored on. Those of other sets are left out there, and the
    panel is what it would be without them. The instrument's own cases (yardstick, null network) are left out. Where a
    panel holds one session, latencies are absolute, and intervals hold for that session; where it holds several, all
    its points are ratios to the yardstick times one yardstick latency (`levit_bench.judge.front.pooled_latencies`),
    and every interval includes the scatter between sessions. The order of the records does not matter.

    Args:
        records: the cases that may have a place.
        metric: `latency` or `throughput`.
        whole: their sessions with all cases, for findings that need these; by default `records`.

    Raises:
        UsageError: the metric is neither `latency` nor `throughput`.
    """
    if metric not in get_args(Metric):
        raise UsageError(f"unknown metric {metric!r}. Choose 'latency' or 'throughput'.")
    chosen = cast("Metric", metric)
    groups: dict[Setting, list[Record]] = {}
    eligible = list(records)
    whole = eligible if whole is None else list(whole)
    for record in eligible:
        if record.info.role == "subject":
            groups.setdefault(setting(record), []).append(record)
    ordered = sorted(groups, key=lambda each_setting: tuple(natural(text) for text in values(each_setting).values()))
    sessions = {record.session for group in groups.values() for record in group}
    company, same = Company.seen_in(whole), sets_of(record.info for group in groups.values() for record in group)
    # All settings of one set after another: panels that are read together share one scale of accuracy.
    parts = [part for each_setting in ordered for part in _parts(each_setting, groups[each_setting], same)]
    sets = in_order(part.scored_on for part in parts if part.scored_on is not None)
    parts.sort(key=lambda part: len(sets) if part.scored_on is None else sets.index(part.scored_on))
    without_findings = [_panel(part, chosen, company) for part in parts]
    points = [point for panel in without_findings for point in panel.points]
    about = {point.case.id for point in points if len(points) <= MANY or point.on_front}
    of_sessions = session_findings((record for record in whole if record.session in sessions), about)
    return tuple(
        _with_findings(panel, part.records, of_sessions) for panel, part in zip(without_findings, parts, strict=True)
    )


def of_set(all_panels: Iterable[Panel], text: str) -> tuple[Panel, ...]:
    """The panels of a set of images that a text names: its name, or its name and size.

    Raises:
        NothingToShowError: no panel is of such a set; the message names those there are.
    """
    candidates = list(all_panels)
    matches = tuple(p for p in candidates if p.scored_on is not None and p.scored_on.answers_to(text))
    if not matches:
        sets = [image_set.words for image_set in in_order(p.scored_on for p in candidates if p.scored_on is not None)]
        choices = f"Stored are: {enumerate_values(sets)}." if sets else "No accuracy is stored at all."
        raise NothingToShowError(f"--set {text[:80]!r}: nothing was scored on it. {choices}")
    return matches


class _Part(NamedTuple):
    """The records of one panel."""

    setting: Setting
    scored_on: ImageSet | None
    records: list[Record]
    """Of cases that were scored on the set, or on none."""
    others: list[Record]
    """Of cases that were scored on other sets alone."""
    same: Mapping[ImageSet, ImageSet]
    """Which set stands for which."""

    def accuracy(self, group: Sequence[Record]) -> tuple[Accuracy | None, str | None]:
        """The accuracy of a case on the set, the newest that is stored, or why it has none here."""
        for record in reversed(group):
            if (
                self.scored_on is not None
                and (accuracy := accuracy_on(record.info, self.scored_on, self.same)) is not None
            ):
                why = too_few_classes(record.info, self.scored_on)
                return (None, why) if why else (accuracy, None)
        return None, "no accuracy is known for it at this resolution"


def _parts(part_setting: Setting, records: list[Record], same: Mapping[ImageSet, ImageSet]) -> list[_Part]:
    """The records of one setting, set by set; those without any accuracy are listed in each."""
    scored: dict[str, set[ImageSet]] = {}
    for record in records:
        image_sets = {same[set_of(accuracy)] for accuracy in record.info.scored}
        scored.setdefault(record.info.id, set()).update(image_sets)
    sets = in_order(image_set for image_sets in scored.values() for image_set in image_sets)
    if len(sets) < 2:
        return [_Part(part_setting, next(iter(sets), None), records, [], same)]
    return [
        _Part(
            part_setting,
            image_set,
            [record for record in records if image_set in scored[record.info.id] or not scored[record.info.id]],
            [record for record in records if scored[record.info.id] and image_set not in scored[record.info.id]],
            same,
        )
        for image_set in sets
    ]


def _with_findings(panel: Panel, records: Iterable[Record], about_sessions: Sequence[SessionFinding]) -> Panel:
    """The panel with the findings about its points, and about whole sessions."""
    odd: dict[tuple[str, str | None], list[Finding]] = {}
    for found in about_sessions:
        odd.setdefault((found.session, found.finding.case), []).append(found.finding)
    points = [
        msgspec.structs.replace(
            point, findings=(*point.findings, *(f for s in point.sessions for f in odd.get((s, point.case.id), ())))
        )
        for point in panel.points
    ]
    usable = [record for record in records if no_speed(record) is None]
    of_sessions = _of_sessions(usable, about_sessions)
    return msgspec.structs.replace(panel, points=tuple(points), findings=(*of_sessions, *panel.findings))


def _panel(part: _Part, metric: Metric, company: Company) -> Panel:
    records, image_set = once(part.records), part.scored_on
    excluded = [_excluded(record, _elsewhere(record, image_set), "set") for record in once(part.others)]
    cases: dict[str, list[Record]] = {}
    for record in records:
        reason = no_speed(record)
        if is_twin(record.case.network):
            excluded.append(_excluded(record, "a twin: timed to test the instrument, not to be ranked"))
        elif record.case.is_of_gate:
            excluded.append(_excluded(record, "a side of a gate: judged against the other side, not ranked"))
        elif reason is not None:
            excluded.append(_excluded(record, reason.message))
        else:
            cases.setdefault(record.info.id, []).append(record)
    usable = [record for group in cases.values() for record in group]
    scales = {speed_metric: _Scale.of(speed_metric, cases, usable, company) for speed_metric in SPEEDS}
    drafts: list[Draft] = []
    for group in cases.values():
        accuracy, unknown = part.accuracy(group)
        times = {speed_metric: scale.seconds(group) for speed_metric, scale in scales.items()}
        missing = next((time for time in times.values() if isinstance(time, Finding)), None)
        if missing is not None:
            excluded.append(_excluded(group[-1], missing.message))
        elif accuracy is None:
            excluded.append(_excluded(group[-1], unknown or "", "accuracy"))
        else:
            seconds = {speed_metric: time for speed_metric, time in times.items() if isinstance(time, Estimate)}
            drafts.append(Draft(group, accuracy, seconds))
    yardstick = scales["latency"].yardstick
    points = points_of(drafts, metric, scales[metric].rivalry)
    return Panel(
        setting=part.setting,
        scored_on=image_set,
        metric=metric,
        points=points,
        excluded=tuple(sorted(excluded, key=lambda case: (case.label, case.session))),
        origins=_origins(records),
        yardstick_s=yardstick.value if isinstance(yardstick, Estimate) else None,
        drift=yardstick_drift(usable) if isinstance(yardstick, Estimate) else (),
        findings=(
            *_emulated(records),
            *(joining(usable) if yardstick is not None else ()),
            *by_speed_alone(points),
        ),
    )


class _Scale(NamedTuple):
    """The unit of a panel's seconds of one metric: absolute, or by the yardstick."""

    metric: Metric
    rivalry: Rivalry
    yardstick: Estimate | Finding | None
    """Seconds a pass of the yardstick that stands for several sessions; None where there is one."""

    @classmethod
    def of(
        cls, metric: Metric, cases: Mapping[str, list[Record]], usable: Sequence[Record], company: Company
    ) -> _Scale:
        """Of one session as it is, of several by the yardstick."""
        is_across = len({record.session for record in usable}) > 1
        speed = SPEEDS[metric]
        rivalry = Rivalry(cases, company, across=is_across, speed=speed)
        return cls(metric, rivalry, yardstick_seconds(usable, speed) if is_across else None)

    def seconds(self, group: list[Record]) -> Estimate | Finding:
        """A batch, or an image, of one case."""
        if self.yardstick is None:
            return SPEEDS[self.metric].seconds(group[0])
        return self.yardstick if isinstance(self.yardstick, Finding) else pooled(group, self.yardstick, self.rivalry)


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


def _of_sessions(records: Iterable[Record], of_sessions: Iterable[SessionFinding]) -> tuple[Finding, ...]:
    """Findings about whole sessions of a panel: each kind once a session."""
    sessions = {record.session: record for record in records}
    stored = (SessionFinding(name, f) for name, record in sessions.items() for f in record.findings if f.case is None)
    relevant = (found for found in (*stored, *of_sessions) if found.finding.case is None and found.session in sessions)
    first: dict[tuple[str, str], Finding] = {}
    for found in relevant:
        first.setdefault((found.session, found.finding.kind), found.finding)
    return tuple(first.values())


def once(records: Iterable[Record]) -> list[Record]:
    """In session order, each case of a session once: a copied file must not count its runs twice."""
    chosen: dict[tuple[str, str], Record] = {}
    for record in records:
        key = record.session, record.info.id
        if key not in chosen or len(record.runs) > len(chosen[key].runs):
            chosen[key] = record
    return [chosen[key] for key in sorted(chosen)]


def _excluded(record: Record, reason: str, lacks: Literal["speed", "accuracy", "set"] = "speed") -> Excluded:
    label = f"{record.info.called}@{record.case.size}"
    return Excluded(label=label, case=record.case, session=record.session, reason=reason, lacks=lacks)


def _elsewhere(record: Record, image_set: ImageSet | None) -> str:
    """Reason why a case of another set has no place."""
    sets = in_order(set_of(accuracy) for accuracy in record.info.scored)
    on = f"scored on {' and '.join(scored.words for scored in sets)}" if sets else "not scored here"
    return on if image_set is None else f"{on}, not on {image_set.words}"


def _origins(records: Sequence[Record]) -> tuple[Origin, ...]:
    origins = {
        record.session: Origin(session=record.session, protocol=record.protocol, conditions=record.conditions)
        for record in records
    }
    return tuple(origins[name] for name in sorted(origins))
