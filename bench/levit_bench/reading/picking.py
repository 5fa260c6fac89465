"""The pick among stored networks: checks the limits and chooses the panel; `levit_bench.judge.front.pick` decides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from levit_bench.asking import arguments
from levit_bench.errors import UsageError
from levit_bench.judge.front.panels import of_set, panels
from levit_bench.judge.front.pick import Limits, Pick, only, pick
from levit_bench.judge.variance.session_drift import drifts
from levit_bench.numbers.units import parse_duration

if TYPE_CHECKING:
    from levit_bench.reading.selection import StoredSelection


def limits(max_latency: str | float | None, min_throughput: float | None, min_top1: float | None) -> Limits:
    """The limits as the options state them, checked.

    Args:
        max_latency: a duration such as `20ms`, or a number of seconds.
        min_throughput: images a second.
        min_top1: percent.

    Raises:
        UsageError: no limit is given, or one is out of range.
    """
    if max_latency is None and min_throughput is None and min_top1 is None:
        raise UsageError("pick needs a limit: --max-latency 20ms, --min-throughput 100 or --min-top1 80.")
    min_throughput = None if min_throughput is None else arguments.real("min_throughput", min_throughput)
    min_top1 = None if min_top1 is None else arguments.real("min_top1", min_top1)
    if min_throughput is not None and not 0 < min_throughput < math.inf:
        raise UsageError(f"--min-throughput {min_throughput:g}: give images a second, such as 100.")
    if min_top1 is not None and not 1 < min_top1 <= 100:
        raise UsageError(f"--min-top1 {min_top1:g}: give percent between 1 and 100, such as 80.")
    return Limits(None if max_latency is None else _seconds(max_latency), min_throughput, min_top1)


def picked(results: StoredSelection, limits: Limits, on: str | None = None) -> Pick:
    """The best network within the limits.

    Args:
        results: the sessions, of one setting.
        limits: at least one.
        on: one set of images, by its name.

    Raises:
        NothingToShowError: no case has both a speed and an accuracy.
        NotComparableError: the records are of several settings or sets of images.
    """
    all_panels = panels(results.records, limits.metric, results.whole)
    panel = only(all_panels if on is None else of_set(all_panels, on))
    return pick(panel, results.records, limits, drifts(results.history()))


def _seconds(limit: str | float) -> float:
    if isinstance(limit, str):
        try:
            return parse_duration(limit)
        except UsageError as error:
            raise UsageError(f"--max-latency: {error}") from error
    arguments.duration("max_latency", limit)  # its kind alone: as text it would lose digits
    if not 0 < limit < math.inf:
        raise UsageError(f"max_latency={limit!r}: give a text such as '20ms', or a number of seconds.")
    return float(limit)
