"""A case and its figures as flat names and values, for the reports of other tools."""

from __future__ import annotations

import math

from levit_bench.catalog.image_sets import set_of
from levit_bench.records import Estimate, Record
from levit_bench.report.views import cases
from levit_bench.report.words.safe_text import visible

Fact = str | int | float


def case_facts(
    record: Record, latency: Estimate, throughput: Estimate | None = None, relative: Estimate | None = None
) -> dict[str, Fact]:
    """The setting of a case and its figures by the names of columns; those that are not finite are left out.

    Args:
        record: the case.
        latency: seconds a batch.
        throughput: images a second; absent where it is not known.
        relative: latency as a multiple of the yardstick's, likewise.
    """
    info = record.info
    accuracy = next(iter(info.scored), None)
    figures = {"latency_s": latency.value, "latency_low_s": latency.low, "latency_high_s": latency.high}
    figures |= {} if throughput is None else {"images_per_s": throughput.value}
    figures |= {} if relative is None else {"yardstick_ratio": relative.value}
    return {
        "network": visible(record.case.network),
        **cases.fields(record.case),
        **({"label": visible(info.label)} if info.label else {}),
        **({"top1_percent": accuracy.top1, "top1_set": visible(set_of(accuracy).words)} if accuracy else {}),
        **{name: value for name, value in figures.items() if math.isfinite(value)},
        "runs": latency.n,
        "session": record.session,
    }
