"""The pytest door: what tests declare becomes requests, one session times them all, and each test reads its own.

Refuses to know pytest, which `levit_bench_pytest` talks to: nothing here is imported before a test needs it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from levit_bench import api
from levit_bench.asking import arguments
from levit_bench.asking.request import Request, check, combinations, left_out, protocol_of, singles, subjects
from levit_bench.asking.session_options import BY_NAME, OF_A_NETWORK, OptionKind
from levit_bench.axes import AXES, SAID, SETTING, SEVERAL, AxisKind, Said, is_usual
from levit_bench.axes import words as axis_words
from levit_bench.catalog import entries, user_networks
from levit_bench.catalog.image_sets import set_of
from levit_bench.catalog.network_calls import words
from levit_bench.cli.faults import keeping, notes_of, told
from levit_bench.cli.output import stderr
from levit_bench.cli.progress import reporter
from levit_bench.errors import BenchError, UsageError
from levit_bench.judge.estimates import latency, relative_to_yardstick
from levit_bench.judge.throughput import throughput
from levit_bench.measuring import devices, runtimes
from levit_bench.measuring.machine.description import is_emulated
from levit_bench.measuring.preparing.workshop import Workshop
from levit_bench.measuring.session.observer import Observer
from levit_bench.numbers.units import batch_word, batches, whole_numbers
from levit_bench.records import Case, Estimate, ImageShape, Record, parse_size
from levit_bench.report.views import cases
from levit_bench.report.words.safe_text import shortened, visible

__all__ = [
    "BenchError",
    "Checks",
    "Declared",
    "Measured",
    "NotAskedError",
    "TimedSession",
    "answer",
    "declare",
    "measure",
    "options",
    "said",
    "unforeseen",
]
DEFAULT_NETWORKS = ("paper",)
"""What a suite that leaves its networks open is about when nobody names any."""
_DIGEST = re.compile(r"(?<=\w)#[0-9a-f]{6}(?=@|$)")


_NOTHING_STATED: dict[str, Any] = {option.name: option.usual for option in OF_A_NETWORK}
"""What is stated of a network that is not the user's own."""


class NotAskedError(Exception):
    """A test is about something that this command does not ask for, or that this machine does not have."""


class Declared(NamedTuple):
    """One case that a test waits for."""

    id: str
    """Short name, for the test's own."""
    request: Request
    """Asks for this one case."""

    @property
    def group(self) -> str:
        """What it shares with the cases it may be compared with."""
        request = self.request
        phrases = [
            axis.phrase(_value(request, axis.name))
            for axis in SETTING
            if axis.plural and axis.name != "runtime"
            if axis.said is not Said.NOWHERE or not is_usual(axis.name, _value(request, axis.name))
        ]
        return ", ".join([request.device, request.runtimes[0], *phrases])


class Measured(NamedTuple):
    """What a test reads: the case's record and what it says."""

    record: Record
    """Every turn, with its conditions."""
    latency: Estimate
    """Seconds a batch."""
    throughput: Estimate
    """Images a second at the stated batch, all streams together: images over the time of all timed passes."""
    relative: Estimate
    """Latency as a multiple of the yardstick's, paired by round: carries over to another day on the same machine."""

    @property
    def case(self) -> Case:
        """What was asked."""
        return self.record.case

    @property
    def facts(self) -> dict[str, str | int | float]:
        """The case and its figures, for reports of other tools; a limit that the data cannot give is left out."""
        case, info = self.record.case, self.record.info
        accuracy = next(iter(info.scored), None)
        figures = {
            "latency_s": self.latency.value,
            "latency_low_s": self.latency.low,
            "latency_high_s": self.latency.high,
            "images_per_s": self.throughput.value,
            "yardstick_ratio": self.relative.value,
        }
        return {
            "network": visible(case.network),
            **cases.fields(case),
            **({"label": visible(info.label)} if info.label else {}),
            **({"top1_percent": accuracy.top1, "top1_set": visible(set_of(accuracy).words)} if accuracy else {}),
            **{name: value for name, value in figures.items() if math.isfinite(value)},
            "runs": self.latency.n,
            "session": self.record.session,
        }

    @property
    def duration_s(self) -> tuple[float, ...]:
        """Every timed pass in seconds, in the order taken."""
        return tuple(s for run in self.record.runs for turn in run.turns for s in turn.duration_s)


class TimedSession(NamedTuple):
    """What became of the one session."""

    path: Path
    """Its file."""
    runs: int
    """Complete runs."""
    interrupted: bool
    """Whether the user stopped it."""
    answers: tuple[Measured | str, ...]
    """For each request what was measured, or why nothing was."""
    doubts: tuple[str, ...]
    """What the reader of the numbers must know."""


def options(said: Mapping[str, str | bool | None]) -> dict[str, Any]:
    """Fields of a request from the options of a command line, by their names; those that were not given are left out.

    Raises:
        UsageError: an option is malformed, or asks for what this machine does not have.
    """
    fields = {option.replace("-", "_"): value for option, value in said.items()}
    texts = {name: value for name, value in fields.items() if isinstance(value, str)}
    out: dict[str, Any] = {name: True for name, value in fields.items() if value is True}
    for name, text in texts.items():
        axis = SEVERAL.get(name)
        if axis is not None and axis.is_numeric:
            out[axis.plural] = _parse_option(name, batches if axis.kind is AxisKind.BATCHES else whole_numbers, text)
        elif axis is not None or name == "networks":
            out[axis.plural if axis else name] = words(text)
        elif name in BY_NAME and BY_NAME[name].kind is OptionKind.NUMBER:
            out[name] = _parse_option(name, whole_numbers, text)[0]
        else:
            out[name] = text
    request = Request(**{"networks": DEFAULT_NETWORKS, **out})
    check(request)
    protocol_of(request)
    singles(request.networks)
    return out


def notes(asked: Mapping[str, Any]) -> list[str]:
    """What the command line asks for and does not get, in words."""
    return [finding.message for finding in left_out([Request(**{"networks": DEFAULT_NETWORKS, **asked})])]


def declare(patterns: Sequence[str], marked: Mapping[str, Any], asked: Mapping[str, Any]) -> list[Declared]:
    """The cases of one test: what its mark says holds, the command line chooses what the mark leaves open.

    Args:
        patterns: networks of the mark; empty: open.
        marked: axes of the mark by the name of their option, one value or several.
        asked: `options` of the command line.

    Raises:
        NotAskedError: mark and command line have nothing in common, or the machine lacks what the test is about.
        UsageError: the mark is malformed.
    """
    allowed = {axis.name for axis in AXES if axis.asked} | _NOTHING_STATED.keys()
    if unknown := set(marked) - allowed:
        raise UsageError(
            f"the mark levit_bench knows no {', '.join(sorted(unknown))}. It takes names of networks and "
            f"{', '.join(sorted(allowed))}."
        )
    fields: dict[str, Any] = {**asked}
    for name, value in marked.items():
        fields |= _narrowed(name, value, asked)
    if "device" in marked:
        try:
            devices.resolve(str(marked["device"]))
        except UsageError as error:
            raise NotAskedError(str(error)) from error
        if is_emulated():
            raise NotAskedError("this process runs under an instruction-set emulator, and its times say nothing")
    if "runtime" in marked:
        for name in fields["runtimes"]:
            if why := runtimes.unavailable(name):
                raise NotAskedError(f"runtime {name!r} cannot run here: {why}")
    networks = _networks(patterns, asked.get("networks"))
    request = Request(**{**fields, "networks": tuple(networks)})
    check(request)
    unknown_names = entries.select(request.networks).unknown
    if request.accuracy is not None:
        user_networks.one_accuracy(
            request.accuracy, unknown_names,
            (entry for name, entry in networks.items() if entry is not None and name in unknown_names),
            dataset=request.dataset, images=request.images, classes=request.classes,
        )  # fmt: skip
    if request.label:
        user_networks.one_label(
            request.label,
            unknown_names,
            (entry for name, entry in networks.items() if entry is not None and name in unknown_names),
        )
    singled = [
        msgspec.structs.replace(
            request,
            networks=(network,),
            stated={network: stated} if (stated := networks[network]) else {},
            **({} if network in unknown_names else _NOTHING_STATED),
            **{SEVERAL[name].plural: (value,) for name, value in values.items()},
        )
        for network, values in combinations(request, networks)
    ]
    return [Declared(_name(single), single) for single in singled]


def measure(requests: Sequence[Request], root: Path, observer: Observer | None = None) -> TimedSession:
    """Time everything that is asked for in one interleaved session.

    Raises:
        levit_bench.errors.BenchError: the session is refused, or the store cannot be written.
    """
    joint = api.measure_requests(requests, root, observer, title="pytest --benchmark")
    with keeping(joint.outcome.path):
        results = api.load(joint.outcome.path)
        records = {record.info.id: record for record in results.records}
        findings = (*results.findings, *cases.doubts(results.records))
        return TimedSession(
            path=joint.outcome.path,
            runs=joint.outcome.runs,
            interrupted=joint.outcome.interrupted,
            answers=tuple(answer(records[group[0]]) for group in joint.cases),
            doubts=tuple(dict.fromkeys(visible(f"{finding.kind}: {finding.message}") for finding in findings)),
        )


def said(error: BenchError) -> str:
    """What a refusal says."""
    return f"{error}{notes_of(error)}"


def unforeseen(error: Exception) -> str:
    """What there is to say of an exception that no code of ours raised on purpose."""
    return visible(f"{told(error)[0]}{notes_of(error)}")


def answer(record: Record) -> Measured | str:
    """What a test reads of a record, or why there is nothing to read."""
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
    """Builds cases and checks their outputs once, untimed, in a process apart."""

    def __init__(self) -> None:
        self._workshop: Workshop | None = None
        self._problems: dict[Case, str | None] = {}

    def problem(self, request: Request) -> str | None:
        """What is wrong with the case of a request, or None.

        Raises:
            levit_bench.errors.BenchError: the case cannot be asked for.
        """
        if self._workshop is None:
            protocol = protocol_of(request)
            self._workshop = Workshop(protocol.seed, protocol.timeout_s)
        for subject in subjects(request, self._workshop):
            # Threads and allocators change how long a pass takes, not what it computes.
            case = msgspec.structs.replace(subject.case, threads=1, allocator="n/a")
            if case not in self._problems:
                (artifact,) = self._workshop.prepare([case], lambda _done, _total, _case: None).values()
                self._problems[case] = artifact if isinstance(artifact, str) else None
            if self._problems[case] is not None:
                return self._problems[case]
        return None

    def close(self) -> None:
        """End the process, if there is one."""
        if self._workshop is not None:
            self._workshop.__exit__()
            self._workshop = None


def _narrowed(name: str, value: object, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the mark says of one axis, as far as the command line asks for it."""
    if name in _NOTHING_STATED:
        return arguments.fields({name: value})
    if name not in SEVERAL:
        if name in asked and _plain(name, asked[name]) != _plain(name, value):
            raise NotAskedError(f"it is about {name} {value}, and the command line asks for {asked[name]}")
        return {name: value}
    field = SEVERAL[name].plural
    values = _several(value, int if SEVERAL[name].is_numeric else str, name)
    return {field: _intersection(name, values, asked[field]) if field in asked else values}


def _plain(name: str, value: object) -> object:
    """A value in the one way that equal ones are compared in: sizes have several spellings."""
    return (parse_size(value) or value) if name == "resolution" else value


def _networks(patterns: Sequence[object], asked: Sequence[str] | None) -> dict[str, user_networks.Stated | None]:
    """The networks of a test, each by itself, with what is stated of it."""
    chosen = None if asked is None else singles(asked)
    if not patterns:
        return singles(DEFAULT_NETWORKS) if chosen is None else chosen
    marked = singles(_several(patterns, str, "networks"))
    return (
        marked if chosen is None else {name: marked[name] for name in _intersection("networks", tuple(marked), chosen)}
    )


def _intersection(name: str, values: Sequence[Any], allowed: Collection[Any]) -> tuple[Any, ...]:
    shared = tuple(value for value in values if value in allowed)
    if not shared:
        raise NotAskedError(
            f"it is about {name} {_listed(values)}, and the command line asks for {_listed(list(allowed))}"
        )
    return shared


def _several(value: object, kind: type, name: str) -> tuple[Any, ...]:
    values = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    wrong = [item for item in values if not isinstance(item, kind) or isinstance(item, bool)]
    if wrong or not values:
        example = f"{wrong[0]!r}"[:80] if wrong else "nothing"
        raise UsageError(f"the mark levit_bench got {name}={example}. Give one or several {kind.__name__} values.")
    return values


def _listed(values: Sequence[object]) -> str:
    beginning = ", ".join(shortened(str(value)) for value in values[:4])
    return beginning if len(values) <= 4 else f"{beginning}, …"


def _parse_option(name: str, parse: Any, text: str) -> Any:  # noqa: ANN401 (whatever the parser gives)
    """The parsed text; a refusal names the option."""
    try:
        return parse(text)
    except UsageError as error:
        raise UsageError(f"--{name}: {error}") from error


def _name(request: Request) -> str:
    """Short and unique among the cases of one test."""
    size = parse_size(request.resolution)
    at = f"@{ImageShape(3, *size).size}" if size else ""
    not_asked = [axis.name for axis in SAID if not axis.plural and axis.name != "device"]
    words_of_axes = axis_words(lambda name: _value(request, name), leave_out=not_asked)
    # Without the digest of a file: names of tests stay the same when it is edited, so that runs can be compared.
    return "-".join([f"{_DIGEST.sub('', visible(request.networks[0]))}{at}", *words_of_axes])


def _value(request: Request, axis: str) -> object:
    """The one value that a request for one case has of an axis."""
    if axis == "device":
        return devices.resolve(request.device)
    if axis not in SEVERAL:
        return getattr(request, axis)
    (value,) = getattr(request, SEVERAL[axis].plural)
    return batch_word(value) if SEVERAL[axis].kind is AxisKind.BATCHES else value
