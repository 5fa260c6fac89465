"""What the page holds: every panel with its points, their sessions and findings, as one JSON document.

`types.js` beside the page's other modules states the same shape.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterable, Mapping, Sequence

from levit_bench import axes
from levit_bench.judge.comparability import FIELDS_OF_SETTING
from levit_bench.judge.compare.matching import NEVER
from levit_bench.judge.estimates import looks_of
from levit_bench.judge.front.overlay import OVERLAY_AXES
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.pick import SPENT
from levit_bench.judge.paired_ratio import Ratio
from levit_bench.judge.published.panels import PublishedPanel
from levit_bench.judge.scaling import Curve
from levit_bench.judge.throughput import throughput
from levit_bench.judge.verdicts import ALPHA, Rules
from levit_bench.numbers.units import counted
from levit_bench.planning.budget import MIN_RUNS
from levit_bench.records import Case, Estimate, Machine, Record
from levit_bench.report.front.reproduction import reproduce
from levit_bench.report.front.styles import OTHER, styles
from levit_bench.report.page.conditions import conditions_of
from levit_bench.report.page.contents import PageContents, SessionFile
from levit_bench.report.page.points import Shared, points_of, rounded
from levit_bench.report.page.texts import Findings
from levit_bench.report.page.trend import trend_document
from levit_bench.report.words.setting import machine_line, setting_line
from levit_bench.version import VERSION

FORMAT = 1
"""Number of the document's shape."""
MAIN = (
    "machine", "device", "runtime", "precision", "form", "batch", "threads", "streams", "allocator", "isolation", "set",
)  # fmt: skip
"""Fields that are chosen in sight; the others are folded away."""
_LEFT_OUT = ("side",)
_WORDS = {"set": "images", "runtime_version": "runtime's version"}


def document(contents: PageContents) -> dict[str, object]:
    """The document of a page."""
    subjects = [record for record in contents.records if record.info.role == "subject"]
    by_session: dict[str, list[Record]] = {}
    for record in subjects:
        by_session.setdefault(record.session, []).append(record)
    names = sorted(by_session)
    machines = _machines(contents.panels, subjects)
    at = {name: number for number, name in enumerate(names)}
    files = {name: contents.files.get(name, SessionFile("", "", {})) for name in names}
    shared = Shared(
        stored={(record.session, record.case.id): record for record in subjects},
        sources={
            (record.session, record.case.id): (at[record.session], files[record.session].lines.get(record.info.id, 0))
            for record in subjects
        },
        networks={},
        findings=Findings(),
        ids={
            (point.sessions[0], point.case.id): _digest(panel.fields)
            for panel in contents.panels
            if panel.key in contents.among
            for point in panel.points
        },
    )  # fmt: skip
    by_rate = {panel.key: panel for panel in contents.by_rate}
    panels = [_panel(panel, by_rate.get(panel.key), contents, shared, names) for panel in contents.panels]
    sessions = [_session(by_session[name], files[name], machines, shared) for name in names]
    looks = styles([*contents.panels, *contents.published])
    families = {group for _, group in shared.networks.values()}
    return {
        "format": FORMAT,
        "bench": VERSION,
        "title": title(contents),
        "store": "".join(f" {shlex.quote(word)}" for word in contents.store),
        "machines": [{"id": machine.id, "words": machine_line(machine)} for machine in machines],
        "networks": [{"name": name, "family": group} for name, (_, group) in shared.networks.items()],
        "families": {
            group: {"colour": look.colour, "marker": look.marker}
            for group in sorted(families)
            if (look := looks.get(group) or looks.get(OTHER))
        },
        "fields": [_field(name) for name in (*FIELDS_OF_SETTING, "set") if name not in _LEFT_OUT],
        "sessions": sessions,
        "panels": panels,
        "published": [_published(panel) for panel in contents.published],
        "scaling": [_curve(curve, names) for curve in contents.curves],
        "trend": trend_document(contents.trend),
        "files": shared.findings.numbers(contents.findings),
        "findings": shared.findings.document(),
        "rules": {
            "minEffect": Rules().min_effect,
            "margin": Rules().margin,
            "alpha": ALPHA,
            "minRuns": MIN_RUNS,
            "spent": SPENT,
        },
    }


def title(contents: PageContents) -> str:
    """What the page is about: how many networks, and on which machines."""
    shown = [panel for panel in contents.panels if panel.points or _has_times(panel)]
    networks = {case.network for panel in shown for case in _cases(panel)}
    machines = {panel.machine.id: machine_line(panel.machine) for panel in shown}
    where = next(iter(machines.values())) if len(machines) == 1 else counted(len(machines), "machine")
    return f"Speed and accuracy of {counted(len(networks), 'network')} on {where}"


def _cases(panel: Panel) -> Iterable[Case]:
    yield from (point.case for point in panel.points)
    yield from (excluded.case for excluded in panel.excluded if excluded.lacks == "accuracy")


def _has_times(panel: Panel) -> bool:
    return any(excluded.lacks == "accuracy" for excluded in panel.excluded)


def _machines(panels: Sequence[Panel], records: Iterable[Record]) -> list[Machine]:
    """The machines, those of panels first."""
    of_panels = (panel.machine for panel in panels)
    return list(dict.fromkeys([*of_panels, *(record.machine.hardware for record in records)]))


def _field(name: str) -> dict[str, object]:
    return {
        "name": name,
        "words": _WORDS.get(name, name.replace("_", " ")),
        "main": name in MAIN,
        "overlay": name in OVERLAY_AXES,
        "never": NEVER.get(name, ""),
    }


def _panel(
    panel: Panel, by_rate: Panel | None, contents: PageContents, shared: Shared, names: Sequence[str]
) -> dict[str, object]:
    latencies, images = [each.latency for each in panel.drift], [each.image for each in panel.drift]
    drift = (min(latencies), max(latencies), min(images), max(images)) if len(latencies) > 1 else None
    fields = panel.fields
    return {
        "id": _digest(fields),
        "values": [fields[name] for name in (*FIELDS_OF_SETTING, "set") if name not in _LEFT_OUT],
        "line": setting_line(panel, contents.panels),
        "sessions": sorted(names.index(origin.session) for origin in panel.origins),
        "joined": panel.yardstick_s is not None,
        "drift": None if drift is None else [rounded(factor) for factor in drift],
        "batch": panel.setting.case.batch,
        "findings": shared.findings.numbers(panel.findings),
        "points": points_of(panel, by_rate, contents.among.get(panel.key, {}), shared),
        "excluded": [[excluded.label, excluded.reason] for excluded in panel.excluded if excluded.lacks != "accuracy"],
    }


def _digest(fields: Mapping[str, str]) -> str:
    """Eight digits that depend on every field of a panel, by which links find it again."""
    text = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _session(
    records: Sequence[Record], file: SessionFile, machines: Sequence[Machine], shared: Shared
) -> dict[str, object]:
    first = records[0]
    about_all = [finding for record in records for finding in record.findings if finding.case is None]
    return {
        "name": first.session,
        "at": first.conditions.taken_at,
        "file": file.name,
        "store": f" --store {shlex.quote(file.store)}" if file.store else "",
        "title": first.title or "",
        "machine": machines.index(first.machine.hardware),
        "looks": looks_of(records),
        "conditions": conditions_of(max(records, key=lambda record: len(record.runs))),
        "findings": shared.findings.numbers(about_all),
        "commands": list(reproduce(records).commands[:-1]),
    }


def _published(panel: PublishedPanel) -> dict[str, object]:
    return {
        "file": panel.file,
        "title": ", ".join(panel.name_facts.words),
        "batch": panel.batch,
        "set": panel.scored_on.words,
        "points": [
            {
                "label": point.label,
                "family": point.family or OTHER,
                "top1": point.accuracy.top1,
                "latency": rounded(point.latency_s),
                "rate": rounded(point.throughput),
            }
            for point in panel.points
        ],
    }


def _curve(curve: Curve, names: Sequence[str]) -> dict[str, object]:
    case = curve.base.case
    return {
        "network": curve.base.info.called,
        "session": names.index(curve.base.session),
        "setting": axes.setting_words(case.value, leave_out=("threads", "streams")),
        "steps": [
            {
                "threads": step.record.case.threads,
                "streams": step.record.case.streams,
                "speedup": _ratio(step.speedup),
                "efficiency": rounded(step.efficiency),
                "rate": rounded(rate.value) if isinstance(rate := throughput(step.record), Estimate) else None,
            }
            for step in curve.steps
        ],
    }


def _ratio(ratio: Ratio | None) -> list[float | None] | None:
    return None if ratio is None else [rounded(ratio.value), rounded(ratio.low), rounded(ratio.high)]
