"""A session from its subjects to the last line of its file: prepare, rehearse, plan, measure."""

from __future__ import annotations

import datetime
import math
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from typing import Protocol as TypingProtocol

import msgspec

from levit_bench.catalog.image_sets import set_of
from levit_bench.command_lines import command_line
from levit_bench.errors import BudgetTooSmallError, NothingToShowError, UsageError, one_line
from levit_bench.measuring import devices, forms, precisions, runtimes
from levit_bench.measuring.machine import allowance
from levit_bench.measuring.machine.description import conditions, machine
from levit_bench.measuring.machine.processor_use import ProcessorUse
from levit_bench.measuring.machine.processors import usable_processors
from levit_bench.measuring.preparing.preparation_step import PreparationStep
from levit_bench.measuring.preparing.workshop import Artifact, Workshop
from levit_bench.measuring.reference_cases import instrument_cases
from levit_bench.measuring.session import machine_lock
from levit_bench.measuring.session.engine import Engine, real_world
from levit_bench.measuring.session.observer import Observer
from levit_bench.measuring.session.rehearsal import rehearse
from levit_bench.measuring.sides.user_revision import UserRevision, user_revision
from levit_bench.measuring.workers import shell
from levit_bench.measuring.workers.process_environment import shell as calling_shell
from levit_bench.numbers.other_work import most_others
from levit_bench.numbers.units import counted
from levit_bench.planning.budget import PILOT, Costs, RunScatter
from levit_bench.planning.gate_runs import costs_of
from levit_bench.planning.policy import Earlier, Planner, Spending, fixed_budget, with_budget
from levit_bench.records import (
    Accuracy,
    Case,
    CaseLine,
    Conditions,
    Finding,
    Machine,
    Protocol,
    SessionLine,
    Side,
    SideDifference,
)
from levit_bench.store.files import Session, SessionWriter, check_writable, read_session
from levit_bench.version import VERSION

_GPU_IDLE = 0.05  # Of the last moments; a display alone takes a few percent.
_GPU_HELD = 0.1  # A driver and a display take less.


class Subject(NamedTuple):
    """A case to be timed, with its stated accuracy and labels."""

    case: Case
    accuracy: Accuracy | None = None
    accuracies: tuple[Accuracy, ...] = ()
    """Further ones, on other sets of images."""
    family: str | None = None
    label: str | None = None
    """Shown in place of the network's name."""
    finding: Finding | None = None
    """A finding about it from before the session."""
    reference: str = ""
    """Function whose network the outputs of a model file are compared with; empty: none."""


class Preparing(TypingProtocol):
    """Interface of what prepares the cases of a session: a `Workshop`, or several in the place of one."""

    @property
    def cache_problem(self) -> str | None:
        """Why nothing can be kept for later sessions."""

    @property
    def kept_in(self) -> Path | None:
        """The folder in which prepared networks are kept."""

    def prepare(
        self, cases: Iterable[Case], report: Callable[[PreparationStep], None], references: Mapping[str, str]
    ) -> dict[str, Artifact | str]:
        """An artifact, or the reason why there is none, by case id; see `Workshop.prepare`."""

    def release(self) -> None:
        """End the preparing processes."""


class Compared(NamedTuple):
    """What comparing the prepared sides of a gate has found."""

    lines: tuple[CaseLine, ...]
    """The cases, with the distance of their outputs."""
    differences: tuple[SideDifference, ...] = ()
    findings: tuple[Finding, ...] = ()


class ComparedSides(TypingProtocol):
    """Interface of the sides of a gate."""

    @property
    def sides(self) -> tuple[Side, ...]:
        """As they are stored."""

    def compare(self, lines: Sequence[CaseLine], artifacts: Mapping[str, Artifact]) -> Compared:
        """Hold the prepared cases of one side against those of the other.

        Raises:
            BenchError: both sides run the same code against the user's intention.
        """


class Outcome(NamedTuple):
    """Result of taking runs of a session."""

    path: Path
    """The session's file."""
    failed: dict[str, str]
    """Reasons of the subjects without a time, by the case's label."""
    runs: int
    """Complete runs taken now."""
    interrupted: bool
    costs: Costs | None = None
    """Of a run and a round, as the rehearsal measured them."""
    scatter: RunScatter = PILOT
    """By which runs and rounds were planned, and would be if the session were resumed."""


def measure(
    subjects: Sequence[Subject],
    protocol: Protocol,
    root: Path,
    observer: Observer,
    workshop: Preparing,
    *,
    planner: Planner = fixed_budget,
    title: str | None = None,
    findings: Sequence[Finding] = (),
    is_open: bool = False,
    together: Sequence[Collection[str]] = (),
    sides: ComparedSides | None = None,
) -> Outcome:
    """Measure a new session into the store at `root`; findings from before it are stored with it.

    `is_open`: whether the session takes the least that it needs where that is more than the protocol's budget.
    `together`: ids of cases that are of use only with each other, as those of one test: a case all of whose groups hold
    one that cannot be timed is skipped. A case in no group is wanted by itself. `sides` are those of a gate.

    Raises:
        BudgetTooSmallError: the budget is too small for a confidence interval, and the protocol is not thin.
        StoreError: the store cannot be written; lines written before stay.
        UsageError: there is nothing to measure.
    """
    if not subjects:
        raise UsageError(f"nothing to measure: the selection is empty. {command_line('list')!r} shows what there is.")
    environment = calling_shell({(s.case.threads, s.case.allocator) for s in subjects})
    observer.starting(len(subjects), len({subject.case.network for subject in subjects}))
    began, before, this_machine = time.perf_counter(), conditions(), _machine_of(subject.case for subject in subjects)
    check_writable(root / this_machine.id)
    lines = _lines(subjects)
    ready = _get_ready(lines, protocol, observer, workshop, together)
    compared = Compared(ready.lines) if sides is None else sides.compare(ready.lines, ready.artifacts)
    ready = ready._replace(lines=compared.lines)
    built_from = user_revision(_code_files(ready.artifacts)) if sides is None else UserRevision()
    subject_findings = [s.finding for s in subjects if s.finding is not None]
    findings = [
        *findings,
        *subject_findings,
        *compared.findings,
        *shell.about(environment),
        *about_threads(subjects, before),
        *_about_emulation(before),
    ]
    findings += allowance.about_kinds(before.allowance, bound=protocol.bound)
    findings += [*_about_gpu(before, subjects), *_about_settings(ready), *ready.findings, *about_classes(ready.lines)]
    findings += [*_about_counts(ready), *_about_cache(workshop)]
    if ready.subjects_left:
        protocol, budget_findings = _settle_budget(protocol, ready.costs, workshop, observer, is_open=is_open)
        findings += budget_findings
    findings += _wait_for_quiet(ready.others, protocol, observer)
    spending = planner(ready.costs, protocol, ready.alive, Earlier(cases=ready.lines))
    plan = spending.plan
    if ready.subjects_left and protocol.budget_s < plan.smallest_s:
        findings.append(_thin_finding(protocol.budget_s, plan.smallest_s))
    protocol = msgspec.structs.replace(protocol, runs=plan.runs, looks=plan.looks)
    stamp = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    head = SessionLine(
        session=f"{stamp}-{secrets.token_hex(2)}",
        bench=VERSION,
        machine=this_machine,
        protocol=protocol,
        conditions=before,
        shell=environment,
        title=title,
        findings=tuple(findings),
        sides=() if sides is None else sides.sides,
        differences=compared.differences,
        revision=built_from.commit,
        dirty=built_from.dirty,
    )
    for finding in findings:
        observer.finding_made(finding)
    with SessionWriter.create(root, head, observer.finding_made) as writer:
        for line in ready.lines:
            writer.append(line)
        if ready.subjects_left:
            machine_lock.measuring_for(protocol.budget_s)
            observer.planned(plan)
        return _take_runs(ready, protocol, writer, observer, began, spending, Earlier(), head.session)


def _code_files(artifacts: Mapping[str, Artifact]) -> dict[str, str | None]:
    """Digests of the user's files that networks were made of, by path."""
    every = (artifact.prepared.code_files for artifact in artifacts.values())
    return {path: digest for files in every if files is not None for path, digest in files.files.items()}


def resume(
    path: Path,
    budget_s: float,
    observer: Observer,
    workshop: Callable[[Protocol], Workshop],
    *,
    planner: Planner = fixed_budget,
    is_open: bool = False,
) -> Outcome:
    """Add fresh runs to a session, with its own protocol and cases; those that failed before stay failed.

    A budget of 0 is the least that gives an honest interval by itself; `is_open`: as in `measure`.

    Raises:
        UsageError: another machine or other versions measured it.
        StoreError: the file cannot be read or written.
    """
    # Opened before it is read: no other process may add runs, and a file that cannot be written is refused at once.
    with SessionWriter.reopen(path, observer.finding_made) as writer:
        return _resume(path, budget_s, observer, workshop, planner, writer, is_open=is_open)


def _resume(
    path: Path,
    budget_s: float,
    observer: Observer,
    workshop: Callable[[Protocol], Workshop],
    planner: Planner,
    writer: SessionWriter,
    *,
    is_open: bool,
) -> Outcome:
    session = read_session(path)
    _refuse_gate(path, session.head)
    _refuse_damaged(path, session)
    environment = calling_shell({(line.case.threads, line.case.allocator) for line in session.cases})
    this_machine, now = _machine_of(line.case for line in session.cases), conditions()
    then = session.head
    _refuse_other(path, "machine", then.machine.hardware.id, this_machine.hardware.id)
    if any(line.case.device == "cuda" for line in session.cases):
        _refuse_other(path, "GPU", next(iter(then.machine.gpus), None), next(iter(this_machine.gpus), None))
    _refuse_other(path, "shell", then.shell.text, environment.text)
    cores = this_machine.logical_cores
    _refuse_other(path, "allowance", then.conditions.allowance.text(cores), now.allowance.text(cores))
    for library in ("torch", "timm", *sorted({line.case.runtime for line in session.cases})):
        _refuse_other(path, library, then.conditions.versions.get(library), now.versions.get(library))
    _refuse_other_packages(path, session.cases)
    protocol = msgspec.structs.replace(session.head.protocol, budget_s=budget_s)
    earlier = _earlier(session)
    failed = {key for end in session.ends for key in end.failed} | earlier.resting
    lines = [
        line
        for line in {line.id: line for line in session.cases}.values()
        if line.outcome == "done" and line.id not in failed
    ]
    if not any(line.role == "subject" for line in lines):
        reason = "failed or was decided" if earlier.resting else "failed"
        raise NothingToShowError(f"{path}: every case of this session {reason}; there is nothing to resume.")
    last = max((end.at_s for end in session.ends), default=max((t.at_s for t in session.turns), default=0.0))
    began = time.perf_counter() - last
    with workshop(protocol) as place:
        ready = _get_ready(lines, protocol, observer, place)
        _refuse_changed(path, lines, ready.lines)
        if ready.subjects_left:
            # There are runs already, so that one more of one round is worth storing, as in a sketch.
            protocol, budget_findings = _settle_budget(
                protocol, ready.costs, place, observer, thin=budget_s > 0, is_open=is_open
            )
            for finding in budget_findings:
                observer.finding_made(finding)
        for finding in _wait_for_quiet(ready.others, protocol, observer):
            observer.finding_made(finding)
        spending = planner(ready.costs, protocol, ready.alive, earlier)
        machine_lock.measuring_for(protocol.budget_s)
        observer.planned(spending.plan)
        return _take_runs(ready, protocol, writer, observer, began, spending, earlier, session.head.session)


def _machine_of(cases: Iterable[Case]) -> Machine:
    """This machine as a session of such cases records it: with its GPUs where one of them is used."""
    return machine(gpus=any(case.device == "cuda" for case in cases))


def _earlier(session: Session) -> Earlier:
    """The stored part of a session, for the planner and the referee."""
    return Earlier(
        done=tuple(end.run for end in session.ends if end.outcome == "done"),
        turns=session.turns,
        looks=tuple(end.look for end in session.ends if end.look is not None),
        next_run=max((start.run for start in session.starts), default=-1) + 1,
        # A session without a run counts as never begun.
        resumes=max((start.resumed for start in session.starts), default=-1) + 1,
        cases=session.cases,
    )


class _Ready(NamedTuple):
    """Everything that the first run needs."""

    lines: tuple[CaseLine, ...]
    artifacts: dict[str, Artifact]
    costs: Costs
    findings: tuple[Finding, ...] = ()
    """Findings of the preparation about the networks."""
    others: float | None = None
    """Processors that other work kept busy during the rehearsal; absent where the system does not say."""

    @property
    def alive(self) -> list[CaseLine]:
        """The cases that can be timed, reference cases included."""
        return [line for line in self.lines if line.outcome == "done"]

    @property
    def subjects_left(self) -> bool:
        """Whether there is any subject to measure."""
        return any(line.role == "subject" and line.outcome == "done" for line in self.lines)


def _lines(subjects: Sequence[Subject]) -> list[CaseLine]:
    """Lines of the subjects and of the reference cases, each once."""
    lines = {
        s.case.id: CaseLine(
            id=s.case.id,
            case=s.case,
            accuracy=s.accuracy,
            accuracies=s.accuracies,
            family=s.family,
            label=s.label,
            reference=s.reference or None,
            made_by=made_by(s.case),
        )
        for s in subjects
    }
    for case, role in instrument_cases(s.case for s in subjects):
        lines[case.id] = CaseLine(id=case.id, case=case, role=role, made_by=made_by(case))
    return list(lines.values())


def made_by(case: Case) -> dict[str, str]:
    """Packages that a case's axes come from: distribution and version by `runtime`, `device`, `form` or `precision`.

    Without axes whose value this suite or torch provides.
    """
    packages = {
        "runtime": runtimes.version_of(case.runtime),
        "device": devices.POINT.made_by(case.device),
        "form": forms.POINT.made_by(case.form),
        "precision": precisions.POINT.made_by(case.precision),
    }
    return {axis: package for axis, package in packages.items() if package is not None}


def _get_ready(
    lines: Sequence[CaseLine],
    protocol: Protocol,
    observer: Observer,
    workshop: Preparing,
    together: Sequence[Collection[str]] = (),
) -> _Ready:
    """Prepare and rehearse. Cases that fail or are skipped have their outcome in their line, and no artifact."""
    references = {line.case.network: line.reference for line in lines if line.reference is not None}
    results = workshop.prepare((line.case for line in lines), observer.preparing, references)
    # No process of the preparation may run while passes are timed.
    workshop.release()
    artifacts = {key: result for key, result in results.items() if isinstance(result, Artifact)}
    failed = {key: result for key, result in results.items() if isinstance(result, str)}
    prepared = [_with_artifact(line, artifacts[line.id]) if line.id in artifacts else line for line in lines]
    costs, others = Costs(0.0, 1.0), None
    skipped = _of_no_use(lines, failed, together)
    to_try = {key: artifact for key, artifact in artifacts.items() if key not in skipped}
    if any(line.role == "subject" and line.id in to_try for line in lines):
        rehearsal = rehearse(prepared, to_try, protocol, observer)
        prepared, costs, others = list(rehearsal.lines), rehearsal.costs, rehearsal.others
        failed |= rehearsal.failed
        skipped = _of_no_use(lines, failed, together)
    out = []
    for line in prepared:
        reason = failed.get(line.id)
        if reason is None and line.id in skipped:
            out.append(msgspec.structs.replace(line, outcome="skipped", reason=skipped[line.id]))
            continue
        if reason is None:
            out.append(line)
            continue
        out.append(msgspec.structs.replace(line, outcome="failed", reason=reason))
        observer.finding_made(Finding(kind="case-failed", case=line.id, message=f"{line.case.label}: {reason}"))
    findings = tuple(
        msgspec.structs.replace(finding, case=key)
        for key, artifact in artifacts.items()
        for finding in artifact.prepared.findings
    )
    left = {key: a for key, a in artifacts.items() if key not in failed and key not in skipped}
    costs = costs_of(costs, protocol, (line.case for line in out if line.id in left))
    return _Ready(tuple(out), left, costs, findings, others)


def _of_no_use(
    lines: Sequence[CaseLine], failed: Mapping[str, str], together: Sequence[Collection[str]]
) -> dict[str, str]:
    """Why cases need no time though they could have one, by id: each group that wants them holds one that failed."""
    label = {line.id: line.case.label for line in lines}
    first_failed = {
        key: next((other for other in group if other in failed), None) for group in together for key in group
    }
    useful = {key for group in together if not any(other in failed for other in group) for key in group}
    return {
        key: one_line(f"not timed, for it is compared with {label[other]}, which failed: {failed[other]}")
        for key, other in first_failed.items()
        if other is not None and key not in useful and key not in failed
    }


def _with_artifact(line: CaseLine, artifact: Artifact) -> CaseLine:
    prepared = artifact.prepared
    return msgspec.structs.replace(
        line,
        params=prepared.params,
        macs=prepared.macs,
        classes=prepared.classes,
        logits_std=prepared.logits_std,
        distinct_images=prepared.distinct_images,
        prepare_s=prepared.seconds,
        compile_s=prepared.compile_s,
        prepared_at=artifact.prepared_at,
        artifact_sha256=prepared.sha256,
        reference_sha256=prepared.reference_sha256,
        reference_distance=prepared.reference_distance,
    )


def _take_runs(
    ready: _Ready,
    protocol: Protocol,
    writer: SessionWriter,
    observer: Observer,
    began: float,
    spending: Spending,
    earlier: Earlier,
    session: str,
) -> Outcome:
    world = real_world(protocol, ready.artifacts)
    engine = Engine(protocol, ready.alive, world, writer, observer, began, spending.referee, earlier, session=session)
    interrupted = False
    try:
        if ready.subjects_left:
            engine.take_runs(spending.policy, ready.costs, earlier.next_run)
    except KeyboardInterrupt:
        interrupted = True
    failed = {line.id: line.reason or "" for line in ready.lines if line.outcome == "failed"} | engine.failed
    return Outcome(
        path=writer.path,
        failed={line.case.label: failed[line.id] for line in ready.lines if line.id in failed},
        runs=engine.runs,
        interrupted=interrupted,
        costs=ready.costs if ready.subjects_left else None,
        scatter=spending.plan.scatter,
    )


def about_threads(subjects: Sequence[Subject], state: Conditions) -> list[Finding]:
    """A finding when more threads are asked for than can run at once, streams taken together."""
    most = max(s.case.threads * s.case.streams for s in subjects)
    return allowance.about_threads(most, state.allowance, usable_processors())


def about_classes(lines: Iterable[CaseLine]) -> list[Finding]:
    """A finding for each set that a network was scored on and that has another number of classes than it returns."""
    out = []
    for line in lines:
        for image_set in map(set_of, line.scored):
            if line.classes is None or image_set.classes is None or line.classes == image_set.classes:
                continue
            mismatch = (
                f"{line.called} returns {line.classes:,} classes, and {image_set.words} has {image_set.classes:,}"
            )
            if line.classes < image_set.classes:
                effect = "the accuracy is of another network or another set, and has no place on a front. State the set"
                message = f"{mismatch}: {effect} that it was scored on, with its images and classes."
            else:
                effect = "its head is timed as it is, and one of the set's own size takes less"
                message = f"{mismatch}: {effect}. To time that one, name a builder that makes it."
            out.append(Finding(kind="classes-differ", message=message, case=line.id))
    return out


def _about_emulation(state: Conditions) -> list[Finding]:
    if not state.emulated:
        return []
    message = (
        "this process runs under an instruction-set emulator. That it computes, and computes right, holds; its times "
        "say nothing about any machine, and have no place in a front, a comparison or a ratio. Measure on the machine "
        "itself."
    )
    return [Finding(kind="emulated", message=message)]


def _wait_for_quiet(others: float | None, protocol: Protocol, observer: Observer) -> list[Finding]:
    """A finding when other work keeps processors busy, unless the observer waited until it ended.

    For a sketch, which thin sessions are, nobody waits.
    """
    limit = most_others(usable_processors())
    if others is None or others < limit:
        return []
    message = (
        f"other processes used {others:.0%} of a processor while the cases were tried: intervals will be wider and "
        "latencies longer than on a quiet machine."
    )
    finding = Finding(kind="busy-before", message=message)
    before = ProcessorUse.now()

    def is_quiet() -> bool:
        nonlocal before
        now = ProcessorUse.now()
        used, before = now.others_since(before), now
        return used is not None and used < limit

    return [] if not protocol.thin and observer.busy(finding, is_quiet) else [finding]


def _about_gpu(state: Conditions, subjects: Sequence[Subject]) -> list[Finding]:
    """A finding when another process computes on the GPU, or holds much of its memory."""
    if not state.gpus or not any(s.case.device == "cuda" for s in subjects):
        return []
    first = state.gpus[0]
    share = (first.used_bytes or 0) / (first.memory_bytes or 1)
    if (first.busy or 0.0) <= _GPU_IDLE and share <= _GPU_HELD:
        return []
    message = (
        f"the GPU was {first.busy or 0.0:.0%} busy and {share:.0%} of its memory was taken before the session began. "
        "Other work slows what is timed; measure again when 'nvidia-smi' shows no other process."
    )
    return [Finding(kind="gpu-shared", message=message)]


def _about_settings(ready: _Ready) -> list[Finding]:
    """A finding for each network whose code changes settings of the whole process when it is built."""
    changes_of: dict[str, str] = {}
    for line in ready.lines:
        artifact = ready.artifacts.get(line.id)
        if artifact is not None and artifact.prepared.put_back:
            changes_of[line.case.network] = artifact.prepared.put_back
    return [
        Finding(
            kind="settings-put-back",
            message=f"building {network} changes settings of its whole process: {changes}. They were put back, and its "
            "times are those of the usual settings.",
        )
        for network, changes in changes_of.items()
    ]


def _about_counts(ready: _Ready) -> list[Finding]:
    """A finding for each network with an operator whose multiply-accumulates are unknown."""
    uncounted: dict[str, tuple[str, ...]] = {}
    for line in ready.lines:
        artifact = ready.artifacts.get(line.id)
        if line.role == "subject" and artifact is not None and artifact.prepared.uncounted:
            uncounted.setdefault(line.case.network, artifact.prepared.uncounted)
    noun = "more operator"
    return [
        Finding(
            kind="macs-unknown",
            message=f"the multiply-accumulates of {network} are unknown: nobody knows those of {', '.join(names[:3])}"
            f"{f' and {counted(len(names) - 3, noun)}' if len(names) > 3 else ''}. Its times are not touched by this.",
        )
        for network, names in uncounted.items()
    ]


def _about_cache(workshop: Preparing) -> list[Finding]:
    """A finding where prepared networks cannot be kept for later sessions."""
    problem = workshop.cache_problem
    return [] if problem is None else [Finding(kind="cache-unused", message=problem)]


def _settle_budget(
    protocol: Protocol,
    costs: Costs,
    workshop: Preparing,
    observer: Observer,
    *,
    is_open: bool,
    thin: bool | None = None,
) -> tuple[Protocol, list[Finding]]:
    """The protocol with the session's budget, and a finding where that is more than was asked for.

    Raises:
        BudgetTooSmallError: it is far too small; names the least one, and where the prepared networks are kept.
    """
    settled_protocol, budget = with_budget(protocol, costs, is_open=is_open, thin=thin)
    if budget.refusal is not None:
        where = workshop.kept_in
        kept = "" if where is None else f" Prepared networks are kept in {where}: the next try need not prepare them."
        raise BudgetTooSmallError(f"{budget.refusal}{kept}")
    findings = []
    if budget.change is not None and protocol.budget_s:
        findings.append(Finding(kind="budget-stretched", message=budget.change))
    elif budget.change is not None:
        observer.budget_chosen(budget.change)
    return settled_protocol, findings


def _thin_finding(budget_s: float, smallest_s: float) -> Finding:
    message = (
        f"measured with {budget_s:.0f} s where {smallest_s:.0f} s are the least for an honest interval. "
        "Take the numbers as a sketch, and measure again with a larger --budget."
    )
    return Finding(kind="thin", message=message)


def _refuse_changed(path: Path, before: Sequence[CaseLine], now: Sequence[CaseLine]) -> None:
    """Refuse when a module or library now builds another network under a case's name."""
    stored = {line.id: line for line in before}
    for line in now:
        old = stored[line.id]
        if line.outcome != "done" or old.logits_std is None or line.logits_std is None:
            continue
        same_outputs = math.isclose(line.logits_std, old.logits_std, rel_tol=1e-3)
        if (line.params, line.macs) != (old.params, old.macs) or not same_outputs:
            raise UsageError(
                f"cannot resume {path}: {line.case.label} is another network than when the session was begun: "
                f"parameters {old.params}, now {line.params}; multiply-accumulates {old.macs}, now {line.macs}; "
                f"deviation of its logits {old.logits_std:.4g}, now {line.logits_std:.4g}. Start a new session."
            )


def _refuse_gate(path: Path, head: SessionLine) -> None:
    """Refuse the session of a gate: the checkouts and environments of its sides were removed with it."""
    if head.sides:
        raise UsageError(
            f"cannot resume {path}: it is a gate, whose sides are gone with it. Measure both again: "
            f"{command_line('gate', '--help')}"
        )


def _refuse_damaged(path: Path, session: Session) -> None:
    """Refuse a file with lines out of order: a new run might take a number that is used already."""
    for finding in session.findings:
        if finding.kind == "line-out-of-place":
            raise UsageError(f"cannot resume {path}: {finding.message} Start a new session, or restore the file first.")


def _refuse_other_packages(path: Path, lines: Iterable[CaseLine]) -> None:
    """Refuse when other versions of packages provide axes of the cases; older files do not record them."""
    for line in lines:
        here = made_by(line.case)
        for axis, package in line.made_by.items():
            _refuse_other(path, f"{axis} {getattr(line.case, axis)}", package, here.get(axis))


def _refuse_other(path: Path, aspect: str, then: str | None, now: str | None) -> None:
    if then != now:
        raise UsageError(
            f"cannot resume {path}: it was measured with {aspect} {then}, here is {now}. "
            f"Start a new session instead; to compare what is comparable: {command_line('front')}"
        )
