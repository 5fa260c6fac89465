"""Stored cases one by one: as a table, as rows for programs, and as data frames.

Knows columns; refuses to know where they are printed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from levit_bench.axes import SAID
from levit_bench.catalog.image_sets import set_of
from levit_bench.judge.estimates import counted_runs, latency, relative_to_yardstick
from levit_bench.judge.network_labels import called
from levit_bench.judge.variance.session_drift import Drifts, drifts
from levit_bench.numbers.units import format_latency, significant
from levit_bench.records import Case, CaseLine, Estimate, Finding, Record
from levit_bench.report.front.table import instead, plus_minus
from levit_bench.report.views.cold_start_columns import columns
from levit_bench.report.words.findings import about, plain, same_holds, told
from levit_bench.report.words.safe_text import distinct, shortened, visible

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

_REASON = 200
NO_DRIFT = Drifts({}, {})
"""Nothing is known of other sessions."""


def table(records: Sequence[Record], drift: Drifts = NO_DRIFT) -> Table:
    """One row a case: latency with its interval, ratio to the yardstick, runs; or why there is no time.

    Args:
        records: the cases to show.
        drift: how far sessions drift; where it is known, a column has limits for any day.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    out = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    out.add_column("network", overflow="fold")
    out.add_column("case", overflow="fold")
    out.add_column("latency", justify="right", no_wrap=True)
    out.add_column("95 %", justify="right", no_wrap=True)
    sessions = max(map(drift.sessions, records), default=0)
    if sessions:
        out.add_column("any day", justify="right", no_wrap=True)
    out.add_column("x yardst.", justify="right", no_wrap=True)
    out.add_column("runs", justify="right", no_wrap=True)
    shown_as = shown_names(record.info for record in records)
    failures: dict[str, list[str]] = {}
    for record in records:
        name, asked = Text(shown_as[record.case.network], style="bold"), axes(record.case)
        found = latency(record)
        if isinstance(found, Estimate):
            ratio = relative_to_yardstick(record)
            shown = significant(ratio.value) if isinstance(ratio, Estimate) else "–"
            wide = [_any_day(drift, record)] if sessions else []
            out.add_row(name, Text(asked), format_latency(found.value), plus_minus(found), *wide, shown, str(found.n))
        else:
            empty = [""] * (3 if sessions else 2)
            out.add_row(name, Text(asked), Text(instead(record, found), style="red"), *empty, str(len(record.runs)))
            reason = shortened(found.message, _REASON)
            failures.setdefault(reason, []).append(f"{shown_as[record.case.network]} {asked}")
    told = [f"any day: with the drift between sessions, from {sessions} of this machine"] if sessions else []
    told += [_said_once(reason, [*dict.fromkeys(cases)]) for reason, cases in failures.items()]
    if told:
        out.caption = Text("\n".join(told))
        out.caption_justify = "left"
    return out


def _said_once(reason: str, cases: Sequence[str]) -> str:
    """A reason after the first case that it holds for, with the others."""
    first, *others = cases
    also = same_holds(others)
    return f"{first}: {reason}{'.' if also and not reason.endswith(('.', '…')) else ''}{also}"


def shown_names(infos: Iterable[CaseLine]) -> dict[str, str]:
    """What a table shows for each network's name: the user's label or the name, never the same for two networks."""
    texts = called(infos)
    shown = distinct(texts.values())
    return {name: shown[text] for name, text in texts.items()}


def _any_day(drift: Drifts, record: Record) -> str:
    wide = drift.any_day(record)
    return plus_minus(wide) if wide else "–"


def doubts(records: Iterable[Record], whole: Iterable[Record] = ()) -> list[Finding]:
    """Doubts about the subjects' numbers, one a kind, with the names of their cases; see
    `levit_bench.report.words.findings`.
    """
    shown = [record for record in records if record.info.role == "subject"]
    asked = {record.info.id: record.case for record in shown}
    return told(shown, names(asked, called(record.info for record in shown)), whole)


def names(asked: Mapping[str, Case], labels: Mapping[str, str] | None = None) -> dict[str, str]:
    """Cases by their id in words: the network, with its axes where it was timed in several ways.

    Args:
        asked: the cases.
        labels: what some networks are called, by their names.
    """
    times = Counter(case.network for case in asked.values())
    called_so = {case.network: (labels or {}).get(case.network, case.network) for case in asked.values()}
    return {
        key: called_so[case.network] if times[case.network] == 1 else f"{called_so[case.network]} {axes(case)}"
        for key, case in asked.items()
    }


def rows(records: Sequence[Record], whole: Iterable[Record] = (), drift: Drifts = NO_DRIFT) -> list[dict[str, object]]:
    """One dictionary a case and session; limits that the data cannot give are absent, and no number is NaN.

    Args:
        records: the cases to show.
        whole: their sessions with all cases, for what only these show; by default `records`.
        drift: how far sessions drift.
    """
    return [{**_row(r, drift), "findings": plain(f)} for r, f in zip(records, _findings(records, whole), strict=True)]


def frame(records: Sequence[Record]) -> pd.DataFrame:
    """The same as a data frame, with cold starts, of findings the names of their kinds."""
    import pandas as pd

    kinds = [" ".join(dict.fromkeys(f.kind for f in found)) for found in _findings(records, ())]
    drift = drifts(records)
    pairs = zip(records, kinds, strict=True)
    return pd.DataFrame([{**_row(r, drift), **columns(r), "findings": told} for r, told in pairs])


def passes(records: Iterable[Record]) -> pd.DataFrame:
    """One row a timed pass, in the order they were taken: the raw evidence."""
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
    """What is asked of a network, without its name: usual values go without saying."""
    return visible(" ".join(case.words()))


def _findings(records: Sequence[Record], whole: Iterable[Record]) -> list[list[Finding]]:
    """Of each record, those about its session and those about itself; the instrument's own have none."""
    found = about(records, whole)
    keys = [((r.session, None), (r.session, r.info.id)) for r in records]
    return [[f for key in pair if pair[1] in found for f in found[key]] for pair in keys]


def fields(case: Case) -> dict[str, str | int]:
    """The axes of a case by their names, for programs."""
    return {axis.name: case.cell(axis.name) for axis in SAID if axis.name != "network"}


def _row(record: Record, drift: Drifts) -> dict[str, object]:
    case, info = record.case, record.info
    time, ratio = latency(record), relative_to_yardstick(record)
    first = next(iter(info.scored), None)
    scored = None if first is None else set_of(first)
    return {
        "session": record.session,
        "machine": record.machine.id,
        "role": info.role,
        "network": case.network,
        "family": info.family,
        **fields(case),
        "gpu": record.gpu,
        "allowance": record.allowance,
        "shell": record.shell.text,
        "label": info.label,
        "top1": first.top1 if first else None,
        "top1_set": scored.name if scored else None,
        "top1_images": scored.images if scored else None,
        "top1_classes": scored.classes if scored else None,
        "top1_elsewhere": "; ".join(f"{one.top1:g} on {set_of(one).words}" for one in info.scored[1:]) or None,
        "classes": info.classes,
        "params": info.params,
        "macs": info.macs,
        **_limits("latency", "_s", time),
        **_any_day_limits(drift.any_day(record)),
        **_limits("yardstick_ratio", "", ratio),
        "runs": len(counted_runs(record)),
        "decided": next((look.decided[info.id].verdict for look in record.looks if info.id in look.decided), None),
        "outcome": record.outcome,
        "reason": record.reason,
    }


def _any_day_limits(wide: Estimate | None) -> dict[str, float | None]:
    return {
        "latency_any_day_low_s": wide.low if wide else None,
        "latency_any_day_high_s": wide.high if wide else None,
    }


def _limits(name: str, unit: str, found: object) -> dict[str, float | None]:
    if not isinstance(found, Estimate):
        return {f"{name}{unit}": None, f"{name}_low{unit}": None, f"{name}_high{unit}": None}
    bounded = math.isfinite(found.high)
    return {
        f"{name}{unit}": found.value,
        f"{name}_low{unit}": found.low if bounded else None,
        f"{name}_high{unit}": found.high if bounded else None,
    }
