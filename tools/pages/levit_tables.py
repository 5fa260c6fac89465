"""Tables of docs/measured.md about LeViT: this suite's against timm's, and the ablation; from stored sessions.

The page chooses the sessions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from levit_bench.judge.compare.reference_network import against
from levit_bench.judge.estimates import latency
from levit_bench.judge.paired_ratio import Ratio, paired
from levit_bench.numbers.units import format_count, format_latency, significant
from levit_bench.records import Estimate, Record

SIZES = ("levit_128s", "levit_128", "levit_192", "levit_256", "levit_384")
BASE = "levit_128s_one_head"
ROWS = {
    BASE: "the base",
    "levit_128s_a1": "without pyramid",
    "levit_128s_a2": "without PatchConv",
    "levit_128s_a3": "without BatchNorm",
    "levit_128s_a4": "without distillation",
    "levit_128s_a5": "without attention bias",
    "levit_128s_a6": "without wider blocks",
    "levit_128s_a7": "without attention activation",
}


class Race(NamedTuple):
    """timm's LeViT against this suite's: the same network, form and batch, in the same rounds."""

    network: str
    batch: int
    form: str
    ours_s: float
    """Latency of this suite's, seconds a batch."""
    ratio: Ratio
    """How many times as long timm's takes."""


def races(records: Sequence[Record]) -> list[Race]:
    """One a size, batch and form, in that order of the paper's sizes."""
    by_key = {(r.case.network, r.case.batch, r.case.form): r for r in records}
    batches = sorted({batch for _, batch, _ in by_key})
    forms = list(dict.fromkeys(form for _, _, form in by_key))
    out = []
    for batch in batches:
        for form in forms:
            for name in SIZES:
                own, other = by_key[name, batch, form], by_key[f"{name}.fb_dist_in1k", batch, form]
                ratio, time = paired([other], [own]), latency(own)
                assert ratio is not None, f"{name} at batch {batch}, {form}: too few runs"
                assert isinstance(time, Estimate)
                out.append(Race(name, batch, form, time.value, ratio))
    return out


def folding(records: Sequence[Record]) -> list[Race]:
    """How many times as long this suite's shipped form takes as its inference form: one a size and batch."""
    by_key = {(r.case.network, r.case.batch, r.case.form): r for r in records}
    out = []
    for batch in sorted({batch for _, batch, _ in by_key}):
        for name in SIZES:
            inference = by_key[name, batch, "inference"]
            ratio, time = paired([by_key[name, batch, "shipped"]], [inference]), latency(inference)
            assert ratio is not None
            assert isinstance(time, Estimate)
            out.append(Race(name, batch, "inference", time.value, ratio))
    return out


def race_table(records: Sequence[Record]) -> list[str]:
    """As lines of Markdown."""
    gains = {(result.network, result.batch): result.ratio for result in folding(records)}
    lines = [
        "| network | batch | form | ours | timm's takes … times as long | shipped takes … times as long as inference |",
        "|:--|--:|:--|--:|:--|:--|",
    ]
    for result in races(records):
        gain = _interval(gains[result.network, result.batch]) if result.form == "inference" else ""
        cells = (
            result.network,
            str(result.batch),
            result.form,
            format_latency(result.ours_s),
            _interval(result.ratio),
            gain,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def ablation_table(records: Sequence[Record]) -> list[str]:
    """As lines of Markdown: what each row of the ablation costs, beside the accuracy that the paper states."""
    comparisons = {
        (comparison.record.case.network, comparison.record.case.batch): comparison
        for comparison in against(records, BASE)
    }
    batches = sorted({batch for _, batch in comparisons})
    times = " | ".join(f"batch {batch}: … times as long as the base" for batch in batches)
    lines = [
        f"| | network | top-1, 100 epochs | parameters | MACs | {times} |",
        f"|:--|:--|--:|--:|--:|{':--|' * len(batches)}",
    ]
    for name, change in ROWS.items():
        info = comparisons[name, batches[0]].record.info
        assert info.accuracy is not None
        ratios = [comparisons[name, batch] for batch in batches]
        cells = ["1" if comparison.is_base else _interval(comparison.ratio) for comparison in ratios]
        lines.append(
            f"| {change} | {name} | {info.accuracy.top1:.1f} | {format_count(info.params)} | {format_count(info.macs)} "
            f"| {' | '.join(cells)} |"
        )
    return lines


def _interval(ratio: Ratio | None) -> str:
    assert ratio is not None, "too few runs"
    return f"{significant(ratio.value)} ({significant(ratio.low)} to {significant(ratio.high)})"
