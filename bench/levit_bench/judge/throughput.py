"""Throughput: images a second, counted as images over the time that they took, all streams together.

In a run, one stream computes batch x passes images in the sum of its timed passes, the slow ones included. Streams
work at once, so their rates add up. Batch over the *median* pass would count images that were not computed: passes are
skewed to the slow side, and their mean lies above their median. Work over time is what servers count and what the
offline scenario of MLPerf Inference reports (Reddi et al., *MLPerf Inference Benchmark*, ISCA 2020); that rates are
combined as total work over total time: Smith, *Characterizing computer performance with a single number*,
Communications of the ACM 31 (1988).

The estimand is the mean over fresh runs of the log of the run's rate, carried back with exp, with Student's t over
runs. All is counted in *seconds an image*, the reciprocal, so that less is better here as it is with latencies.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache

from levit_bench.judge.estimates import METHOD, SameTurns, counts, interval, looks_of, mean_of_known, no_speed
from levit_bench.judge.paired_ratio import Ratio, over_runs
from levit_bench.records import Case, Estimate, Finding, Record, Run, TurnLine
from levit_bench.store.stored_turns import StoredTurns


def log_seconds(turns: Iterable[TurnLine], batch: int = 1, streams: int = 1) -> float | None:
    """Log of seconds an image over all timed passes of these turns; absent when there is no pass.

    Args:
        turns: of one case in one run, in any order.
        batch: images of a pass.
        streams: how many were at work at once. A turn holds one stream after another, equally many passes of each; one
            whose passes cannot be divided so is left out (`levit_bench.judge.findings` reports it).
    """
    if streams == 1 and isinstance(turns, StoredTurns):
        figures = turns.figures
        return math.log(figures.total_s / (batch * figures.passes)) if figures.passes else None
    if streams == 1:  # As nearly always.
        alone = [duration for turn in turns for duration in turn.duration_s]
        return math.log(math.fsum(alone) / (batch * len(alone))) if alone else None
    passes = 0
    durations: list[list[float]] = [[] for _ in range(streams)]
    for turn in turns:
        per_stream, remainder = divmod(len(turn.duration_s), streams)
        if not remainder:
            passes += per_stream
            for number, stream in enumerate(durations):
                stream.extend(turn.duration_s[number * per_stream : (number + 1) * per_stream])
    if not passes:
        return None
    # Logs of the reciprocal rate: the sum over streams of passes / seconds, times the images of a pass.
    return -math.log(batch * math.fsum(passes / math.fsum(stream) for stream in durations))


def logs_by_run(record: Record) -> dict[int, float]:
    """Log of seconds an image by run, of the runs that count and have a timed pass."""
    logs = ((run.run, _of_case(record.case, run)) for run in record.runs if counts(run))
    return {number: log for number, log in logs if log is not None}


def image_ratios_by_run(record: Record) -> dict[int, float]:
    """Log ratio of seconds an image to the yardstick's seconds a pass by run, of the runs that count and have both."""
    ratios = ((run.run, _to_yardstick(record.case, run)) for run in record.runs if counts(run))
    return {number: ratio for number, ratio in ratios if ratio is not None}


def throughput(record: Record) -> Estimate | Finding:
    """Images a second at the record's batch, all streams together, or the finding that says why there is none."""
    seconds = seconds_an_image(record)
    return seconds if isinstance(seconds, Finding) else reciprocal(seconds)


def seconds_an_image(record: Record) -> Estimate | Finding:
    """The reciprocal of the throughput, or the finding that says why there is none."""
    return no_speed(record) or interval(list(logs_by_run(record).values()), METHOD, record.info.id, records=[record])


def yardstick_log(run: Run) -> float | None:
    """Log of the yardstick's mean seconds a pass in a run, both names averaged; absent where one was not timed.

    Its batch is its own and the same everywhere, and it is one stream: a pass is its unit.
    """
    return _of_sticks(SameTurns(run.yardsticks))


def paired_images(numerator: Iterable[Record], denominator: Iterable[Record]) -> Ratio | None:
    """Seconds an image of `numerator` over those of `denominator`, of the runs that hold both; absent below three.

    A run gives one ratio; the interval is Student's t over runs, as everywhere.
    """
    numerator, denominator = list(numerator), list(denominator)
    numerator_logs, denominator_logs = _by_run(numerator), _by_run(denominator)
    logs = [
        numerator_logs[key] - denominator_logs[key] for key in sorted(numerator_logs.keys() & denominator_logs.keys())
    ]
    return over_runs(logs, looks_of([*numerator, *denominator]))


def reciprocal(estimate: Estimate) -> Estimate:
    """Images a second from seconds an image, and back: the limits change places."""
    bounded = math.isfinite(estimate.high)
    return Estimate(
        value=1 / estimate.value,
        low=1 / estimate.high if bounded else -math.inf,
        high=1 / estimate.low if bounded and estimate.low > 0 else math.inf,
        level=estimate.level,
        n=estimate.n,
        method=estimate.method,
        freedom=estimate.freedom,
        findings=estimate.findings,
    )


def _by_run(records: Iterable[Record]) -> dict[tuple[str, int], float]:
    return {(record.session, run): log for record in records for run, log in logs_by_run(record).items()}


def _of_case(case: Case, run: Run) -> float | None:
    return log_seconds(run.turns, case.batch, case.streams)


@lru_cache(maxsize=4096)
def _of_sticks(same: SameTurns) -> float | None:
    """All cases of a run share one tuple of turns."""
    return mean_of_known([log_seconds(turns) for turns in same.turns])


def _to_yardstick(case: Case, run: Run) -> float | None:
    own, stick = _of_case(case, run), yardstick_log(run)
    return None if own is None or stick is None else own - stick
