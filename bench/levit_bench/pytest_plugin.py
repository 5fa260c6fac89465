"""The package's side of the pytest plugin: turns what tests declare into requests, times all of them in one session,
and returns each test its result.

Imports no pytest: `levit_bench_pytest` does, and imports this module only when a test needs it.
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
from levit_bench.asking.request import (
    Request,
    check,
    combinations,
    left_out,
    protocol_of,
    singles,
    subjects,
    workshop_of,
)
from levit_bench.asking.session_options import BY_NAME, OF_A_NETWORK, OptionKind
from levit_bench.axes import AXES, SAID, SETTING, SEVERAL, AxisKind, Shown, is_usual
from levit_bench.axes import words as axis_words
from levit_bench.catalog import entries, user_networks
from levit_bench.catalog.image_sets import set_of
from levit_bench.catalog.network_calls import words
from levit_bench.cli.faults import keeping, message_and_exit_code, notes_of
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
    "error_message",
    "measure",
    "options",
    "unforeseen",
]
DEFAULT_NETWORKS = ("paper",)
"""Networks of tests that leave them open, where the command line names none."""
_DIGEST = re.compile(r"(?<=\w)#[0-9a-f]{6}(?=@|$)")


_NOTHING_STATED: dict[str, Any] = {option.name: option.usual for option in OF_A_NETWORK}
"""Options of a network that is not the user's own: all at their defaults."""


class NotAskedError(Exception):
    """A test needs something that the command line does not ask for, or that this machine lacks."""


class Declared(NamedTuple):
    """One case that a test declares."""

    id: str
    """Short name, part of the test's id."""
    request: Request
    """The request for this one case."""

    @property
    def group(self) -> str:
        """The setting, shared by the cases that it may be compared with."""
        request = self.request
        phrases = [
            axis.phrase(_value(request, axis.name))
            for axis in SETTING
            if axis.plural and axis.name != "runtime"
            if axis.shown is not Shown.NOWHERE or not is_usual(axis.name, _value(request, axis.name))
        ]
        return ", ".join([request.device, request.runtimes[0], *phrases])


class Measured(NamedTuple):
    """The result that a test reads: the case's record and its estimates."""

    record: Record
    """Every turn, with its conditions."""
    latency: Estimate
    """Seconds a batch."""
    throughput: Estimate
    """Images a second at the stated batch, all streams together: images over the time of all timed passes."""
    relative: Estimate
    """Latency as a multiple of the yardstick's, paired by round: comparable across days on the same machine."""

    @property
    def case(self) -> Case:
        """The measured case."""
        return self.record.case

    @property
    def facts(self) -> dict[str, str | int | float]:
        """The case and its figures, for reports of other tools; limits that are not finite are left out."""
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
    """The session that timed all tests."""

    path: Path
    """Its file."""
    runs: int
    """Complete runs."""
    interrupted: bool
    """Whether the user stopped it."""
    answers: tuple[Measured | str, ...]
    """The result of each request, or why there is none."""
    findings: tuple[str, ...]
    """Findings about the numbers, in words."""


def options(given_options: Mapping[str, str | bool | None]) -> dict[str, Any]:
    """Fields of a request from options of the command line; options that were not given are left out.

    Raises:
        UsageError: an option is malformed, or asks for something that this machine lacks.
    """
    fields = {option.replace("-", "_"): value for option, value in given_options.items()}
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


def notes(requested: Mapping[str, Any]) -> list[str]:
    """Findings about parts of the request that will not be measured, in words."""
    return [finding.message for finding in left_out([Request(**{"networks": DEFAULT_NETWORKS, **requested})])]


def declare(patterns: Sequence[str], marked: Mapping[str, Any], requested: Mapping[str, Any]) -> list[Declared]:
    """The cases of one test: the mark's values, and the command line's where the mark leaves them open.

    Args:
        patterns: networks of the mark; empty: the command line's.
        marked: axes of the mark by the name of their option, one value or several.
        requested: `options` of the command line.

    Raises:
        NotAskedError: mark and command line have nothing in common, or the machine lacks what the test needs.
        UsageError: the mark is malformed.
    """
    allowed = {axis.name for axis in AXES if axis.asked} | _NOTHING_STATED.keys()
    if unknown := set(marked) - allowed:
        raise UsageError(
            f"the mark levit_bench knows no {', '.join(sorted(unknown))}. It takes names of networks and "
            f"{', '.join(sorted(allowed))}."
        )
    fields: dict[str, Any] = {**requested}
    for name, value in marked.items():
        fields |= _narrowed(name, value, requested)
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
    networks = _networks(patterns, requested.get("networks"))
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
    """Time all requests in one interleaved session.

    Raises:
        levit_bench.errors.BenchError: the session is refused, or the store cannot be written.
    """
    joint = api.measure_requests(requests, root, observer, title="pytest --benchmark")
    with keeping(joint.outcome.path):
        results = api.load(joint.outcome.path)
        records = {record.info.id: record for record in results.records}
        findings = (*results.findings, *cases.findings_of(results.records))
        return TimedSession(
            path=joint.outcome.path,
            runs=joint.outcome.runs,
            interrupted=joint.outcome.interrupted,
            answers=tuple(answer(records[group[0]]) for group in joint.cases),
            findings=tuple(dict.fromkeys(visible(f"{finding.kind}: {finding.message}") for finding in findings)),
        )


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
        self._problems: dict[Case, str | None] = {}

    def problem(self, request: Request) -> str | None:
        """What is wrong with the case of a request, or None.

        Raises:
            levit_bench.errors.BenchError: the case cannot be asked for.
        """
        if self._workshop is None:
            self._workshop = workshop_of(request)
        for subject in subjects(request, self._workshop):
            # Threads and allocators change the time of a pass, not its outputs.
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


def _narrowed(name: str, value: object, requested: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a request for one value of the mark, restricted to what the command line asks for."""
    if name in _NOTHING_STATED:
        return arguments.fields({name: value})
    if name not in SEVERAL:
        if name in requested and _plain(name, requested[name]) != _plain(name, value):
            raise NotAskedError(f"it is about {name} {value}, and the command line asks for {requested[name]}")
        return {name: value}
    field = SEVERAL[name].plural
    values = _several(value, int if SEVERAL[name].is_numeric else str, name)
    return {field: _intersection(name, values, requested[field]) if field in requested else values}


def _plain(name: str, value: object) -> object:
    """A value in normalised form, for comparison: sizes have several spellings."""
    return (parse_size(value) or value) if name == "resolution" else value


def _networks(patterns: Sequence[object], requested: Sequence[str] | None) -> dict[str, user_networks.Stated | None]:
    """The networks of a test, groups and globs expanded, with what TOML files state of them."""
    chosen = None if requested is None else singles(requested)
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
    """The parsed text; an error names the option."""
    try:
        return parse(text)
    except UsageError as error:
        raise UsageError(f"--{name}: {error}") from error


def _name(request: Request) -> str:
    """The short id of a case, unique among the cases of one test."""
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
