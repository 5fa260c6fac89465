"""The pick among stored networks: checks the limits, gathers the settings; `levit_bench.judge.front.pick` decides."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from levit_bench.asking import arguments
from levit_bench.errors import NothingToShowError, UsageError
from levit_bench.judge.front.panels import of_set, panels
from levit_bench.judge.front.pick import Limits, Pick, pick
from levit_bench.judge.front.pick_settings import pick_settings
from levit_bench.judge.variance.session_drift import drifts
from levit_bench.numbers.units import parse_duration
from levit_bench.report.front.pick import too_few_passes
from levit_bench.store.files import session_files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from levit_bench.reading.selection import StoredSelection


_PERCENTILE = re.compile(r"p?([0-9]*\.?[0-9]+)")


def limits(
    max_latency: str | float | None,
    min_throughput: float | None,
    min_top1: float | None,
    percentile: str | None = None,
) -> Limits:
    """The limits as the options state them, checked.

    Args:
        max_latency: a duration such as `20ms`, or a number of seconds.
        min_throughput: images a second.
        min_top1: percent.
        percentile: which passes take at most `max_latency`: `p95` for 95 of 100, from `p50` on; absent: the median
            pass.

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
    share = None if percentile is None else _share(percentile)
    if share is not None and max_latency is None and min_throughput is not None:
        raise UsageError(
            "--percentile is about single passes, and --min-throughput about all. Give --max-latency, too."
        )
    return Limits(None if max_latency is None else _seconds(max_latency), min_throughput, min_top1, share)


def picked(results: StoredSelection, limits: Limits, on: str | None = None) -> Pick:
    """The best network within the limits.

    Args:
        results: the sessions, of one machine and device; of several settings, the best of each is named.
        limits: at least one.
        on: one set of images, by its name.

    Raises:
        NothingToShowError: no case has both a speed and an accuracy, or none the passes for the percentile.
        NotComparableError: the records are of several machines, devices or sets of images.
    """
    all_panels = panels(results.records, limits.metric, results.whole)
    settings = pick_settings(all_panels if on is None else of_set(all_panels, on))
    answer = pick(settings, results.records, limits, drifts(results.history()))
    answer = answer._replace(store_of=_stores_of(answer, results.choice.stores))
    if answer.unknown and all(best.point is None and best.nearest is None for best in answer.by_setting):
        raise NothingToShowError(*too_few_passes(answer))
    return answer


def _stores_of(answer: Pick, stores: Sequence[Path]) -> dict[str, Path]:
    """The store of each session that lacks passes."""
    sessions = {rival.missing.session for rival in answer.rivals if rival.missing is not None}
    return {
        path.stem: store
        for store in stores
        if sessions and store.is_dir()
        for path in session_files(store)
        if path.stem in sessions
    }


def _share(text: str) -> float:
    """The share of the passes that a percentile means.

    Raises:
        UsageError: it is none of 50 to below 100. Below the median it would say nothing of slow passes.
    """
    match = _PERCENTILE.fullmatch(text[:80].strip().lower())
    percent = float(match[1]) if match else 0.0
    if not 50 <= percent < 100:
        meant = f"did you mean p{100 * percent:.10g}? Give" if 50 <= 100 * percent < 100 else "give"
        raise UsageError(f"--percentile {text[:80]!r}: {meant} percent from 50 to below 100: p50, p90, p95, p99.")
    return percent / 100


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
