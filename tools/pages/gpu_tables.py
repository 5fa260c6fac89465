"""Tables of docs/measured.md about a GPU, from the records of stored sessions that the page chooses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from levit_bench.judge.paired_ratio import Ratio, paired
from levit_bench.judge.throughput import throughput
from levit_bench.numbers.units import significant
from levit_bench.records import Estimate, Record

SLOW, FAST = "efficientnet_b2", "levit_192"


class Setting(NamedTuple):
    """The panel of a GPU that a record belongs to."""

    runtime: str
    precision: str
    batch: int


def setting(record: Record) -> Setting:
    """The panel of a record."""
    return Setting(record.case.runtime, record.case.precision, record.case.batch)


def rates(records: Sequence[Record]) -> dict[tuple[str, Setting], Estimate]:
    """Images a second by network and setting; those without a time are left out."""
    throughputs = {(r.case.network, setting(r)): throughput(r) for r in records}
    return {key: value for key, value in throughputs.items() if isinstance(value, Estimate)}


def advantage(records: Sequence[Record]) -> dict[Setting, Ratio]:
    """How many times as long EfficientNet-B2 takes as LeViT-192, paired by round."""
    by_setting = {(r.case.network, setting(r)): r for r in records if r.outcome == "done"}
    out = {}
    for name, where in by_setting:
        if name == FAST and (SLOW, where) in by_setting:
            ratio = paired([by_setting[SLOW, where]], [by_setting[FAST, where]])
            if ratio is not None:
                out[where] = ratio
    return out


def rate_tables(records: Sequence[Record]) -> list[str]:
    """Images a second: a table for each batch, one row a network."""
    estimates = rates(records)
    lines: list[str] = []
    for batch in sorted({where.batch for _, where in estimates}):
        columns = sorted({where for _, where in estimates if where.batch == batch})
        heads = " | ".join(f"{column.runtime}, {column.precision}" for column in columns)
        lines += ["", f"| images a second at batch {batch} | {heads} |", f"|:--|{'--:|' * len(columns)}"]
        for name in dict.fromkeys(record.case.network for record in records):
            lines.append(f"| {name} | {' | '.join(_rate(estimates.get((name, where))) for where in columns)} |")
    return lines[1:]


def advantage_table(records: Sequence[Record]) -> list[str]:
    """As lines of Markdown: one row a batch and precision, one column a runtime."""
    ratios = advantage(records)
    runtimes = sorted({key.runtime for key in ratios}, reverse=True)
    heads = " | ".join(f"{name}: EfficientNet-B2 takes … times as long as LeViT-192" for name in runtimes)
    lines = [f"| batch | precision | {heads} |", f"|--:|:--|{':--|' * len(runtimes)}"]
    for batch, precision in sorted({(key.batch, key.precision) for key in ratios}):
        cells = [_ratio(ratios.get(Setting(name, precision, batch))) for name in runtimes]
        lines.append(f"| {batch} | {precision} | {' | '.join(cells)} |")
    return lines


def _ratio(ratio: Ratio | None) -> str:
    if ratio is None:
        return "–"
    return f"{significant(ratio.value)} ({significant(ratio.low)} to {significant(ratio.high)})"


def _rate(estimate: Estimate | None) -> str:
    return "–" if estimate is None else f"{estimate.value:,.0f}"
