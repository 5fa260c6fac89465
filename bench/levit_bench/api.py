"""The Python interface: measure networks, load results, list the catalog, for notebooks and scripts.

It uses the same engine, files and estimates as the command line.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from levit_bench.asking import arguments
from levit_bench.asking.ability import require_measuring
from levit_bench.catalog.twins import twin_of
from levit_bench.errors import BenchError, UsageError, one_line
from levit_bench.libraries import refuse_outdated, require, require_installed
from levit_bench.numbers.dates import period
from levit_bench.planning.budget import PILOT, Costs
from levit_bench.planning.policy import Earlier, Planner, Spending
from levit_bench.reading.kept_quantiles import use_kept_quantiles
from levit_bench.reading.results import Results
from levit_bench.reading.session_choice import SessionChoice, chosen_files, passed_over_by, wanted_title
from levit_bench.records import CaseLine, Finding, Protocol
from levit_bench.store import files as store
from levit_bench.store.lookup import passed_over, resolve_session, resolve_tag

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pandas as pd

    from levit_bench.asking.bisection import BisectRules, Teller
    from levit_bench.asking.bisection_log import BisectionLog
    from levit_bench.asking.request import Request
    from levit_bench.asking.sides import CasesOfRequest
    from levit_bench.judge.bisect.bisection import Bisection
    from levit_bench.judge.verdicts import Rules
    from levit_bench.measuring.preparing.workshop import Workshop
    from levit_bench.measuring.session.observer import Observer
    from levit_bench.measuring.session.session import Outcome, Subject


def measure(
    networks: str | Sequence[str],
    *,
    budget: str | float = "60s",
    batch: int | str | Sequence[int | str] = (),
    threads: int | Sequence[int] = 1,
    streams: int | Sequence[int] = 1,
    allocator: str | Sequence[str] = (),
    form: str | Sequence[str] = "shipped",
    precision: str | Sequence[str] = "fp32",
    runtime: str | Sequence[str] = (),
    store: str | Path = "results",
    observer: Observer | None = None,
    title: str | None = None,
    **more: Any,  # noqa: ANN401 (axes and options of a session, checked by `arguments.fields`)
) -> Results:
    """Time networks on this machine and keep the session in the store.

    Args:
        networks: names, globs, groups, timm names, `module:function`, `nets.py:function`, or model files such as
            `model.onnx`.
        budget: time for all runs together, such as `"60s"`, `"3m"`, or a number of seconds; `"auto"` is the least that
            gives an honest interval.
        batch: images a pass, one number or several; on a GPU also `"max"`, the largest that fits. By default 1, or the
            batch that a model file fixes.
        threads: intra-operator threads, one number or several.
        streams: processes that work at once, each on processors of its own, one number or several.
        allocator: `"pinned"`, `"shipped"` or both; by default pinned where the system has it.
        form: `"shipped"`, `"inference"` or both: how networks are written.
        precision: `"fp32"`, `"tf32"`, `"fp16"`, `"bf16"` or several: number format of weights and activations.
        runtime: what executes the networks, one or several: `"eager"`, `"channels-last"`, `"torchscript"`, `"compile"`,
            `"onnxruntime"`, `"openvino"`; on a GPU also `"cuda-graphs"`. By default eager, or what runs a model file.
        store: folder that the session is written to.
        observer: receives progress; by default none, and a warning says where another session is waited for.
        title: what the session is for; kept in its file.
        more: `resolution` (224, `"192x256"` or (192, 256)), `device`, `isolation`, `start_method`, `bind`, `timeout`,
            `seed`, `cache`, `fresh`, `thin`, `no_wait`, `race`, `target_error` (such as `"1%"`), `cross_check`, and of
            one network of your own `accuracy`, `dataset`, `images`, `classes`, `label`, `reference`, as in
            `levit_bench.asking.request.Request`.

    Returns:
        The session's results. Networks that failed are among the records, with their reason.

    Raises:
        levit_bench.errors.BenchError: the request is refused, or the store cannot be written.
        TypeError: no argument has that name; names the nearest one.
    """
    require_measuring()
    from levit_bench.asking.request import Request

    request = Request(
        networks=arguments.words("networks", networks),
        **arguments.fields({
            "budget": budget, "threads": threads, "streams": streams, "allocator": allocator, "form": form,
            "precision": precision, "runtime": runtime, **more,
            **({} if isinstance(batch, tuple) and not batch else {"batch": batch}),
        }),
    )  # fmt: skip
    return load(measure_request(request, Path(store), observer, title=arguments.title(title)).path)


def measure_request(
    request: Request, root: Path, observer: Observer | None = None, *, title: str | None = None
) -> Outcome:
    """Carry out a request; returns the outcome of the session.

    Raises:
        levit_bench.errors.BenchError: as `measure`.
    """
    return measure_requests([request], root, observer, title=title).outcome


class Joint(NamedTuple):
    """Several requests carried out in one session."""

    outcome: Outcome
    """The outcome of the session."""
    cases: tuple[tuple[str, ...], ...]
    """Ids of the cases of each request, in the order of the requests."""


def measure_requests(
    requests: Sequence[Request],
    root: Path,
    observer: Observer | None = None,
    *,
    title: str | None = None,
    on_refused: Callable[[int, UsageError], None] | None = None,
    together: Sequence[Collection[int]] = (),
) -> Joint:
    """Carry out requests in one interleaved session, under the protocol of the first; equal cases are timed once.

    Args:
        requests: what to measure.
        root: the store.
        observer: receives progress.
        title: purpose of the session.
        on_refused: receives the number of each request whose cases cannot be asked for, and why; the others are carried
            out. Absent: the first such request refuses the session.
        together: numbers of requests whose cases are of use only with each other, such as a test's own and those that
            it compares it with: where one of them is refused or cannot be timed, the others are left out unless another
            group wants them.

    Raises:
        levit_bench.errors.BenchError: as `measure`, also where nothing is left of the requests.
    """
    require_measuring()
    from levit_bench.asking.hopeless_budget import refuse_hopeless
    from levit_bench.asking.references import each_once
    from levit_bench.asking.request import budget_is_open, check_race, left_out, protocol_of, workshop_of
    from levit_bench.measuring.session.machine_lock import alone
    from levit_bench.measuring.session.session import measure as measure_session

    first, observer = requests[0], observer or _unwatched()
    protocol = protocol_of(first)
    unknown_names = _checked(requests, strict=on_refused is None)
    networks = [name for request in requests for name in request.networks]
    with (
        alone(title or _listed(networks), protocol.budget_s, observer, wait=not first.no_wait) as beside,
        workshop_of(first) as workshop,
    ):
        if unknown_names:
            observer.resolving(unknown_names)
        groups = _subjects_of(requests, workshop, on_refused, together)
        distinct = each_once(subject for group in groups for subject in group)
        if protocol.goal == "race":
            check_race(list(distinct.values()))
        is_open = budget_is_open(first.budget)
        refuse_hopeless([subject.case for subject in distinct.values()], protocol, root, is_open=is_open)
        outcome = measure_session(
            list(distinct.values()), protocol, root, observer, workshop, planner=planner_for(root), title=title,
            findings=[*beside, *left_out(requests)], is_open=is_open,
            together=[
                [subject.case.id for number in group for subject in groups[number]]
                for group in together
                if all(groups[number] for number in group)
            ],
        )  # fmt: skip
    return Joint(outcome, tuple(tuple(subject.case.id for subject in group) for group in groups))


def _subjects_of(
    requests: Sequence[Request],
    workshop: Workshop,
    on_refused: Callable[[int, UsageError], object] | None,
    together: Sequence[Collection[int]],
) -> list[list[Subject]]:
    """The subjects of each request; of one that is refused none, where somebody receives the reason, and none of one
    that is of no use without it.

    Raises:
        UsageError: nobody receives it, or nothing is left.
    """
    from levit_bench.asking.request import subjects

    groups: list[list[Subject]] = []
    refusals: dict[int, UsageError] = {}
    for number, request in enumerate(requests):
        try:
            groups.append(subjects(request, workshop))
        except UsageError as error:
            if on_refused is None:
                raise
            on_refused(number, error)
            groups.append([])
            refusals[number] = error
    in_a_group = {number for group in together for number in group}
    useful = {number for group in together if not refusals.keys() & group for number in group}
    for number in in_a_group - useful:
        groups[number] = []
    if refusals and not any(groups):
        raise next(iter(refusals.values()))
    return groups


def _checked(requests: Sequence[Request], *, strict: bool = True) -> tuple[str, ...]:
    """Refuse what can be refused without looking anything up; returns the names that the catalog does not hold.

    Args:
        requests: what was asked for.
        strict: whether one that cannot be asked for refuses all; otherwise it is left out here.

    Raises:
        levit_bench.errors.UsageError: an axis is malformed, or a file of networks is missing.
        FileNotFoundError: the current folder was deleted, which workers would be started in.
    """
    from levit_bench.asking.request import check, singles
    from levit_bench.catalog.entries import select

    Path.cwd()  # Raises where it is gone, before each worker would fail for that.
    names: dict[str, None] = {}
    for request in requests:
        try:
            check(request)
            names |= dict.fromkeys(singles(request.networks))
        except UsageError:
            if strict:
                raise
    return select(tuple(names)).unknown if names else ()


def _listed(networks: Sequence[str]) -> str:
    """The first networks of a session, and how many more it has."""
    names = [one_line(name) for name in dict.fromkeys(networks)]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _unwatched() -> Observer:
    """The observer of a caller who gave none: silent but for a warning when another session is waited for."""
    from levit_bench.measuring.session.observer import Silent

    class Unwatched(Silent):
        def waiting(self, what: str, waited_s: float) -> None:
            if not waited_s:
                warnings.warn(
                    f"levit-bench waits for {what}. To begin at once: no_wait=True", RuntimeWarning, stacklevel=3
                )

    return Unwatched()


def measure_gate(
    request: Request,
    root: Path,
    sides: tuple[str | None, str | None],
    rules: Rules,
    observer: Observer | None = None,
    *,
    control: bool = False,
    find: float | None = None,
    title: str | None = None,
) -> Outcome:
    """Measure a request on two sides, in one session; see `measure_gate_requests`.

    Raises:
        levit_bench.errors.BenchError: as `measure_gate_requests`.
    """
    joint = measure_gate_requests([request], root, sides, rules, observer, control=control, find=find, title=title)
    return joint.outcome


class JointGate(NamedTuple):
    """Several requests carried out on two sides in one session."""

    outcome: Outcome
    """The outcome of the session."""
    cases: tuple[CasesOfRequest, ...]
    """Ids of the cases of each request on both sides, in the order of the requests, then of those beside them."""


def measure_gate_requests(
    requests: Sequence[Request],
    root: Path,
    sides: tuple[str | None, str | None],
    rules: Rules,
    observer: Observer | None = None,
    *,
    beside: Sequence[Request] = (),
    control: bool = False,
    find: float | None = None,
    title: str | None = None,
    on_refused: Callable[[int, UsageError], None] | None = None,
) -> JointGate:
    """Measure requests on two sides in one session, under the protocol of the first; equal cases are timed once.

    Args:
        requests: networks, axes and options of what is judged.
        root: the store.
        sides: what `--a` and `--b` name; None where one is not named.
        rules: what decides, also at the look in the middle of the session.
        observer: receives progress.
        beside: requests that are timed on side b alone, for whoever compares with them there.
        control: whether side a is measured a second time, as a control.
        find: slowdown that is to be found nine times in ten, as a share of the time; the budget of the first request is
            then the most that the session may take.
        title: purpose of the session.
        on_refused: receives the number of each request that neither side has, those of `beside` after the others, and
            why; the others are carried out. Absent: the first such request refuses the session.

    Raises:
        levit_bench.errors.BenchError: as `measure`; a side cannot be had; or both would run the same code unasked.
    """
    require_measuring()
    from levit_bench.asking.request import budget_is_open, protocol_of
    from levit_bench.asking.sides import (
        PreparedSides,
        check_requests,
        gate_protocol,
        refuse_conflicts,
        subjects_of_sides,
    )
    from levit_bench.measuring.preparing.artifact_cache import cache_in
    from levit_bench.measuring.session.machine_lock import alone
    from levit_bench.measuring.session.session import measure as measure_session
    from levit_bench.measuring.sides.side_places import Placing, check_sides, control_of, placed
    from levit_bench.measuring.sides.side_words import SideWords, side_words
    from levit_bench.measuring.sides.sides_workshop import SidesWorkshop
    from levit_bench.store.writer import check_writable

    head, observer = requests[0], observer or _unwatched()
    protocol = gate_protocol(protocol_of(head), rules, find)
    first, second = (
        side_words(option, text) if text is not None else SideWords()
        for option, text in zip(("--a", "--b"), sides, strict=True)
    )
    for request in requests:
        refuse_conflicts(request, first, second)
    root, cache = root.absolute(), head.cache and str(Path(head.cache).expanduser().absolute())
    networks = tuple(dict.fromkeys(name for request in (*requests, *beside) for name in request.networks))
    # What is wrong is said at once, and not after the wait for somebody else's session. Only what takes the machine's
    # time waits: packages are installed, and networks are built.
    check_requests(requests, first, second, strict=on_refused is None)
    how = Placing(cache, head.fresh, root, protocol.timeout_s, observer)
    check_sides(first, second, how)
    check_writable(root)
    with (
        alone(title or f"gate of {_listed(networks)}", protocol.budget_s, observer, wait=not head.no_wait) as others,
        placed(first, second, how) as both,
        SidesWorkshop(
            (*both.both, control_of(both.first)),
            protocol.seed,
            protocol.timeout_s,
            cache_in(cache, protocol.seed, fresh=head.fresh),
        ) as workshop,
    ):
        observer.resolving(networks)
        asked = subjects_of_sides(requests, both, workshop, beside=beside, control=control, on_refused=on_refused)
        prepared = PreparedSides(both, (*both.differences, *asked.differences), control)
        outcome = measure_session(
            asked.subjects, protocol, root, observer, workshop, planner=planner_for(root), title=title,
            findings=[*others, *both.findings, *asked.findings], is_open=budget_is_open(head.budget), sides=prepared,
        )  # fmt: skip
    return JointGate(outcome, asked.cases)


def bisect(
    request: Request,
    root: Path,
    ends: tuple[str, str],
    rules: BisectRules,
    teller: Teller,
    observing: Callable[[], AbstractContextManager[Observer]],
    *,
    first_parent: bool = False,
    restart: bool = False,
) -> tuple[Bisection, BisectionLog]:
    """Find the first slow commit or version between two ends, with gates as judge.

    Args:
        request: the one case that is measured, with its options; `rules` holds its budgets.
        root: the store of the gates' sessions.
        ends: the good one and the bad one: revisions, or versions such as `torch==2.10.*` and `2.13.*`.
        rules: what decides.
        teller: is told of each step.
        observing: gives each gate an observer.
        first_parent: follow the first parent of merges alone.
        restart: forget the answers of an earlier call.

    Returns:
        The bisection, and the log that is to be removed once it was shown.

    Raises:
        levit_bench.errors.BenchError: an end cannot be had or measured, the store or the log cannot be written.
    """
    require_measuring()
    from levit_bench.asking.bisect_gates import candidate_range, case_words, gates_of, question_of
    from levit_bench.asking.bisection import carry_out
    from levit_bench.asking.bisection_log import BisectionLog
    from levit_bench.store.writer import check_writable

    case = case_words(request)
    candidates = candidate_range(ends, first_parent=first_parent)
    check_writable(root.absolute())
    log = BisectionLog(question_of(request, candidates, rules, case), request.cache, restart=restart)
    measured = gates_of(request, root, measure_gate, observing, candidates)
    try:
        return carry_out(candidates, case, measured, rules, log, teller), log
    except BaseException:
        if not len(log):  # Nothing to go on from: no empty folder is left behind.
            log.remove()
        raise


def measure_twins(
    request: Request, root: Path, workshop: Workshop, observer: Observer | None = None, *, title: str | None = None
) -> Outcome:
    """Carry out a request with every case under two names, otherwise identical; twins have no accuracy.

    Args:
        request: networks, axes and options.
        root: the store.
        workshop: prepares the networks; shared by several sessions, it prepares each once.
        observer: receives progress.
        title: purpose of the session.

    Raises:
        levit_bench.errors.BenchError: as `measure`.
    """
    from levit_bench.asking.request import budget_is_open, protocol_of, subjects
    from levit_bench.measuring.session.machine_lock import alone
    from levit_bench.measuring.session.session import Subject
    from levit_bench.measuring.session.session import measure as measure_session

    protocol, observer = protocol_of(request), observer or _unwatched()
    unknown_names = _checked([request])
    with alone(title or "", protocol.budget_s, observer, wait=not request.no_wait) as beside:
        if unknown_names:
            observer.resolving(unknown_names)
        originals = subjects(request, workshop)
        with_twins = [
            case
            for subject in originals
            for case in (
                subject,
                Subject(twin_of(subject.case), family=subject.family, reference=subject.reference),
            )
        ]
        return measure_session(
            with_twins, protocol, root, observer, workshop, planner=planner_for(root), title=title, findings=beside,
            is_open=budget_is_open(request.budget),
        )  # fmt: skip


def resume(
    root: Path, session: str, budget: str, observer: Observer | None = None, *, no_wait: bool = False
) -> Outcome:
    """Add fresh runs to a session of the store for a budget; returns its outcome.

    Its intervals widen by the cost of a further look: see `levit_bench.planning.budget.looks_paid_for`.

    Raises:
        levit_bench.errors.BenchError: no session has that name, or it was measured elsewhere or with other versions.
    """
    require_measuring()
    from levit_bench.asking.request import budget_is_open, budget_seconds, capped
    from levit_bench.measuring.preparing.artifact_cache import cache_in
    from levit_bench.measuring.preparing.workshop import Workshop
    from levit_bench.measuring.session.machine_lock import alone
    from levit_bench.measuring.session.session import resume as resume_session

    path, budget_s = resolve_session(root, session, emulated=True), capped(budget_seconds(budget))
    observer = observer or _unwatched()
    with alone(f"resumes {path.stem}", budget_s, observer, wait=not no_wait) as beside:
        for finding in (*passed_over(root, session, emulated=True), *beside):
            observer.finding_made(finding)
        return resume_session(
            path,
            budget_s,
            observer,
            lambda p: Workshop(p.seed, p.timeout_s, cache_in("", p.seed)),
            planner=planner_for(root),
            is_open=budget_is_open(budget),
        )


def planner_for(root: Path) -> Planner:
    """A planner that uses the scatter of this machine's stored sessions in the same setting, or else the pilot's.

    Unreadable files are ignored: a plan does not depend on them.
    """
    from levit_bench.judge.early_stopping import planner
    from levit_bench.judge.gate.pair_scatter import PRIOR as PAIR_PRIOR
    from levit_bench.judge.gate.pair_scatter import as_ratios
    from levit_bench.judge.variance.run_scatter import kinds_ahead, run_scatter, worth_reading
    from levit_bench.measuring.machine.description import conditions, machine
    from levit_bench.measuring.workers.process_environment import shell

    def planned(costs: Costs, protocol: Protocol, lines: Sequence[CaseLine], earlier: Earlier) -> Spending:
        is_gate = protocol.goal == "gate"
        # A gate is planned by the scatter of the ratio of its sides, which stored gates tell.
        scatter, beginnings = PAIR_PRIOR if is_gate else PILOT, store.beginnings(root)
        timed = [line for line in lines if line.case.side == "b"] if is_gate else lines
        if beginnings:
            this_machine = machine(gpus=any(line.case.device == "cuda" for line in lines))
            worker_shell = shell({(line.case.threads, line.case.allocator) for line in lines})
            kinds = kinds_ahead(timed, protocol, this_machine, conditions(), worker_shell)
            records, _ = store.load_readable(worth_reading(beginnings, kinds))
            scatter = run_scatter(as_ratios(records) if is_gate else records, kinds, scatter)
        return planner.planner(costs, protocol, lines, earlier, scatter)

    return planned


def load(
    path: str | Path | Sequence[str | Path] = "results",
    session: str | Sequence[str] | None = None,
    *,
    tag: str | None = None,
    since: str | None = None,
    until: str | None = None,
    title: str | None = None,
) -> Results:
    """Read a store, some sessions of it, or session files; several stores are read as one. Never writes there.

    Args:
        path: the folder of sessions, or one session's file; or several.
        session: sessions of the store: a name, the beginning of one, a tag, or `"last"`, the newest that was not taken
            under an emulator; or several. Absent: all.
        tag: all sessions that a tag names.
        since: sessions from then on, in UTC: `"2026-11-26"`, `"2026-11"`, `"2026-11-26T10:40"`, or `"7d"` ago.
        until: sessions up to then; of a date the whole day.
        title: sessions whose title holds this text, or is like it where it has `*` or `?`.

    Raises:
        levit_bench.errors.UsageError: no session or tag has that name, several sessions match, or a list is empty.
        levit_bench.errors.StoreError: nothing there can be read.
        levit_bench.errors.NothingToShowError: the store is empty, or no session is of that time or title.
    """
    stores, names = arguments.stores("path", path), arguments.session_names("session", session)
    tag, wanted = arguments.optional_text("tag", tag), wanted_title(arguments.optional_text("title", title))
    span = period(arguments.optional_text("since", since), arguments.optional_text("until", until))
    if tag is None:
        return load_chosen(SessionChoice(stores, names, span, wanted))
    if names or wanted or span.is_bounded or len(stores) > 1:
        raise UsageError("tag names the sessions of one store. Leave the other arguments out.")
    return load_several(resolve_tag(stores[0], tag), stores[0], tag)


def load_chosen(choice: SessionChoice) -> Results:
    """Read the sessions and cases of a choice.

    Raises:
        levit_bench.errors.BenchError: as `load`, and as `Results.where`.
    """
    files = chosen_files(choice) if choice.names_sessions else choice.stores
    read = _read(files, choice._replace(conditions={}), findings=passed_over_by(choice))
    return read.where(**choice.conditions) if choice.conditions else read


def load_several(paths: Sequence[Path], root: Path, tag: str = "", findings: Sequence[Finding] = ()) -> Results:
    """Read several session files or stores as one.

    Args:
        paths: files or stores to read.
        root: the store that they were chosen from.
        tag: the tag that names them.
        findings: about files that were passed over when these were chosen.

    Raises:
        levit_bench.errors.BenchError: as `load`.
    """
    return _read(paths, SessionChoice((root,)), tag, findings)


def _read(paths: Sequence[Path], choice: SessionChoice, tag: str = "", findings: Sequence[Finding] = ()) -> Results:
    for library in ("numpy", "scipy"):  # every method may need them
        require_installed(library, "judge stored results")
    refuse_outdated(("msgspec", "platformdirs"), "read stored results")
    use_kept_quantiles()
    records, of_files = store.load(*paths)
    if not records:
        raise store.nothing_at(paths)
    path = paths[0] if len(paths) == 1 and paths[0].is_file() else None
    return Results(records, dict.fromkeys((*findings, *of_files)), path, choice=choice, tag=tag)


def networks() -> pd.DataFrame:
    """The catalog: one row a network with its published figures and their source."""
    require("pandas", "make a data frame")
    import msgspec
    import pandas as pd

    from levit_bench.catalog.entries import entries

    return pd.DataFrame([msgspec.structs.asdict(entry) for entry in entries()])


__all__ = ["BenchError", "Results", "load", "measure", "networks"]


def import_timm() -> ModuleType:
    """The module `timm`, also where `import timm` ends with `operator torchvision::nms does not exist`.

    It does beside a CPU build of PyTorch with the torchvision of another build.

    For code of your own that builds networks of timm, such as one that exports a model file. Networks that this suite
    times, and code of yours that it executes, need no call.

    Returns:
        The module, imported once; `import timm` gives the same one from then on.

    Raises:
        levit_bench.errors.UsageError: torch, timm or torchvision is missing, or torchvision belongs to another torch.
    """
    require_measuring("import timm")
    from levit_bench.measuring.networks import timm_import

    return timm_import.import_timm()
