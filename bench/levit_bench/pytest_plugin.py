"""The package's side of the pytest plugin: turns what tests declare into requests, times all of them in one session or
reads one that did, and returns each test its result.

Imports no pytest: `levit_bench_pytest` does, and imports this module only when a test needs it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from levit_bench import api
from levit_bench.asking import arguments
from levit_bench.asking.references import references_of
from levit_bench.asking.request import (
    Request,
    budget_seconds,
    capped,
    check,
    check_values,
    combinations,
    figures_and_labels,
    left_out,
    look_up,
    protocol_of,
    single_value,
    singles,
    subjects,
    workshop_of,
)
from levit_bench.asking.session_options import OF_A_NETWORK
from levit_bench.asking.sides import CasesOfRequest
from levit_bench.asking.stored_cases import stored_case
from levit_bench.axes import AXES, SAID, SEVERAL, AxisKind, setting_words
from levit_bench.axes import words as axis_words
from levit_bench.catalog import entries, user_networks
from levit_bench.catalog.network_calls import split_names
from levit_bench.cli.faults import keeping, message_and_exit_code, notes_of
from levit_bench.cli.output import stderr
from levit_bench.cli.progress import reporter
from levit_bench.errors import BenchError, NothingToShowError, UsageError
from levit_bench.judge import case_lookup, paired_ratio
from levit_bench.judge.estimates import latency, relative_to_yardstick
from levit_bench.judge.gate.gate_report import GateCase, GateReport
from levit_bench.judge.throughput import throughput
from levit_bench.measuring import devices, runtimes
from levit_bench.measuring.extensions import ExtensionError
from levit_bench.measuring.machine.description import is_emulated
from levit_bench.measuring.preparing.workshop import Workshop
from levit_bench.measuring.session.observer import Observer
from levit_bench.measuring.session.session import Outcome
from levit_bench.numbers.units import batch_word, format_latency
from levit_bench.paths.model_files import KINDS, kind_of
from levit_bench.pytest_gate import (
    CaseJudgement,
    GateAsked,
    asked_gate,
    clear_pages,
    gate_facts,
    gate_lines,
    judgement_of,
    measure_on_sides,
    refuse_other_gate,
    report_of,
    write_pages,
)
from levit_bench.reading.results import Results
from levit_bench.records import Case, Estimate, Finding, ImageShape, Record, parse_size
from levit_bench.report.exports.case_facts import case_facts
from levit_bench.report.views import cases
from levit_bench.report.words.safe_text import shortened, visible
from levit_bench.spelling import did_you_mean
from levit_bench.store.lookup import passed_over, resolve_session

__all__ = [
    "BenchError",
    "CaseJudgement",
    "Checks",
    "Declared",
    "GateAsked",
    "Measured",
    "NotAskedError",
    "Rival",
    "TimedSession",
    "answer",
    "asked_gate",
    "budget_s",
    "clear_pages",
    "declare",
    "error_message",
    "gate_facts",
    "gate_lines",
    "look_up_networks",
    "measure",
    "merged",
    "options",
    "read",
    "read_answer",
    "unforeseen",
    "write_pages",
]
DEFAULT_NETWORKS = ("paper",)
"""Networks of tests that leave them open, where the command line names none."""
_LACKING = "the working tree has no such network"
"""Of a case that side a of a gate alone has; its verdict says the same in other words."""
_AGAINST = "against"
"""What a mark calls the cases that its own is compared with."""
_REFERENCE = "reference"
"""What a mark calls the function whose network a model file is compared with."""
_MODELS = "|".join(re.escape(ending) for ending in KINDS)
_FILE = re.compile(rf"[^:]*?\.py(?=:)|[^:]*\.toml$|[^:@#]*(?:{_MODELS})(?=[:@#]|$)", re.I)
"""The file in the name of a network."""
_FIELD = re.compile(r"\w+\s*=")
_DIGEST = re.compile(r"(?<=\w)#[0-9a-f]{6}(?=@|$)")


_NOTHING_STATED: dict[str, Any] = {option.name: option.usual for option in OF_A_NETWORK}
"""Options of a network that is not the user's own: all at their defaults."""


class NotAskedError(Exception):
    """A test needs something that the command line does not ask for, or that this machine lacks."""


class Declared(str):
    """One case that a test declares: the text is its short name, part of the test's id and of other tools' files."""

    __slots__ = ("folders", "request", "rivals")

    request: Request
    """The request for this one case."""
    rivals: tuple[Rival, ...]
    """The other cases that the mark wants timed in the same session."""
    folders: tuple[Path, ...]
    """Where files of networks are looked for, in this order."""

    def __new__(
        cls, name: str, request: Request, rivals: Sequence[Rival] = (), folders: Sequence[Path] = ()
    ) -> Declared:
        case = super().__new__(cls, name)
        case.request, case.rivals, case.folders = request, tuple(rivals), tuple(folders)
        return case

    @property
    def id(self) -> str:
        """The short name."""
        return str(self)

    @property
    def requests(self) -> tuple[Request, ...]:
        """What the test needs: its own case first, then its rivals."""
        return (self.request, *(rival.request for rival in self.rivals))

    @property
    def group(self) -> str:
        """The setting, shared by the cases that it may be compared with."""
        request = self.request
        return setting_words(lambda axis: request.device if axis == "device" else single_value(request, axis))


class Rival(NamedTuple):
    """Another case that a mark wants timed beside that of its test."""

    name: str
    """Network, and fields in which its setting differs, as `levit_bench.judge.case_lookup.rival` reads them."""
    request: Request
    """The request for this one case."""


class Measured(NamedTuple):
    """The result that a test reads: the case's record and its estimates."""

    record: Record
    """Every turn, with its conditions."""
    latency: Estimate
    """Seconds a batch."""
    throughput: Estimate
    """Images a second at the stated batch, all streams together: images over the time of all timed passes."""
    relative: Estimate
    """Latency as a multiple of the yardstick's, paired by round: comparable across days on the same machine. The
    yardstick is a network of the shape of LeViT-128S that never changes, eager, at batch 1."""
    session: tuple[Record, ...] = ()
    """The records of all cases of its session."""
    rivals: tuple[str, ...] = ()
    """The cases that the mark names as `against`."""
    folders: tuple[Path, ...] = ()
    """Where files of networks are looked for, in this order."""
    gate: GateCase | None = None
    """How a gate judged this case, which is then side b's; absent where no gate was asked for."""

    def ratio(self, network: str = "") -> Estimate:
        """This case's time over that of another case of the session, paired by round: below 1, this one is faster.

        Args:
            network: the other case, in the same setting: a name as in the mark, or with `:FIELD=VALUE` behind it one
                that differs in that field, such as `levit_192:form=inference`. Absent: the one that the mark names as
                `against`.

        Returns:
            The ratio, with its 95 % interval over the runs that hold both.

        Raises:
            levit_bench.errors.UsageError: the session does not hold it in this setting, several cases answer, or it has
                no time.
        """
        __tracebackhide__ = True
        try:
            return self._ratio_to(network)
        except BenchError as error:
            raise UsageError(visible(f"ratio({network!r}): {error}" if network else f"ratio(): {error}")) from None

    def _ratio_to(self, network: str) -> Estimate:
        if not network:
            if len(self.rivals) != 1:
                named = f"the mark names {_listed(self.rivals)}" if self.rivals else "the mark names none as against"
                raise UsageError(f"which other case? Name one: {named}.")
            (network,) = self.rivals
        else:
            (network, *more) = located((network,), self.folders)
            if more:
                raise UsageError("name one case.")
        estimate = paired_ratio.ratio(self.record, case_lookup.rival(self.session, self.record, network))
        if isinstance(estimate, Finding):
            raise NothingToShowError(estimate.message)
        return estimate

    def __repr__(self) -> str:
        """In a line: a failed assertion shows it, and a record holds thousands of numbers."""
        return f"<Measured {visible(self.case.label)}: {format_latency(self.latency.value)} a batch>"

    @property
    def case(self) -> Case:
        """The measured case."""
        return self.record.case

    @property
    def facts(self) -> dict[str, str | int | float]:
        """The case and its figures, for reports of other tools; limits that are not finite are left out."""
        return case_facts(self.record, self.latency, self.throughput, self.relative) | gate_facts(self.gate)

    @property
    def duration_s(self) -> tuple[float, ...]:
        """Every timed pass in seconds, in the order taken."""
        return tuple(s for run in self.record.runs for turn in run.turns for s in turn.duration_s)


class TimedSession(NamedTuple):
    """The session that timed all tests, or an earlier one that was read instead."""

    answers: tuple[Measured | str, ...]
    """The result of each declared case, or why there is none."""
    path: Path | None = None
    """Its file; absent where no case could be asked for."""
    runs: int = 0
    """Complete runs."""
    interrupted: bool = False
    """Whether the user stopped it."""
    findings: tuple[str, ...] = ()
    """Findings about the numbers, in words."""
    read: str = ""
    """When and where it was measured, in words; empty where it was measured now."""
    gate: GateReport | None = None
    """The verdicts of a gate on these cases; absent where there is none."""
    judgements: tuple[CaseJudgement | None, ...] = ()
    """That on the case of each test; empty without a gate."""


def options(given_options: Mapping[str, str | bool | None]) -> dict[str, Any]:
    """Fields of a request from options of the command line; options that were not given are left out.

    Raises:
        UsageError: an option is malformed, or asks for something that this machine lacks.
    """
    out: dict[str, Any] = {}
    for option, value in given_options.items():
        name = option.replace("-", "_")
        if isinstance(value, str):
            field = SEVERAL[name].plural if name in SEVERAL else name
            out[field] = arguments.words(name, value) if name == "networks" else arguments.of_option(name, value)
        elif value is True:
            out[name] = True
    request = Request(**{"networks": DEFAULT_NETWORKS, **out})
    check(request)
    protocol_of(request)
    singles(request.networks)
    return out


def budget_s(requested: Mapping[str, Any]) -> float:
    """Seconds that the session of a request may take for its runs; 0 where it takes the least that it needs."""
    return capped(budget_seconds(Request(**{"networks": DEFAULT_NETWORKS, **requested}).budget))


def look_up_networks(requested: Mapping[str, Any]) -> None:
    """Refuse networks of the command line that nobody here can build.

    Raises:
        UsageError: naming the first one, and the nearest.
    """
    if "networks" in requested:
        look_up(Request(**requested))


def notes(requested: Mapping[str, Any]) -> list[str]:
    """Findings about parts of the request that will not be measured, in words."""
    return [finding.message for finding in left_out([Request(**{"networks": DEFAULT_NETWORKS, **requested})])]


def merged(marks: Sequence[tuple[Sequence[object], Mapping[str, Any]]]) -> tuple[Sequence[str], dict[str, Any]]:
    """Networks and axes of several marks of one test: of each, the innermost mark that gives it wins.

    What an outer mark states of its own network, such as its accuracy, is not said of the networks of an inner one.

    Args:
        marks: networks and axes of each, the innermost first; networks one by one or in lists.

    Raises:
        UsageError: a network is no text.
    """
    patterns: Sequence[str] = ()
    axes_of_test: dict[str, Any] = {}
    for networks, axes_of_mark in marks:
        statements = _NOTHING_STATED if patterns else ()
        axes_of_test = {name: v for name, v in axes_of_mark.items() if name not in statements} | axes_of_test
        patterns = patterns or tuple(text for given in networks for text in arguments.texts("networks", given))
    return patterns, axes_of_test


def located(names: object, folders: Sequence[Path], argument: str = "networks") -> tuple[str, ...]:
    """Names of networks, those of files by the path from the current folder to the first of some folders that has it.

    Args:
        names: one text or several; commas separate names, and fields behind one: `levit_192:batch=1,form=inference`.
        folders: where files are looked for, in this order.
        argument: what gave the names, for messages.

    Raises:
        UsageError: it is neither, a call is not closed, or several folders were looked in and none has the file.
    """
    networks: list[str] = []
    for word in (word for text in arguments.texts(argument, names) for word in split_names(text)):
        if networks and _FIELD.match(word):
            networks[-1] += f",{word}"
        else:
            networks.append(word)
    return tuple(_located(name, folders) for name in dict.fromkeys(networks))


def _located(name: str, folders: Sequence[Path]) -> str:
    match = _FILE.match(name)
    if match is None or not folders or Path(file := match[0]).expanduser().is_absolute():
        return name
    for folder in folders:
        if os.path.exists(folder / file):  # noqa: PTH110 (a name that is too long is no error)
            return os.path.relpath(folder / file) + name[match.end() :]
    places = ", ".join(dict.fromkeys(os.path.relpath(folder) for folder in folders))
    raise UsageError(
        f"there is no file {visible(file)[:120]!r}. It was looked for beside the test, in pytest's root folder and "
        f"where pytest was called: {visible(places)[:200]}."
    )


def declare(
    patterns: Sequence[str], marked: Mapping[str, Any], requested: Mapping[str, Any], folders: Sequence[Path] = ()
) -> list[Declared]:
    """The cases of one test: the mark's values, and the command line's where the mark leaves them open.

    Args:
        patterns: networks of the mark; empty: the command line's.
        marked: axes of the mark by the name of their option, one value or several; and `against`, the rivals.
        requested: `options` of the command line.
        folders: where files that the mark names are looked for, in this order; empty: the current one.

    Raises:
        NotAskedError: mark and command line have nothing in common, or the machine lacks what the test needs.
        UsageError: the mark is malformed.
    """
    allowed = {axis.name for axis in AXES if axis.asked} | _NOTHING_STATED.keys() | {_AGAINST}
    if unknown := sorted(set(marked) - allowed):
        raise UsageError(
            f"the mark levit_bench knows no {', '.join(unknown)}.{did_you_mean(unknown[0], sorted(allowed))} It takes "
            f"names of networks and {', '.join(sorted(allowed))}."
        )
    rival_names = located(marked[_AGAINST], folders, _AGAINST) if _AGAINST in marked else ()
    marked = {name: value for name, value in marked.items() if name != _AGAINST}
    if isinstance(marked.get(_REFERENCE), str):
        marked[_REFERENCE] = ",".join(located(marked[_REFERENCE], folders, _REFERENCE))
    statements = arguments.fields(marked)
    marked_networks = singles(located(patterns, folders)) if patterns else None
    requested_networks = singles(requested["networks"]) if "networks" in requested else None
    _check_mark(statements, marked_networks or requested_networks or singles(DEFAULT_NETWORKS))
    fields: dict[str, Any] = {**requested}
    for name in marked:
        fields |= _narrowed(name, statements, requested)
    if "device" in marked:
        _check_device_is_here(fields["device"])
    if "runtime" in marked:
        for name in fields["runtimes"]:
            if why := runtimes.unavailable(name):
                raise NotAskedError(f"runtime {name!r} cannot run here: {why}")
    if "runtime" in marked or "precision" in marked:
        request = Request(**{**fields, "networks": DEFAULT_NETWORKS})
        for name, precision in product(request.runtimes, request.precisions):
            if why := runtimes.lacking(name, precision, devices.resolve(request.device)):
                raise NotAskedError(f"runtime {name!r} does not compute in {precision} here: {why}")
    networks = _networks(marked_networks, requested_networks)
    request = Request(**{**fields, "networks": tuple(networks)})
    check(request)
    unknown_names = entries.select(request.networks).unknown
    singled = [
        msgspec.structs.replace(
            request,
            networks=(network,),
            stated={network: stated} if (stated := networks[network]) else {},
            **_not_said_of(network, is_own=network in unknown_names),
            **{SEVERAL[name].plural: (value,) for name, value in values.items()},
        )
        for network, values in combinations(request, networks)
    ]
    return [Declared(_name(single), single, _rivals(rival_names, single), folders) for single in singled]


def _not_said_of(network: str, *, is_own: bool) -> dict[str, Any]:
    """Options about one network that a mark does not state of this one, at their defaults."""
    if not is_own:
        return _NOTHING_STATED
    return {} if kind_of(entries.parse(network)[0]) is not None else {_REFERENCE: ""}


def _rivals(names: Sequence[str], single: Request) -> list[Rival]:
    """The cases that a mark names as `against`, each in the setting of one case unless its fields say otherwise.

    Raises:
        UsageError: a name or a field is malformed.
    """
    out = []
    for text in names:
        pattern, fields = case_lookup.network_and_fields(text)
        resolution = fields.pop("resolution", None)
        if unknown := sorted(fields.keys() - SEVERAL.keys()):
            raise UsageError(
                f"{_AGAINST}={text[:80]!r}: the two may differ in {', '.join(SEVERAL)}, not in {', '.join(unknown)}."
            )
        behind = ":" + ",".join(f"{name}={value}" for name, value in fields.items()) if fields else ""
        for network, stated in singles((pattern + (f"@{resolution}" if resolution else ""),)).items():
            request = msgspec.structs.replace(
                single,
                networks=(network,),
                resolution=None if entries.parse(network)[1] else single.resolution,
                stated={network: stated} if stated else {},
                **_NOTHING_STATED,
                **arguments.fields(fields),
            )
            check(request)
            out.append(Rival(network + behind, request))
    return out


def measure(
    declared: Sequence[Declared], root: Path, observer: Observer | None = None, gate: GateAsked | None = None
) -> TimedSession:
    """Time all cases of tests and their rivals in one interleaved session.

    A test of which a case cannot be asked for or prepared, its own or a rival, has the reason for its answer. What no
    other test needs is not timed: a session without a result that a test can use ends before it has begun.
    For a gate the tests' own cases are timed on both sides, and the answers are those of side b.

    Raises:
        levit_bench.errors.BenchError: the session is refused, or the store cannot be written.
    """
    own = {} if gate is None else {_key(case.request): case.request for case in declared}
    requests = own | {_key(request): request for case in declared for request in case.requests}
    refusals: dict[bytes, str] = {}
    keys = list(requests)

    def refused(number: int, error: UsageError) -> None:
        refusals[keys[number]] = error_message(error)

    try:
        together = [{keys.index(_key(request)) for request in case.requests} for case in declared]
        outcome, cases = _timed(list(requests.values()), len(own), root, observer, gate, refused, together)
    except UsageError:
        if any(_refusal(case, refusals) is None for case in declared):
            raise
        return TimedSession(tuple(_refusal(case, refusals) or "" for case in declared))
    with keeping(outcome.path):
        results = api.load(outcome.path)
        records = {record.info.id: record for record in results.records}
        by_key = dict(zip(keys, cases, strict=True))
        ids = [by_key[_key(case.request)] for case in declared]
        answers = tuple(
            _refusal(case, refusals)
            or (_answer_of(case, records[found.second[0]], _read_by_tests(results)) if found.second else _LACKING)
            for case, found in zip(declared, ids, strict=True)
        )
        session = TimedSession(answers, outcome.path, outcome.runs, outcome.interrupted, _findings(results))
        return session if gate is None else _judged(session, results, gate, ids)


def _timed(
    requests: Sequence[Request],
    judged: int,
    root: Path,
    observer: Observer | None,
    gate: GateAsked | None,
    on_refused: Callable[[int, UsageError], None],
    together: Sequence[Collection[int]],
) -> tuple[Outcome, tuple[CasesOfRequest, ...]]:
    """The outcome of the session that times requests for single cases, and the ids of each one's cases.

    Without a gate they count as those of side b.
    """
    if gate is not None:
        sided = measure_on_sides(requests, judged, root, gate, observer, on_refused)
        return sided.outcome, sided.cases
    joint = api.measure_requests(
        requests, root, observer, title="pytest --benchmark", on_refused=on_refused, together=together
    )
    return joint.outcome, tuple(CasesOfRequest(second=ids) for ids in joint.cases)


def _judged(session: TimedSession, results: Results, gate: GateAsked, ids: Sequence[CasesOfRequest]) -> TimedSession:
    """The session with a verdict on the case of each test.

    Args:
        session: with the answers of tests.
        results: what it measured.
        gate: what is asked for.
        ids: of the case of each test.
    """
    report = report_of(results.records, results.findings, gate, ids)._replace(is_stopped=session.interrupted)
    judgements = tuple(judgement_of(report, own) for own in ids)
    answers = map(_with_verdict, session.answers, judgements)
    return session._replace(answers=tuple(answers), gate=report, judgements=judgements)


def _with_verdict(found: Measured | str, judgement: CaseJudgement | None) -> Measured | str:
    """The answer of a test with the verdict on it; a case without a time that fails has the verdict for its reason."""
    if judgement is None:
        return found
    if isinstance(found, str):
        return judgement.message if judgement.fails else found
    return found._replace(gate=judgement.case)


def _read_by_tests(results: Results) -> tuple[Record, ...]:
    """What tests read of a session: of one with two sides the second."""
    return tuple(record for record in results.records if record.case.side in ("", "b"))


def read(declared: Sequence[Declared], root: Path, name: str, gate: GateAsked | None = None) -> TimedSession:
    """The results of tests from a session that is stored already; a case that it lacks has the reason for its answer.

    A session that measured two sides is judged again.

    Args:
        declared: the cases of the tests.
        root: the store.
        name: the session: a file, its name, the beginning of it, its tag, or `last`.
        gate: how it is judged, if it is.

    Raises:
        levit_bench.errors.BenchError: no session has that name, several have, or it cannot be read; or it is no gate as
            it is asked for.
    """
    is_file = Path(name).is_file()
    path = Path(name) if is_file else resolve_session(root, name, gates=True)
    results = api.load_several([path], root, findings=[] if is_file else passed_over(root, name, gates=True))
    if gate is not None:
        refuse_other_gate(gate, results.records)
    record, mine = results.records[0], _read_by_tests(results)
    session = TimedSession(
        path=path,
        runs=max(sum(run.complete for run in record.runs) for record in results.records),
        answers=tuple(read_answer(case, mine) for case in declared),
        findings=_findings(results),
        read=visible(f"measured at {record.conditions.taken_at} on {record.machine.cpu_model}"),
    )
    if gate is None or not record.sides:
        return session
    return _judged(session, results, gate, [_stored_ids(case, mine) for case in declared])


def _stored_ids(case: Declared, records: Sequence[Record]) -> CasesOfRequest:
    """The id of the stored case of a test on side b, if it is there."""
    try:
        return CasesOfRequest(second=(stored_case(case.request, records).info.id,))
    except BenchError:
        return CasesOfRequest()


def read_answer(case: Declared, records: Sequence[Record]) -> Measured | str:
    """The result of a case from the records of one session, or that the session lacks it or a rival of it."""
    try:
        record, *_ = [stored_case(request, records) for request in case.requests]
    except BenchError as error:
        return visible(f"session {records[0].session}: {error_message(error)}")
    return _answer_of(case, record, records)


def _answer_of(case: Declared, record: Record, records: Sequence[Record]) -> Measured | str:
    found = answer(record)
    if isinstance(found, str):
        return found
    names = tuple(rival.name for rival in case.rivals)
    return found._replace(session=tuple(records), rivals=names, folders=case.folders)


def _refusal(case: Declared, refusals: Mapping[bytes, str]) -> str | None:
    """Why a case or one of its rivals cannot be asked for."""
    return next((refusals[key] for request in case.requests if (key := _key(request)) in refusals), None)


def _key(request: Request) -> bytes:
    """Equal for equal requests; they cannot be hashed."""
    return msgspec.json.encode(request)


def _findings(results: Results) -> tuple[str, ...]:
    """Findings about the numbers of a session, in words, each once."""
    findings = (*results.findings, *cases.findings_of(results.records))
    return tuple(dict.fromkeys(visible(f"{finding.kind}: {finding.message}") for finding in findings))


def error_message(error: BenchError) -> str:
    """The message of an error, with its notes."""
    return f"{error}{notes_of(error)}"


def unforeseen(error: Exception) -> str:
    """The message for an unforeseen exception, with its notes."""
    return visible(f"{message_and_exit_code(error)[0]}{notes_of(error)}")


def answer(record: Record) -> Measured | str:
    """The result of a record, or the message why there is none."""
    estimates = latency(record), throughput(record), relative_to_yardstick(record)
    for estimate in estimates:
        if not isinstance(estimate, Estimate):
            return visible(estimate.message)
    time, speed, ratio = estimates
    assert isinstance(time, Estimate)
    assert isinstance(speed, Estimate)
    assert isinstance(ratio, Estimate)
    return Measured(record, time, speed, ratio)


@contextmanager
def progress() -> Iterator[Observer]:
    """Progress on stderr, as `levit-bench run` shows it."""
    with reporter(stderr()) as observer:
        yield observer


class Checks:
    """Builds cases and checks their outputs once, untimed, in a separate process."""

    def __init__(self) -> None:
        self._workshop: Workshop | None = None
        self._problems: dict[tuple[Case, str], str | None] = {}

    def problem(self, declared: Declared) -> str | None:
        """What is wrong with the case of a test or with a rival of it, or None.

        Raises:
            levit_bench.errors.BenchError: a case cannot be asked for.
        """
        return next(filter(None, map(self._problem, declared.requests)), None)

    def _problem(self, request: Request) -> str | None:
        """What is wrong with the case of a request, or None.

        Raises:
            levit_bench.errors.BenchError: the case cannot be asked for.
        """
        if self._workshop is None:
            self._workshop = workshop_of(request)
        for subject in subjects(request, self._workshop):
            # Threads and allocators change the time of a pass, not its outputs.
            case = msgspec.structs.replace(subject.case, threads=1, allocator="n/a")
            key = case, subject.reference
            if key not in self._problems:
                references = {case.network: subject.reference} if subject.reference else {}
                (artifact,) = self._workshop.prepare([case], lambda _step: None, references).values()
                self._problems[key] = artifact if isinstance(artifact, str) else None
            if self._problems[key] is not None:
                return self._problems[key]
        return None

    def close(self) -> None:
        """End the process, if there is one."""
        if self._workshop is not None:
            self._workshop.__exit__()
            self._workshop = None


def _check_mark(statements: Mapping[str, Any], networks: Mapping[str, user_networks.Stated | None]) -> None:
    """Refuse what no machine and no command line makes right: a test that is skipped for it is never missed.

    Args:
        statements: fields of a request that the mark fixes.
        networks: those of the test, before the command line chooses among them, with what TOML files state of each.

    Raises:
        UsageError: a name that nothing has, a number out of range, or a statement about no network.
    """
    request = Request(**{**statements, "networks": tuple(networks)})
    check_values(request)
    stated = {name: statement for name, statement in networks.items() if statement is not None}
    unknown = entries.select(request.networks).unknown
    figures_and_labels(request, unknown, stated)
    references_of(request.reference, unknown, stated)


def _check_device_is_here(name: str) -> None:
    """Skip a test whose device this machine lacks.

    Raises:
        NotAskedError: it lacks it, or would emulate it.
        UsageError: the package that offers the device is broken.
    """
    try:
        devices.resolve(name)
    except ExtensionError:
        raise
    except UsageError as error:
        raise NotAskedError(str(error)) from error
    if is_emulated():
        raise NotAskedError("this process runs under an instruction-set emulator, and its times say nothing")


def _narrowed(name: str, statements: Mapping[str, Any], requested: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a request for one value of the mark, restricted to what the command line asks for."""
    if name not in SEVERAL:
        value = statements[name]
        if name in requested and _plain(name, requested[name]) != _plain(name, value):
            raise NotAskedError(f"it is about {name} {value}, and the command line asks for {requested[name]}")
        return {name: value}
    field = SEVERAL[name].plural
    values = statements[field]
    if not values:  # As if the mark left it open.
        return {}
    if field not in requested:
        return {field: values}
    is_batch = SEVERAL[name].kind is AxisKind.BATCHES
    return {field: _intersection(name, values, requested[field], batch_word if is_batch else str)}


def _plain(name: str, value: object) -> object:
    """A value in normalised form, for comparison: sizes have several spellings."""
    return (parse_size(value) or value) if name == "resolution" else value


def _networks(
    marked: Mapping[str, user_networks.Stated | None] | None,
    requested: Mapping[str, user_networks.Stated | None] | None,
) -> Mapping[str, user_networks.Stated | None]:
    """The networks of a test, by their names, with what TOML files state of them; None: left open."""
    if marked is None:
        return singles(DEFAULT_NETWORKS) if requested is None else requested
    if requested is None:
        return marked
    return {name: marked[name] for name in _intersection("networks", tuple(marked), requested)}


def _intersection(
    name: str, values: Sequence[Any], allowed: Collection[Any], word: Callable[[Any], str] = str
) -> tuple[Any, ...]:
    shared = tuple(value for value in values if value in allowed)
    if not shared:
        raise NotAskedError(
            f"it is about {name} {_listed(map(word, values))}, and the command line asks for "
            f"{_listed(map(word, allowed))}"
        )
    return shared


def _listed(words_of_values: Iterable[str]) -> str:
    texts = [shortened(text) for text in words_of_values]
    beginning = ", ".join(texts[:4])
    return beginning if len(texts) <= 4 else f"{beginning}, …"


def _name(request: Request) -> str:
    """The short id of a case, unique among the cases of one test."""
    size = parse_size(request.resolution)
    at = f"@{ImageShape(3, *size).size}" if size else ""
    not_asked = [axis.name for axis in SAID if not axis.plural and axis.name != "device"]
    words_of_axes = axis_words(lambda name: single_value(request, name), leave_out=not_asked)
    # Without the digest of a file: names of tests stay the same when it is edited, so that runs can be compared.
    return "-".join([f"{_DIGEST.sub('', visible(request.networks[0]))}{at}", *words_of_axes])
