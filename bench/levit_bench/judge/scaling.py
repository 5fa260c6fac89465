"""Scaling: speed-up in images a second of a network with more threads or streams, over the case with one.

Groups the cases that differ in threads and streams alone; the ratios are those of `throughput`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from levit_bench.command_lines import command_line
from levit_bench.errors import NothingToShowError
from levit_bench.judge.estimates import no_speed
from levit_bench.judge.paired_ratio import Ratio
from levit_bench.judge.throughput import paired_images
from levit_bench.records import Case, Record


class ScalingPoint(NamedTuple):
    """One number of threads and streams."""

    record: Record
    speedup: Ratio | None
    """Images a second over those of the curve's base; absent where they share too few runs, or one has no time."""
    over_threads: Ratio | None
    """Images a second of these streams over those of one process with as many threads; absent where there is none."""

    @property
    def processors(self) -> int:
        """Threads of all streams together."""
        return processors(self.record.case)

    @property
    def efficiency(self) -> float | None:
        """Speed-up by processor, relative to the base's: 1 where every processor brings as much as the first."""
        return None if self.speedup is None else self.speedup.value / self.processors


class Curve(NamedTuple):
    """A network in one setting, by threads and streams."""

    base: Record
    """The case with the fewest processors."""
    steps: tuple[ScalingPoint, ...]
    """The base first; by processors, and threads before streams."""


def processors(case: Case) -> int:
    """Threads of all streams together."""
    return case.threads * case.streams


def scaling(records: Iterable[Record]) -> list[Curve]:
    """The curves of all networks that were measured with one thread and with more, in one session; none is emulated.

    Raises:
        NothingToShowError: no case has a partner.
    """
    groups: dict[tuple[str, str, Case], list[Record]] = {}
    emulated = False
    for record in records:
        if record.conditions.emulated:
            emulated = True
            continue
        plain = msgspec.structs.replace(record.case, threads=1, streams=1)
        groups.setdefault((record.session, record.isolation, plain), []).append(record)
    curves = [_curve(group) for group in groups.values() if _has_one_and_more(group)]
    if not curves and emulated:
        raise NothingToShowError(
            "cannot say what more processors bring: what was chosen was taken under an instruction-set emulator, whose "
            "times say nothing about a machine. Measure on the machine itself."
        )
    if not curves:
        raise NothingToShowError(
            "no network was measured with one thread and with more in the same session. Measure one, as far as there "
            f"are processors: {command_line('run', '--networks', 'levit_192', '--threads', '1,2', '--streams', '1,2')}"
        )
    return curves


def newest(curves: Iterable[Curve]) -> list[Curve]:
    """The curves of the newest session."""
    candidates = list(curves)
    last = max(curve.base.session for curve in candidates)
    return [curve for curve in candidates if curve.base.session == last]


def _has_one_and_more(group: Sequence[Record]) -> bool:
    counts = {processors(record.case) for record in group}
    return 1 in counts and len(counts) > 1


def _curve(group: Sequence[Record]) -> Curve:
    ordered = sorted(group, key=lambda record: (processors(record.case), record.case.streams))
    base = ordered[0]
    threads = {record.case.threads: record for record in ordered if record.case.streams == 1}
    steps = []
    for record in ordered:
        partner = threads.get(processors(record.case)) if record.case.streams > 1 else None
        speedup = Ratio(1.0, 1.0, 1.0, len(record.runs)) if record is base else faster(record, base)
        steps.append(ScalingPoint(record, speedup, faster(record, partner) if partner else None))
    return Curve(base, tuple(steps))


def faster(record: Record, base: Record) -> Ratio | None:
    """Images a second of a case over those of its base, paired by run; absent where the data do not allow it."""
    return None if no_speed(record) or no_speed(base) else paired_images([base], [record])
