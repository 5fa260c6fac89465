"""Prepares every network once, in a separate process, and keeps the artifacts for all sessions that use this workshop.

When a network raises, hangs or dies, only that network fails, or only the batch at which it does: the process is
replaced and the others go on. A user's code is executed in another process than the suite's own and timm's networks,
one for each of the user's files: changes to that process do not reach other networks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import msgspec

from levit_bench.errors import one_line
from levit_bench.measuring import forms, runtimes
from levit_bench.measuring.extensions import ExtensionPoint
from levit_bench.measuring.machine.processors import usable_processors
from levit_bench.measuring.model_files.description import ModelDescription
from levit_bench.measuring.preparing.artifact_cache import ArtifactCache
from levit_bench.measuring.preparing.largest_batch import Fitting, fitting, powers
from levit_bench.measuring.preparing.preparation_step import PreparationStep, varying_axes
from levit_bench.measuring.preparing.scratch_folder import Scratch
from levit_bench.measuring.preparing.side_by_side import prepare_side_by_side
from levit_bench.measuring.reference_cases import YARDSTICKS
from levit_bench.measuring.workers import timeouts
from levit_bench.measuring.workers.messages import (
    AT_WORK,
    Examine,
    Examined,
    Failed,
    Load,
    Prepare,
    Prepared,
    Resolve,
    Resolved,
)
from levit_bench.measuring.workers.place import HERE, Place
from levit_bench.measuring.workers.process_environment import default_allocator
from levit_bench.measuring.workers.seat import Seat, SeatLostError
from levit_bench.paths.model_files import file_of, kind_of
from levit_bench.planning.forecast import usual_preparing_s
from levit_bench.planning.preparation import PreparationPace
from levit_bench.records import Case, Finding, ImageShape


class Artifact(NamedTuple):
    """A folder that worker processes load a case from."""

    folder: Path
    prepared: Prepared
    prepared_at: str | None = None
    """When an earlier session prepared it, in UTC; None where this one did."""
    place: Place = HERE
    """Where the processes run that load it."""


class Workshop:
    """Artifacts in a temporary folder of its own; those of one session are used again in the next one.

    Args:
        seed: of weights and images.
        timeout_s: when a preparation is given up, at the earliest.
        cache: where artifacts of earlier sessions are found, and these are kept; None: nothing is reused.
        place: where the networks are looked up and prepared.
    """

    def __init__(self, seed: int, timeout_s: float, cache: ArtifactCache | None = None, place: Place = HERE) -> None:
        self._place = place
        self._seed = seed
        self._timeout_s = timeout_s
        self._cache = cache
        self._folder = Scratch()
        self._seats: dict[str, Seat] = {}
        self._ready: dict[tuple[Case, tuple[int, ...], str], Artifact] = {}

    def __enter__(self) -> Workshop:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._folder.cleanup()

    def holds(self, artifact: Case, batches: tuple[int, ...]) -> bool:
        """Whether the artifact that a case stands for is kept from an earlier session, for these batches."""
        return self._cache is not None and self._cache.holds(artifact, batches)

    @property
    def cache_problem(self) -> str | None:
        """Why nothing can be kept for later sessions; None where it can, or is not asked for."""
        return self._cache.problem if self._cache is not None else None

    @property
    def kept_in(self) -> Path | None:
        """The folder in which prepared networks are kept for later sessions; None where they are not kept."""
        return self._cache.folder if self._cache is not None and self._cache.problem is None else None

    def release(self) -> None:
        """End the preparing processes: none may run while passes are timed."""
        while self._seats:
            self._seats.popitem()[1].close()

    def resolve(self, names: Iterable[str]) -> Resolved:
        """The names that can be built here, with the image shape of each.

        Raises:
            SeatLostError: even looking up names of the catalog or of timm killed the process.
        """
        by_code: dict[str, list[str]] = {}
        for name in names:
            by_code.setdefault(code_of(name), []).append(name)
        shapes: dict[str, ImageShape] = {}
        reasons: dict[str, str] = {}
        suggestions: tuple[str, ...] = ()
        models: dict[str, ModelDescription] = {}
        for code, names_of_code in by_code.items():
            try:
                resolved = self._resolve(code, names_of_code)
            except SeatLostError as lost:
                self._release(code)
                if not code:
                    raise
                reasons |= {name: f"cannot look up {name!r}: {lost}" for name in names_of_code}
                continue
            shapes |= resolved.shapes
            reasons |= resolved.missing
            models |= resolved.models
            suggestions = suggestions or resolved.known
        return Resolved(shapes=shapes, missing=reasons, known=suggestions, models=models)

    def _resolve(self, code: str, names: Iterable[str]) -> Resolved:
        answer = self._working_seat(code).ask(Resolve(names=tuple(names)), self._timeout_s)
        if isinstance(answer, Failed):
            raise SeatLostError(answer.reason)
        if not isinstance(answer, Resolved):
            raise TypeError(f"unexpected answer {type(answer).__name__}")
        return answer

    def unusable(self, cases: Iterable[Case]) -> list[Finding]:
        """A finding for each runtime and form of a package among the cases that cannot be used here.

        Each is loaded in the preparing process, as a session loads it.
        """
        named: dict[tuple[Literal["runtime", "form"], str], None] = {}
        for case in cases:
            if not runtimes.POINT.is_own(case.runtime):
                named["runtime", case.runtime] = None
            if not forms.POINT.is_own(case.form):
                named["form", case.form] = None
        problems = [problem for axis, name in named if (problem := self._examine(axis, name)) is not None]
        return [Finding(kind="package-unusable", message=f"{problem}. Its cases will fail.") for problem in problems]

    def check_precisions(self, cases: Iterable[Case]) -> None:
        """Refuse number formats that a runtime's library says it does not compute in on this processor.

        The libraries are asked in the preparing process; one that fails at that fails its cases later.

        Raises:
            UsageError: naming the first of them, and what can be chosen instead.
        """
        for runtime, precision, device in dict.fromkeys((c.runtime, c.precision, c.device) for c in cases):
            if not runtimes.asked_about(runtime, precision):
                continue
            try:
                request = Examine(axis="runtime", name=runtime, precision=precision)
                answer = self._working_seat("").ask(request, self._timeout_s)
            except SeatLostError:
                self._release("")
                continue
            if isinstance(answer, Examined) and answer.problem is not None:
                raise runtimes.cannot_compute(runtime, precision, device, one_line(answer.problem))

    def _examine(self, axis: Literal["runtime", "form"], name: str) -> str | None:
        try:
            answer = self._working_seat("").ask(Examine(axis=axis, name=name), self._timeout_s)
        except SeatLostError as lost:
            self._release("")
            point: ExtensionPoint[Any] = runtimes.POINT if axis == "runtime" else forms.POINT
            return str(point.failed(name, f"its process {lost}"))
        if isinstance(answer, Failed):
            return answer.reason
        if not isinstance(answer, Examined):
            raise TypeError(f"unexpected answer {type(answer).__name__}")
        return answer.problem

    def prepare(
        self,
        cases: Iterable[Case],
        report: Callable[[PreparationStep], None],
        references: Mapping[str, str] = MappingProxyType({}),
    ) -> dict[str, Artifact | str]:
        """An artifact, or the reason why there is none, by case id.

        Args:
            cases: what is prepared.
            report: called before each network.
            references: functions whose networks the outputs of model files are compared with, by the name of the file's
                network. Such a file is prepared in every session: what the function returns today is not kept.
        """
        groups: dict[Case, list[Case]] = {}
        for case in cases:
            groups.setdefault(prepared_as(case), []).append(case)
        batches_of = {network: tuple(sorted({case.batch for case in group})) for network, group in groups.items()}
        artifacts: dict[Case, Artifact | str] = {}
        for network, batches in batches_of.items():
            reference = references.get(network.network, "")
            known = self._ready.get((network, batches, reference)) or self._reused(network, batches, reference)
            if known is not None:
                artifacts[network] = known
        remaining = {network: batches for network, batches in batches_of.items() if network not in artifacts}
        reused = len(artifacts)
        varying = varying_axes(groups)
        pace = PreparationPace(
            {network: usual_preparing_s(runtimes.facts(network.runtime).making_s) for network in remaining},
            usable_processors(),
            time.monotonic(),
        )

        def begin(network: Case) -> None:
            pace.begin(network)
            left_s = pace.left_s(time.monotonic())
            report(PreparationStep(network, reused + pace.done, len(groups), varying, left_s))

        by_suite = {network: batches for network, batches in remaining.items() if not code_of(network.network)}
        if len(by_suite) > 1 and usable_processors() > 1:
            artifacts |= self._prepare_side_by_side(by_suite, begin, pace.finish)
        for network, batches in remaining.items():
            if network not in artifacts:
                begin(network)
                artifacts[network] = self._prepare(network, batches, references.get(network.network, ""))
                pace.finish(network)
        return {
            case.id: _for_batch(artifacts[network], case.batch) for network, group in groups.items() for case in group
        }

    def fitting(self, case: Case) -> Fitting:
        """The largest batch of a case that fits into its device's memory; a batch whose process is killed does not."""
        cases = {batch: msgspec.structs.replace(case, batch=batch) for batch in powers()}
        artifacts = self.prepare(cases.values(), lambda *_: None)
        self.release()

        def attempt(candidate: Case) -> str | None:
            artifact = artifacts[candidate.id]
            if isinstance(artifact, str):
                return artifact
            try:
                with Seat(candidate.threads, candidate.allocator, place=self._place) as seat:
                    answer = seat.ask(
                        Load(case=candidate, folder=str(artifact.folder), seed=self._seed),
                        timeouts.of_load(artifact.prepared.seconds, self._timeout_s),
                    )
            except SeatLostError as lost:
                return str(lost)
            return answer.reason if isinstance(answer, Failed) else None

        return fitting(case, attempt)

    def _reused(self, network: Case, batches: tuple[int, ...], reference: str) -> Artifact | None:
        """The artifact that an earlier session prepared, if everything that decides what it holds is the same."""
        if self._cache is None or reference:
            return None
        folder = self._folder_of(network)
        reused = self._cache.find(network, batches, folder)
        if reused is None:
            return None
        artifact = Artifact(folder, reused.prepared, reused.prepared_at, self._place)
        self._ready[network, batches, ""] = artifact
        return artifact

    def _prepare_side_by_side(
        self,
        networks: Mapping[Case, tuple[int, ...]],
        begin: Callable[[Case], None],
        finish: Callable[[Case], None],
    ) -> dict[Case, Artifact]:
        """Artifacts of the networks of the suite and of timm whose preparation succeeds beside others."""
        requests = {
            network: Prepare(case=network, batches=batches, folder=str(self._folder_of(network)), seed=self._seed)
            for network, batches in networks.items()
        }
        prepared = prepare_side_by_side(requests, self._timeout_s, begin, finish, place=self._place)
        return {
            network: self._kept(
                network, networks[network], Artifact(self._folder_of(network), answer, place=self._place)
            )
            for network, answer in prepared.items()
        }

    def _folder_of(self, network: Case) -> Path:
        folder = Path(self._folder.name, network.id)
        folder.mkdir(exist_ok=True)
        return folder

    def _kept(self, network: Case, batches: tuple[int, ...], artifact: Artifact, reference: str = "") -> Artifact:
        """The artifact, kept for this session's other requests and for later sessions."""
        self._ready[network, batches, reference] = artifact
        if self._cache is not None and not reference:
            self._cache.keep(network, batches, artifact.folder, artifact.prepared)
        return artifact

    def _prepare(self, network: Case, batches: tuple[int, ...], reference: str) -> Artifact | str:
        """The artifact for the batches at which preparing succeeds; the reason when it fails at every batch."""
        folder, code = self._folder_of(network), code_of(network.network)
        died: dict[int, str] = {}
        while True:
            remaining = tuple(batch for batch in batches if batch not in died)
            request = Prepare(case=network, batches=remaining, folder=str(folder), seed=self._seed, reference=reference)
            (folder / AT_WORK).unlink(missing_ok=True)
            try:
                answer = self._working_seat(code).ask(request, self._timeout_s)
            except SeatLostError as lost:
                self._release(code)
                at = _at_work(folder)
                if at is None:
                    return str(lost)
                # A network that died at two batches would die at every larger one, and each attempt begins anew.
                larger = [batch for batch in remaining if batch > at] if any(batch < at for batch in died) else []
                died |= dict.fromkeys(larger, f"not tried, for at batch {at} it {lost}")
                died[at] = str(lost)
                if len(died) == len(batches):
                    return str(lost)
                continue
            break
        if isinstance(answer, Failed):
            return answer.reason
        if not isinstance(answer, Prepared):
            raise TypeError(f"unexpected answer {type(answer).__name__}")
        artifact = Artifact(folder, msgspec.structs.replace(answer, failed=answer.failed | died), place=self._place)
        # A failure is tried again.
        return artifact if artifact.prepared.failed else self._kept(network, batches, artifact, reference)

    def _working_seat(self, code: str) -> Seat:
        """The process for code of the suite and of timm, or the one for a user's, of which there is one at a time."""
        if code not in self._seats:
            for other_code in [other_code for other_code in self._seats if other_code and code]:
                self._release(other_code)
            self._seats[code] = Seat(usable_processors(), default_allocator(), timed=False, place=self._place)
        return self._seats[code]

    def _release(self, code: str) -> None:
        seat = self._seats.pop(code, None)
        if seat is not None:
            seat.close()


def prepared_as(case: Case) -> Case:
    """The case that stands for all with the same artifact: both yardsticks are one network."""
    representative = runtimes.of_an_artifact(case)
    return (
        msgspec.structs.replace(representative, network=YARDSTICKS[0])
        if representative.network in YARDSTICKS
        else representative
    )


def code_of(network: str) -> str:
    """The user's file or module in a network's name; empty for names of the catalog and of timm."""
    if kind_of(network) is not None:
        return file_of(network)[0]
    return network.partition(":")[0] if ":" in network else ""


def _for_batch(artifact: Artifact | str, batch: int) -> Artifact | str:
    """The artifact, or the reason why there is none at this batch."""
    return artifact if isinstance(artifact, str) else artifact.prepared.failed.get(batch, artifact)


def _at_work(folder: Path) -> int | None:
    """The batch that a preparation was checking when it died; None when it died elsewhere."""
    try:
        return int((folder / AT_WORK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
