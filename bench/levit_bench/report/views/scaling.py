"""Scaling curves as a table and as dictionaries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from levit_bench.axes import IMAGES
from levit_bench.judge.estimates import latency
from levit_bench.judge.paired_ratio import Ratio
from levit_bench.judge.scaling import Curve, ScalingPoint
from levit_bench.judge.throughput import throughput
from levit_bench.numbers.units import counted, format_latency, significant
from levit_bench.records import Case, Estimate
from levit_bench.report.views.cases import fields, shown_names
from levit_bench.report.words.safe_text import visible

if TYPE_CHECKING:
    from rich.table import Table


def table(curves: Sequence[Curve]) -> Table:
    """One row a number of threads and streams, under its network."""
    from rich.text import Text

    from levit_bench.report.fitted_table import FittedTable

    out = FittedTable()
    out.add_column("at work", overflow="fold")
    for name in ("latency", "images/s", "speed-up", "efficiency"):
        out.add_column(name, justify="right", no_wrap=True)
    names = shown_names(curve.base.info for curve in curves)
    for curve in curves:
        for step in curve.steps:
            case, is_base = step.record.case, step.record is curve.base
            if is_base:
                out.add_row(Text(f"{names[case.network]}{_axes(case)}", style="bold"))
            time, rate = latency(step.record), throughput(step.record)
            out.add_row(
                at_work(case),
                format_latency(time.value) if isinstance(time, Estimate) else Text(step.record.outcome, style="red"),
                significant(rate.value) if isinstance(rate, Estimate) else "–",
                _speedup(step, is_base=is_base),
                "–" if step.efficiency is None else f"{100 * step.efficiency:.0f} %",
            )
    out.caption = Text(
        "latency: of one stream · images/s: of all together · speed-up: of images/s, paired by run, with 95 % limits"
    )
    return out


def notes(curves: Sequence[Curve]) -> list[str]:
    """Sentences that compare streams with one process of as many threads."""
    names = shown_names(curve.base.info for curve in curves)
    return [
        f"{names[case.network]}{_axes(case)}: {at_work(case)} do {_ratio_words(ratio)} times as many images a second "
        f"as {step.processors} threads of one process"
        for curve in curves
        for step in curve.steps
        if (ratio := step.over_threads) is not None
        for case in [step.record.case]
    ]


def rows(curves: Sequence[Curve]) -> list[dict[str, object]]:
    """One dictionary a step; ratios that the data cannot give are None."""
    return [
        {
            "session": curve.base.session,
            "network": step.record.case.network,
            **fields(step.record.case),
            "processors": step.processors,
            **_value("latency_s", latency(step.record)),
            **_value("images_per_s", throughput(step.record)),
            **_limits("speedup", step.speedup),
            "efficiency": step.efficiency,
            **_limits("streams_over_threads", step.over_threads),
        }
        for curve in curves
        for step in curve.steps
    ]


def at_work(case: Case) -> str:
    """Threads and streams in words."""
    threads = counted(case.threads, "thread")
    if case.streams == 1:
        return threads
    return f"{case.streams} streams" if case.threads == 1 else f"{case.streams} streams of {threads}"


ON_A_CURVE = (*(axis.name for axis in IMAGES), "threads", "streams")
"""Axes that a curve's name leaves out: those that it shows, and those that its network determines."""


def _axes(case: Case) -> str:
    """The axes in which a curve may differ from others of its network, in words."""
    return visible(" " + " ".join(case.words(leave_out=ON_A_CURVE)))


def _speedup(step: ScalingPoint, *, is_base: bool) -> str:
    if is_base:
        return "1"
    return "too few runs" if step.speedup is None else _ratio_words(step.speedup)


def _ratio_words(ratio: Ratio) -> str:
    return f"{significant(ratio.value)} ({significant(ratio.low)} to {significant(ratio.high)})"


def _value(name: str, estimate: object) -> dict[str, float | None]:
    return {name: estimate.value if isinstance(estimate, Estimate) else None}


def _limits(name: str, ratio: Ratio | None) -> dict[str, float | None]:
    return {
        name: ratio.value if ratio else None,
        f"{name}_low": ratio.low if ratio else None,
        f"{name}_high": ratio.high if ratio else None,
    }
