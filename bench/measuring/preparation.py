"""Prepares every network once, in a process apart, and keeps the artifacts for as many sessions as it is lent to.

A network that raises, hangs or dies costs itself: the process is replaced and the others go on. Refuses to know what
the artifacts are for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.measuring import runtimes, timeouts
from bench.measuring.environment import default_allocator, usable_processors
from bench.measuring.fitting import Fitting, fitting, powers
from bench.measuring.scratch import Scratch
from bench.measuring.seat import Seat, SeatLostError
from bench.measuring.wire import Failed, Load, Prepare, Prepared, Resolve, Resolved
from bench.records import Case


class Artifact(NamedTuple):
    """A folder that seats load a case from."""

    folder: Path
    prepared: Prepared


class Workshop:
    """Artifacts, in a folder that goes with it; what was prepared for one session serves the next one, too."""

    def __init__(self, seed: int, timeout_s: float) -> None:
        self._seed = seed
        self._timeout_s = timeout_s
        self._folder = Scratch()
        self._seat: Seat | None = None
        self._ready: dict[tuple[Case, tuple[int, ...]], Artifact] = {}

    def __enter__(self) -> Workshop:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._folder.cleanup()

    def release(self) -> None:
        """End the preparing process: nothing of it may run while something is timed."""
        if self._seat is not None:
            self._seat.close()
            self._seat = None

    def resolve(self, names: Iterable[str]) -> Resolved:
        """Which names can be built here, and at which resolution by default.

        Raises:
            SeatLostError: even looking them up killed the process.
        """
        answer = self._working_seat().ask(Resolve(names=tuple(names)), self._timeout_s)
        if isinstance(answer, Failed):
            raise SeatLostError(answer.reason)
        if not isinstance(answer, Resolved):
            raise TypeError(f"unexpected answer {type(answer).__name__}")
        return answer

    def prepare(self, cases: Iterable[Case], told: Callable[[int, int, Case], None]) -> dict[str, Artifact | str]:
        """An artifact, or the reason why there is none, by case id. `told(done, total, case)` before each network."""
        groups: dict[Case, list[Case]] = {}
        for case in cases:
            groups.setdefault(runtimes.of_an_artifact(case), []).append(case)
        out: dict[str, Artifact | str] = {}
        for done, (network, group) in enumerate(groups.items()):
            told(done, len(groups), network)
            batches = tuple(sorted({case.batch for case in group}))
            found = self._ready.get((network, batches)) or self._prepare(network, batches)
            out |= dict.fromkeys((case.id for case in group), found)
        return out

    def fitting(self, case: Case) -> Fitting:
        """The largest batch of a case that fits into its device's memory; a killed process costs its attempt."""
        cases = {batch: msgspec.structs.replace(case, batch=batch) for batch in powers()}
        made = self.prepare(cases.values(), lambda *_: None)
        self.release()

        def attempt(one: Case) -> str | None:
            artifact = made[one.id]
            if isinstance(artifact, str):
                return artifact
            try:
                with Seat(one.threads, one.allocator) as seat:
                    answer = seat.ask(
                        Load(case=one, folder=str(artifact.folder), seed=self._seed),
                        timeouts.of_load(artifact.prepared.seconds, self._timeout_s),
                    )
            except SeatLostError as lost:
                return str(lost)
            return answer.reason if isinstance(answer, Failed) else None

        return fitting(case, attempt)

    def _prepare(self, network: Case, batches: tuple[int, ...]) -> Artifact | str:
        folder = Path(self._folder.name, network.id)
        folder.mkdir(exist_ok=True)
        request = Prepare(case=network, batches=batches, folder=str(folder), seed=self._seed)
        try:
            answer = self._working_seat().ask(request, self._timeout_s)
        except SeatLostError as lost:
            self.release()
            return str(lost)
        if isinstance(answer, Failed):
            return answer.reason
        if not isinstance(answer, Prepared):
            raise TypeError(f"unexpected answer {type(answer).__name__}")
        return self._ready.setdefault((network, batches), Artifact(folder, answer))

    def _working_seat(self) -> Seat:
        if self._seat is None:
            self._seat = Seat(usable_processors(), default_allocator())
        return self._seat
