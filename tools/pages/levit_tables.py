"""Tables of docs/measured.md about LeViT: this suite's against timm's, and the ablation; from stored sessions.

Knows what is compared with what; refuses to know which sessions those are.
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
    found = {(r.case.network, r.case.batch, r.case.form): r for r in records}
    batches = sorted({batch for _, batch, _ in found})
    forms = list(dict.fromkeys(form for _, _, form in found))
    out = []
    for batch in batches:
        for form in forms:
            for name in SIZES:
                ours, timms = found[name, batch, form], found[f"{name}.fb_dist_in1k", batch, form]
                ratio, time = paired([timms], [ours]), latency(ours)
                assert ratio is not None, f"{name} at batch {batch}, {form}: too few runs"
                assert isinstance(time, Estimate)
                out.append(Race(name, batch, form, time.value, ratio))
    return out


def folding(records: Sequence[Record]) -> list[Race]:
    """How many times as long this suite's shipped form takes as its inference form: one a size and batch."""
    found = {(r.case.network, r.case.batch, r.case.form): r for r in records}
    out = []
    for batch in sorted({batch for _, batch, _ in found}):
        for name in SIZES:
            folded = found[name, batch, "inference"]
            ratio, time = paired([found[name, batch, "shipped"]], [folded]), latency(folded)
            assert ratio is not None
            assert isinstance(time, Estimate)
            out.append(Race(name, batch, "inference", time.value, ratio))
    return out


def race_table(records: Sequence[Record]) -> list[str]:
    """As lines of Markdown."""
    own = {(one.network, one.batch): one.ratio for one in folding(records)}
    lines = [
        "| network | batch | form | ours | timm's takes … times as long | shipped takes … times as long as inference |",
        "|:--|--:|:--|--:|:--|:--|",
    ]
    for one in races(records):
        gain = _interval(own[one.network, one.batch]) if one.form == "inference" else ""
        cells = (one.network, str(one.batch), one.form, format_latency(one.ours_s), _interval(one.ratio), gain)
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def ablation_table(records: Sequence[Record]) -> list[str]:
    """As lines of Markdown: what each row of the ablation costs, beside the accuracy that the paper states."""
    found = {(one.record.case.network, one.record.case.batch): one for one in against(records, BASE)}
    batches = sorted({batch for _, batch in found})
    times = " | ".join(f"batch {batch}: … times as long as the base" for batch in batches)
    lines = [
        f"| | network | top-1, 100 epochs | parameters | MACs | {times} |",
        f"|:--|:--|--:|--:|--:|{':--|' * len(batches)}",
    ]
    for name, what in ROWS.items():
        info = found[name, batches[0]].record.info
        assert info.accuracy is not None
        ratios = [found[name, batch] for batch in batches]
        cells = ["1" if one.is_base else _interval(one.ratio) for one in ratios]
        lines.append(
            f"| {what} | {name} | {info.accuracy.top1:.1f} | {format_count(info.params)} | {format_count(info.macs)} "
            f"| {' | '.join(cells)} |"
        )
    return lines


def _interval(ratio: Ratio | None) -> str:
    assert ratio is not None, "too few runs"
    return f"{significant(ratio.value)} ({significant(ratio.low)} to {significant(ratio.high)})"
