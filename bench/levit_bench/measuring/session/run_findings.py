"""Findings that only the engine can raise, while a run is taken: each kind once a case and run.

Findings about durations are not raised here but on reading, by `levit_bench.judge.findings`.
"""

from __future__ import annotations

from collections.abc import Iterable

from levit_bench.measuring.runtimes import most_threads
from levit_bench.measuring.session.observer import Observer
from levit_bench.measuring.workers.allocator_library import is_glibc
from levit_bench.numbers.units import counted
from levit_bench.records import CaseLine, Finding, SeatInfo, TurnLine

_FAULTS_A_PASS = 50  # A pinned allocator causes none, but for the last growth of its heap: 10 over a run were seen.


class RunFindings:
    """The findings of one run."""

    def __init__(self, observer: Observer, *, bound: bool = False, emulated: bool = False) -> None:
        """`bound`: whether all seats must be bound to processors; `emulated`: whether page faults are an emulator's."""
        self._observer = observer
        self._bound = bound
        self._emulated = emulated
        self._findings: dict[tuple[str, str | None], Finding] = {}
        self._faults: dict[str, tuple[int, int]] = {}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings so far, in order."""
        return tuple(self._findings.values())

    def seats_ready(self, seats: Iterable[SeatInfo], lines: dict[str, CaseLine]) -> None:
        """Check threads, allocator and affinity of the seats, once libraries are loaded: they may override settings."""
        for seat in seats:
            thread_counts = {lines[key].case.threads for key in seat.cases}
            if thread_counts and thread_counts != {seat.threads}:
                self._notice(
                    "threads-differ",
                    f"worker {seat.seat} was asked for {counted(min(thread_counts), 'thread')} and uses "
                    f"{seat.threads}. Its times are those of the latter; unset thread variables of other libraries.",
                )
            if seat.allocator != "n/a" and seat.malloc is not None and not is_glibc(seat.malloc):
                self._notice(
                    "allocator-differs",
                    f"worker {seat.seat} was to have glibc's allocator ({seat.allocator}) and takes its memory from "
                    f"{seat.malloc}: a preloaded library brings it, or this Python is built with it. Its times are "
                    "those of that allocator; look at LD_PRELOAD and /etc/ld.so.preload, or use another Python.",
                )
            streams = any(lines[key].case.streams > 1 for key in seat.cases)
            if (streams or self._bound) and len(seat.affinity or ()) != seat.threads:
                binding = (
                    "cannot be bound"
                    if seat.affinity is None
                    else f"may run on {counted(len(seat.affinity), 'processor')}"
                )
                role = "is a stream of" if streams else "has"
                threads = counted(seat.threads, "thread")
                self._notice(
                    "affinity-differs",
                    f"worker {seat.seat} {role} {threads} and {binding}. Read its times as those of a "
                    f"process that the system places{', and that may wait for the other streams' if streams else ''}.",
                )

    def turn_taken(self, line: CaseLine, turn: TurnLine, restless_s: float, at_work: int | None = None) -> None:
        """Check whether idle seats were at rest before a turn, and whether more threads worked in it than it may have.

        Page faults are summed until the run ends.
        """
        case = line.case
        if case.device == "cpu" and line.role == "subject" and (at_work or 0) > most_threads(case):
            self._notice(
                "threads-of-its-own",
                f"{at_work} threads computed in the passes of {case.network}, which has {case.threads}: it starts "
                "threads of its own. Its times are not those of the threads named; make it compute in those it is "
                "given.",
                line.id,
            )
        if restless_s:
            self._notice(
                "seat-not-idle",
                f"an idle worker still gained {1e3 * restless_s:.1f} ms of processor time when the turn of "
                f"{line.case.network} began. It may have slowed the turn; time it again on a quiet machine.",
            )
        faults, passes = self._faults.get(line.id, (0, 0))
        self._faults[line.id] = (faults + (turn.minor_faults or 0), passes + len(turn.duration_s))

    def server_lost(self, reason: str) -> None:
        """Say that the process is gone from which the run's workers were forked; the next run has another one."""
        self._notice(
            "fork-server-lost",
            f"{reason}. Its workers ended with it, and the run does not count. --start-method spawn does without it.",
        )

    def run_over(self, lines: dict[str, CaseLine]) -> None:
        """Check page faults: with few a pass the pinned allocator took effect, with many it did not."""
        for key, (faults, passes) in self._faults.items():
            case = lines[key].case
            if case.allocator == "pinned" and not self._emulated and faults > _FAULTS_A_PASS * passes:
                self._notice(
                    "page-faults",
                    f"{case.network} took {faults / passes:.0f} page faults a pass with the pinned allocator, "
                    "where none are expected. The setting did not take effect for all of its memory; "
                    "read its time as unpinned.",
                    key,
                )

    def _notice(self, kind: str, message: str, case: str | None = None) -> None:
        if (kind, case) not in self._findings:
            finding = Finding(kind=kind, message=message, case=case)
            self._findings[kind, case] = finding
            self._observer.finding_made(finding)
