"""Stored cases one by one: as a table, as dictionaries, and as data frames."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from levit_bench.axes import IMAGES, SAID
from levit_bench.catalog.image_sets import set_of
from levit_bench.judge.comparability import Setting, columns, setting
from levit_bench.judge.estimates import counted_runs, latency, relative_to_yardstick
from levit_bench.judge.network_labels import called, labels
from levit_bench.judge.throughput import throughput
from levit_bench.judge.variance.session_drift import Drifts, drifts
from levit_bench.libraries import require
from levit_bench.numbers.units import format_latency, significant
from levit_bench.records import Case, CaseLine, Estimate, Finding, Record
from levit_bench.report.front.table import instead, plus_minus
from levit_bench.report.views.cold_start_columns import columns as cold_columns
from levit_bench.report.words import shared_axes
from levit_bench.report.words.findings import about, of_records, plain, same_holds
from levit_bench.report.words.safe_text import distinct, visible

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

NO_DRIFT = Drifts({}, {})
"""The drift between sessions where none is known."""


def table(records: Sequence[Record], drift: Drifts = NO_DRIFT) -> Table:
    """One row a case: latency with its interval, ratio to the yardstick, runs; or the reason why it has no time.

    Args:
        records: the cases to show.
        drift: variance between sessions; where it is known, a column has intervals that include it.
    """
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    words = [record.case.words() for record in records]
    rests = shared_axes.rests(words)
    out = FittedTable(title=shared_axes.heading(words))
    out.add_column("network", overflow="fold")
    if any(rests):
        out.add_column("case", overflow="fold")
    out.add_column("latency", justify="right", no_wrap=True)
    out.add_column("95 % CI", justify="right", no_wrap=True)
    sessions = max(map(drift.sessions, records), default=0)
    if sessions:
        out.add_column("across\nsessions", justify="right", no_wrap=True)
    out.add_column("vs\nreference", justify="right", no_wrap=True)
    out.add_column("runs", justify="right", no_wrap=True)
    shown_as = shown_names(record.info for record in records)
    failures: dict[str, list[str]] = {}
    for record, rest in zip(records, rests, strict=True):
        case_cells = [Text(shown_as[record.case.network], style="bold"), *([Text(rest)] if any(rests) else [])]
        time = latency(record)
        if isinstance(time, Estimate):
            ratio = relative_to_yardstick(record)
            shown = significant(ratio.value) if isinstance(ratio, Estimate) else "–"
            drift_cells = [_across_sessions(drift, record)] if sessions else []
            out.add_row(*case_cells, format_latency(time.value), plus_minus(time), *drift_cells, shown, str(time.n))
        else:
            empty = [""] * (3 if sessions else 2)
            out.add_row(*case_cells, Text(instead(record, time), style="red"), *empty, str(len(record.runs)))
            whose = f"{shown_as[record.case.network]} {axes(record.case)}"
            failures.setdefault(visible(time.message), []).append(whose)
    remarks = [f"across sessions: with the drift between them, from {sessions} of this machine"] if sessions else []
    remarks += [reason_with_cases(reason, [*dict.fromkeys(cases)]) for reason, cases in failures.items()]
    if remarks:
        out.caption = Text("\n".join(remarks))
    return out


def reason_with_cases(reason: str, cases: Sequence[str]) -> str:
    """A reason after the name of the first case that it holds for; the others follow."""
    first, *rest = cases
    also = same_holds(rest)
    return f"{first}: {reason}{'.' if also and not reason.endswith(('.', '…')) else ''}{also}"


def shown_names(infos: Iterable[CaseLine]) -> dict[str, str]:
    """A distinct name for each network in a table: the user's label, or the network's name."""
    texts = called(infos)
    shown = distinct(texts.values())
    return {name: shown[text] for name, text in texts.items()}


def _across_sessions(drift: Drifts, record: Record) -> str:
    interval = drift.across_sessions(record)
    return plus_minus(interval) if interval else "–"


def findings_of(records: Iterable[Record], whole: Iterable[Record] = ()) -> list[Finding]:
    """Findings about the subjects' numbers, one a kind, with the names of their cases; see
    `levit_bench.report.words.findings`.
    """
    shown = [record for record in records if record.info.role == "subject"]
    cases_by_id = {record.info.id: record.case for record in shown}
    return of_records(shown, names(cases_by_id, called(record.info for record in shown)), whole)


def names(cases_by_id: Mapping[str, Case], labels: Mapping[str, str] | None = None) -> dict[str, str]:
    """Names of cases by their ids: the network, with its axes where it was timed in several ways.

    Args:
        cases_by_id: the cases.
        labels: labels of networks, by their names.
    """
    times = Counter(case.network for case in cases_by_id.values())
    called_so = {case.network: (labels or {}).get(case.network, case.network) for case in cases_by_id.values()}
    return {
        key: called_so[case.network] if times[case.network] == 1 else f"{called_so[case.network]} {axes(case)}"
        for key, case in cases_by_id.items()
    }


def rows(records: Sequence[Record], whole: Iterable[Record] = (), drift: Drifts = NO_DRIFT) -> list[dict[str, object]]:
    """One dictionary a case and session; limits that the data cannot give are None, and no number is NaN.

    Args:
        records: the cases to show.
        whole: their sessions with all cases, for findings that need them; by default `records`.
        drift: variance between sessions.
    """
    triples = zip(records, _labels(records), _findings(records, whole), strict=True)
    return [{**_row(r, label, drift), "findings": plain(findings)} for r, label, findings in triples]


def frame(records: Sequence[Record]) -> pd.DataFrame:
    """The rows as a data frame, with cold starts and the kinds of the findings."""
    require("pandas", "make a data frame")
    import pandas as pd

    kinds = [" ".join(dict.fromkeys(f.kind for f in findings)) for findings in _findings(records, ())]
    drift = drifts(records)
    triples = zip(records, _labels(records), kinds, strict=True)
    return pd.DataFrame(
        [{**_row(r, label, drift), **cold_columns(r), "findings": kind_names} for r, label, kind_names in triples]
    )


def passes(records: Iterable[Record]) -> pd.DataFrame:
    """One row a timed pass, in the order of measurement: the raw data."""
    require("pandas", "make a data frame")
    import pandas as pd

    return pd.DataFrame(
        [
            (record.session, record.info.id, record.case.network, run.run, turn.round, turn.position, number, duration)
            for record in records
            for run in record.runs
            for turn in run.turns
            for number, duration in enumerate(turn.duration_s)
        ],
        columns=["session", "case", "network", "run", "round", "position", "pass", "duration_s"],
    )


def axes(case: Case) -> str:
    """The axes of a case in words, without the network's name and usual values."""
    return visible(" ".join(case.words()))


def _findings(records: Sequence[Record], whole: Iterable[Record]) -> list[list[Finding]]:
    """Findings of each record: about its session and about itself; reference cases have none."""
    findings = about(records, whole)
    keys = [((r.session, None), (r.session, r.info.id)) for r in records]
    return [[f for key in pair if pair[1] in findings for f in findings[key]] for pair in keys]


def fields(case: Case) -> dict[str, str | int]:
    """The axes of a case by their names."""
    return {axis.name: case.cell(axis.name) for axis in SAID if axis.name != "network"}


def _labels(records: Sequence[Record]) -> list[str]:
    """Names of cases in tables and figures; of one that has a place on a front, the name that it has there."""
    groups: dict[tuple[str, Setting], list[CaseLine]] = {}
    on_fronts = [r for r in records if r.info.role == "subject" and r.info.scored and isinstance(latency(r), Estimate)]
    for record in on_fronts:
        groups.setdefault((record.session, setting(record)), []).append(record.info)
    label_of = {
        (session, info.id): label
        for (session, _), infos in groups.items()
        for info, label in zip(infos, labels(infos), strict=True)
    }
    return [label_of.get((record.session, record.info.id), record.info.called) for record in records]


def _row(record: Record, label: str, drift: Drifts) -> dict[str, object]:
    case, info = record.case, record.info
    time, ratio = latency(record), relative_to_yardstick(record)
    first = next(iter(info.scored), None)
    scored = None if first is None else set_of(first)
    return {
        "session": record.session,
        "taken_at": record.conditions.taken_at,
        "title": record.title,
        "commit": record.conditions.commit,
        "processor": record.machine.cpu_model,
        "role": info.role,
        "network": case.network,
        "label": label,
        "family": info.family,
        **{axis.name: case.cell(axis.name) for axis in IMAGES},
        **columns(setting(record)),
        "weights": case.weights,  # Those of model files are no setting of their own.
        "reference": info.reference,
        "reference_distance": info.reference_distance,
        "top1": first.top1 if first else None,
        "top1_source": first.source if first else None,
        "top1_set": scored.name if scored else None,
        "top1_images": scored.images if scored else None,
        "top1_classes": scored.classes if scored else None,
        "top1_elsewhere": "; ".join(f"{accuracy.top1:g} on {set_of(accuracy).words}" for accuracy in info.scored[1:])
        or None,
        "classes": info.classes,
        "params": info.params,
        "macs": info.macs,
        **_limits("latency", "_s", time),
        **_across_sessions_limits(drift.across_sessions(record)),
        **_limits("images_per_s", "", throughput(record)),
        **_limits("yardstick_ratio", "", ratio),
        "runs": len(counted_runs(record)),
        "decided": next((look.decided[info.id].verdict for look in record.looks if info.id in look.decided), None),
        "outcome": record.outcome,
        "reason": record.reason,
    }


def _across_sessions_limits(interval: Estimate | None) -> dict[str, float | None]:
    return {
        "latency_across_sessions_low_s": interval.low if interval else None,
        "latency_across_sessions_high_s": interval.high if interval else None,
    }


def _limits(name: str, unit: str, estimate: object) -> dict[str, float | None]:
    if not isinstance(estimate, Estimate):
        return {f"{name}{unit}": None, f"{name}_low{unit}": None, f"{name}_high{unit}": None}
    bounded = math.isfinite(estimate.high)
    return {
        f"{name}{unit}": estimate.value,
        f"{name}_low{unit}": estimate.low if bounded else None,
        f"{name}_high{unit}": estimate.high if bounded else None,
    }
