"""Requests: networks, axes and options as a user gave them, checked, and resolved to cases before anything is measured.

The command line, Python and pytest share it; `levit_bench.measuring` takes the cases from here.
"""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple, TypeVar

import msgspec

from levit_bench.asking.arguments import nothing_named
from levit_bench.asking.references import check_images, references_of
from levit_bench.axes import BY_NAME, SETTING, SEVERAL, WEIGHTS_OF_FILE, Axis, AxisKind, usual
from levit_bench.catalog import entries, user_networks
from levit_bench.catalog.image_sets import common, in_order, same_sets, set_of
from levit_bench.catalog.twins import is_twin, original
from levit_bench.command_lines import command_line
from levit_bench.errors import UsageError, one_line
from levit_bench.measuring import devices, forms, precisions, runtimes
from levit_bench.measuring.extensions import listed
from levit_bench.measuring.forms import SHIPPED
from levit_bench.measuring.machine.processors import allowed_processors, usable_processors
from levit_bench.measuring.model_files.description import ModelDescription
from levit_bench.measuring.preparing.artifact_cache import cache_in
from levit_bench.measuring.preparing.workshop import Workshop
from levit_bench.measuring.reference_cases import NULL, YARDSTICKS
from levit_bench.measuring.session.session import Subject
from levit_bench.measuring.workers.process_environment import check_allocator, default_allocator
from levit_bench.measuring.workers.seat import SeatLostError
from levit_bench.numbers.units import MAX, batch_word, parse_duration
from levit_bench.paths.model_files import Kind, file_of, kind_of
from levit_bench.planning.budget import MIN_ROUNDS
from levit_bench.records import (
    LARGEST_RESOLUTION,
    Accuracy,
    Case,
    Finding,
    ImageShape,
    Protocol,
    SeatMode,
    StartMethod,
    parse_size,
)
from levit_bench.spelling import did_you_mean

MAX_BUDGET_VARIABLE = "LEVIT_BENCH_MAX_BUDGET"
"""Environment variable that caps every budget, for tests of documentation; a capped session counts as thin."""
AUTO = "auto"
"""What `--budget` says for the least that the session needs."""
LARGEST_SEED = 2**32
_EXPLAINED = ("cannot load ", "cannot look up ", "no builder that can be asked ", "builder of networks ")
"""How the reason of a name that cannot be built begins where it is another than that no library knows it."""
SMALLEST_ERROR = 0.05
"""Percent; what drifts between sessions is larger."""
LARGEST_ERROR = 50.0


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a user asked for, as it was written. The defaults are those of the command line."""

    networks: tuple[str, ...]
    """Names, globs, groups, timm names, `module:function`, `file.py:function`, model files; each may end in `@224` or
    `@192x256`. Also TOML files of networks, which state their accuracy."""
    accuracy: float | None = None
    """Top-1 in percent of the one network among them that is not in the catalog."""
    dataset: str = ""
    """Name of the set that `accuracy` was scored on; empty: ImageNet-1k's validation set."""
    images: int | None = None
    """Images in that set; absent: those of a public set."""
    classes: int | None = None
    """Classes in that set; absent: those of a public set, else unknown."""
    label: str = ""
    """What figures, tables and files call the one network that is not in the catalog; empty: its name."""
    reference: str = ""
    """Function whose network the outputs of the model files are compared with; empty: none."""
    stated: dict[str, user_networks.Stated] = {}
    """What TOML files state of some of the networks, where `singles` has read the files."""
    resolution: int | str | tuple[int, int] | None = None
    """Pixels for all of them, such as 224, `"192x256"` or (192, 256): height and width; absent: each network's own."""
    batches: tuple[int, ...] = BY_NAME["batch"].several
    """Images a pass; empty: 1, or the batch that a model file fixes; `levit_bench.numbers.units.MAX` is the largest
    that fits into the device's memory."""
    threads: tuple[int, ...] = BY_NAME["threads"].several
    """Intra-operator threads of each stream."""
    streams: tuple[int, ...] = BY_NAME["streams"].several
    """Processes that work at once, each on processors of its own."""
    allocators: tuple[str, ...] = BY_NAME["allocator"].several
    """Allocator settings; empty: `pinned` where the system has it."""
    forms: tuple[str, ...] = BY_NAME["form"].several
    """Forms of the networks: as built, or folded for inference."""
    precisions: tuple[str, ...] = BY_NAME["precision"].several
    """Number formats of weights and activations."""
    runtimes: tuple[str, ...] = BY_NAME["runtime"].several
    """What executes the networks; empty: eager, or what runs a model file."""
    device: str = usual("device")
    """Device that the networks run on."""
    budget: str = "60s"
    """Time for all runs together; `auto` is the least that gives an honest interval, or with `thin` one round."""
    isolation: str = "auto"
    """`auto`, `shared` or `alone`."""
    timeout: str = "5m"
    """Time after which a preparation, or a load with its first pass, is given up."""
    seed: int = 0
    """Seed of weights, inputs and, with the session's name, orders."""
    cache: str = ""
    """Folder of prepared networks that are kept between sessions; empty: `levit_bench.paths.cache_folder`."""
    fresh: bool = False
    """Prepare every network anew, whatever is kept."""
    thin: bool = False
    """Measure even when the budget is too small for a useful interval."""
    no_wait: bool = False
    """Begin also while another session is at work on this machine."""
    target_error: str = ""
    """Half-width of each ratio to the yardstick, such as `1%`, that ends the session before its budget; empty: none."""
    cross_check: bool = False
    """Time every turn with a second timer as well."""
    start_method: str = "fork"
    """How workers start: `fork` or `spawn`."""
    bind: bool = False
    """Bind each process to as many processors as it has threads; otherwise the system places it."""
    race: bool = False
    """Race for the front: networks whose membership is decided get no more turns."""


def workshop_of(request: Request) -> Workshop:
    """The workshop that prepares the networks of a request, with what earlier sessions have kept.

    Raises:
        UsageError: the protocol is malformed.
    """
    protocol = protocol_of(request)
    cache = cache_in(request.cache, protocol.seed, fresh=request.fresh)
    return Workshop(protocol.seed, protocol.timeout_s, cache)


def protocol_of(request: Request) -> Protocol:
    """The protocol of a request. Turn length, settle passes and rounds follow from docs/decisions/0001.

    Raises:
        UsageError: budget, time-out, isolation or start method are malformed.
    """
    modes: dict[str, SeatMode] = {"auto": "auto", "shared": "shared", "alone": "alone"}
    if request.isolation not in modes:
        hint = did_you_mean(request.isolation, modes)
        raise UsageError(f"unknown isolation {request.isolation!r}.{hint} Choose from {', '.join(modes)}.")
    methods: dict[str, StartMethod] = {"fork": "fork", "spawn": "spawn"}
    if request.start_method not in methods:
        hint = did_you_mean(request.start_method, methods)
        raise UsageError(f"unknown start method {request.start_method!r}.{hint} Choose from {', '.join(methods)}.")
    asked_s, timeout_s = budget_seconds(request.budget), seconds("--timeout", request.timeout)
    budget_s = capped(asked_s)
    return Protocol(
        settle_passes=1,
        turn_s=0.03,
        min_passes=2,
        max_passes=50,
        runs=0,
        min_rounds=MIN_ROUNDS,
        budget_s=budget_s,
        timeout_s=timeout_s,
        seats=modes[request.isolation],
        seed=request.seed,
        thin=request.thin or is_capped(asked_s),
        witness=request.cross_check,
        bound=request.bind,
        start_method=methods[request.start_method],
        goal="race" if request.race else "target-error" if request.target_error else "budget",
        target_error=_target(request) if request.target_error else None,
    )


def _target(request: Request) -> float:
    """The target error in log units.

    Raises:
        UsageError: it is not a percentage in range, or comes with a race.
    """
    if request.race:
        raise UsageError("--race and --target-error are two goals. Choose one: a front, or figures of a given error.")
    text = request.target_error
    try:
        percent = float(text.removesuffix("%"))
    except ValueError:
        percent = math.nan
    if not (text.endswith("%") and SMALLEST_ERROR <= percent <= LARGEST_ERROR):
        raise UsageError(
            f"--target-error {text[:80]!r}: give a percentage from {SMALLEST_ERROR:g}% to {LARGEST_ERROR:g}%, such as "
            "1%."
        )
    return math.log1p(percent / 100)


def check_race(candidates: Sequence[Subject]) -> None:
    """Refuse to race networks that cannot be placed on one front.

    Raises:
        UsageError: naming those without an accuracy, or the sets that divide them.
    """
    without = list(dict.fromkeys(subject.case.network for subject in candidates if subject.accuracy is None))
    if without:
        more = f" and {len(without) - 3} more" if len(without) > 3 else ""
        raise UsageError(
            f"--race needs the accuracy of every network, and none is known of {', '.join(without[:3])}{more} at this "
            "resolution. Leave them out, or state it with --accuracy or in a TOML file of networks."
        )
    scored = [
        (subject.case.network, (*filter(None, (subject.accuracy,)), *subject.accuracies)) for subject in candidates
    ]
    if common([figures for _, figures in scored]) is None:
        sets = same_sets(set_of(figure) for _, figures in scored for figure in figures)
        groups = [
            f"{image_set.words} "
            f"({', '.join(_first_few(n for n, figures in scored if image_set in (sets[set_of(f)] for f in figures)))})"
            for image_set in in_order(sets.values())
        ]
        raise UsageError(
            f"--race decides places on one front, and no set is one that all networks were scored on: "
            f"{'; '.join(groups)}. Race each group in a session of its own, or state accuracies on one set in a TOML "
            "file of networks."
        )


def _first_few(names: Iterable[str], most: int = 3) -> list[str]:
    """The first few names, and how many more there are."""
    shown = [name[:80] for name in dict.fromkeys(names)]
    return shown if len(shown) <= most else [*shown[:most], f"and {len(shown) - most} more"]


def budget_seconds(text: str) -> float:
    """The seconds that `--budget` gives; 0 for `auto`, which the session replaces by the least that it needs.

    Raises:
        UsageError: it is neither `auto` nor a duration.
    """
    return 0.0 if text.strip().lower() == AUTO else seconds("--budget", text)


def budget_is_open(text: str) -> bool:
    """Whether the session takes the least that it needs where that is more: with `auto`, and under a cap.

    Raises:
        UsageError: it is neither `auto` nor a duration.
    """
    asked_s = budget_seconds(text)
    return not asked_s or is_capped(asked_s)


def capped(budget_s: float) -> float:
    """The budget, or the environment's cap on it; a cap takes the place of `auto`."""
    cap = os.environ.get(MAX_BUDGET_VARIABLE)
    return min(budget_s or math.inf, seconds(MAX_BUDGET_VARIABLE, cap)) if cap else budget_s


def is_capped(budget_s: float) -> bool:
    """Whether the environment's cap is below a budget; `auto` is above every cap."""
    return capped(budget_s) != budget_s


def seconds(option: str, text: str) -> float:
    """The duration that an option gives.

    Raises:
        UsageError: the text is not a duration; names the option.
    """
    try:
        return parse_duration(text)
    except UsageError as error:
        raise UsageError(f"{option}: {error}") from error


def check(request: Request) -> str:
    """Refuse what cannot be measured; returns the device of the cases.

    Raises:
        UsageError: naming the option, its value and what it may be.
    """
    check_values(request)
    return _check_device(request)


def check_values(request: Request) -> None:
    """Refuse names that nothing has and numbers out of range, whatever this machine can measure.

    Raises:
        UsageError: naming the option, its value and what it may be.
    """
    for axis in SEVERAL.values():
        values = getattr(request, axis.plural)
        if not values and not axis.usual_words:
            raise nothing_named(axis)
        if axis.largest is not None:
            counts = [value for value in values if value != MAX or axis.kind is not AxisKind.BATCHES]
            _check_numbers(axis.option, counts, axis.largest)
    if type(request.seed) is not int or not 0 <= request.seed < LARGEST_SEED:
        raise UsageError(f"--seed {request.seed}: give a whole number from 0 to {LARGEST_SEED - 1}.")
    _size(request)
    for runtime in request.runtimes:
        runtimes.POINT.check(runtime)
    for form in request.forms:
        forms.POINT.check(form)
    for precision in request.precisions:
        precisions.get(precision)
    for allocator in request.allocators:
        check_allocator(allocator)
    devices.get(request.device)


def _check_device(request: Request) -> str:
    """The device of the cases; precisions and runtimes that it lacks are refused."""
    device = devices.resolve(request.device)
    _check_streams(device, request)
    if request.bind:
        _check_bound(request)
    if MAX in request.batches:
        _check_max(device, request)
    for precision in request.precisions:
        if not precisions.runs_on(precision, device):
            raise UsageError(
                f"--precision {precision} is {one_line(precisions.get(precision).about)}; --device {device} does not. "
                f"Choose from {listed(precisions.on(device))}."
            )
    for runtime in request.runtimes or BY_NAME["runtime"].usual_values:
        runtimes.check(runtime, device, request.precisions)
    return device


def at_once(request: Request) -> list[tuple[int, int]]:
    """Threads and streams of the cases: every combination for which there are enough processors.

    One stream may have more threads than processors; several streams have processors of their own, or they would
    measure how the scheduler shares one.
    """
    processors = usable_processors()
    return [(t, s) for t, s in product(request.threads, request.streams) if s == 1 or s * t <= processors]


def single_value(request: Request, axis: str) -> object:
    """The one value that a request for one case has of an axis."""
    if axis == "device":
        return devices.resolve(request.device)
    if axis not in SEVERAL:
        return getattr(request, axis)
    (value,) = getattr(request, SEVERAL[axis].plural)
    return batch_word(value) if SEVERAL[axis].kind is AxisKind.BATCHES else value


_Named = TypeVar("_Named", "_Chosen", str)


def combinations(request: Request, networks: Collection[_Named]) -> Iterator[tuple[_Named, dict[str, Any]]]:
    """Every network with every combination of values, by the names of their axes, for which there are processors.

    The order is the same for the command line, Python and pytest: setting by setting, in each the networks in their
    order, and axes that are per network innermost. A model file has the runtime that runs it, where none is named.

    Raises:
        UsageError: nothing here runs a model file.
    """
    of_a_setting, of_a_network = (
        [axis for axis in SETTING if axis.plural and axis.per_network == per_network] for per_network in (False, True)
    )
    allowed = at_once(request)
    settings = [
        values for values in _products(request, of_a_setting) if (values["threads"], values["streams"]) in allowed
    ]
    for setting, network in product(settings, networks):
        name = network if isinstance(network, str) else network.network
        for network_values in _products(request, of_a_network, kind_of(name)):
            yield network, setting | network_values


def _products(request: Request, axes: Sequence[Axis], kind: Kind | None = None) -> list[dict[str, Any]]:
    """All combinations of the values that a request holds of some axes; `kind` is the format of a model file."""
    axis_values = {axis.name: getattr(request, axis.plural) or _usual_of(axis, kind) for axis in axes}
    return [dict(zip(axis_values, values, strict=True)) for values in product(*axis_values.values())]


def _usual_of(axis: Axis, kind: Kind | None) -> tuple[Any, ...]:
    """The values of an axis that a request leaves open."""
    if axis.name == "allocator":
        return (default_allocator(),)
    return (runtimes.natural(kind),) if axis.name == "runtime" and kind is not None else axis.usual_values


def left_out(requests: Iterable[Request]) -> list[Finding]:
    """A finding that lists the combinations of threads and streams that are not measured, if there are any."""
    unmeasured = {
        f"{s} streams of {t} thread{'' if t == 1 else 's'}"
        for request in requests
        for t, s in product(request.threads, request.streams)
        if (t, s) not in at_once(request)
    }
    if not unmeasured:
        return []
    message = (
        f"left out: {', '.join(sorted(unmeasured))}. Every stream has processors of its own, and "
        f"{usable_processors()} can be used here."
    )
    return [Finding(kind="streams-left-out", message=message)]


def _check_max(device: str, request: Request) -> None:
    """Refuse to search for the largest batch where memory does not limit it, or every batch needs its own artifact."""
    if not devices.has_own_memory(device):
        raise UsageError(
            f"--batch max is the largest batch that fits into a GPU's memory, and --device is {device}: there a larger "
            "one only takes longer. Name batches."
        )
    for runtime in request.runtimes or BY_NAME["runtime"].usual_values:
        if not runtimes.serves_all_batches(runtime):
            raise UsageError(f"--batch max: runtime {runtime!r} makes an artifact for each batch. Name batches.")


def _check_bound(request: Request) -> None:
    """Refuse to bind where the system cannot, or to fewer processors than there are threads."""
    if allowed_processors() is None:
        raise UsageError("--bind: this system does not bind processes to processors. Leave it out.")
    if max(request.threads) > usable_processors():
        raise UsageError(
            f"--bind with --threads {max(request.threads)} needs as many processors, and {usable_processors()} can be "
            "used here. Ask for fewer threads, or leave --bind out."
        )


def _check_streams(device: str, request: Request) -> None:
    """Refuse streams where no combination has enough processors."""
    most = max(request.streams)
    if device != "cpu" and most > 1:
        raise UsageError(f"--streams {most} is for processors: passes on a {device} device share it in any case.")
    if most not in {streams for _, streams in at_once(request)}:
        fewest = most * min(request.threads)
        raise UsageError(
            f"--streams {most} with --threads {min(request.threads)} needs {fewest} processors, and "
            f"{usable_processors()} can be used here. Ask for fewer of either."
        )


class _Chosen(NamedTuple):
    """A requested network, and what is known of it."""

    network: str
    shape: ImageShape
    family: str
    accuracies: tuple[Accuracy, ...]
    label: str | None = None
    model: ModelDescription | None = None
    """What a model file says of itself; absent for networks that are built."""
    reference: str = ""
    """Function whose network the outputs of a model file are compared with."""


def subjects(request: Request, workshop: Workshop) -> list[Subject]:
    """The cases of a request, in the order they were named.

    Args:
        request: what the user asked for.
        workshop: resolves names that the catalog does not hold.

    Raises:
        UsageError: an axis is malformed, a name is unknown, or nothing was chosen.
    """
    device = check(request)
    names, stated = user_networks.expand(request.networks)
    stated |= request.stated
    selection = entries.select(names)
    selected = list(selection.entries)
    check_model_files(request, device, selection.unknown)
    if (size := _size(request)) is not None:
        sized = [f"{entry.name}@{size[0]}x{size[1]}" for entry in selected]
        selected = list(entries.select(sized).entries) if sized else []
    accuracies, labels = figures_and_labels(request, selection.unknown, stated)
    references = references_of(request.reference, selection.unknown, stated)
    scored = {(entry.name, entry.size): tuple(filter(None, (entries.accuracy_of(entry),))) for entry in selected}
    _add_to_catalog(scored, stated)
    chosen = [_Chosen(entry.name, entry.shape, entry.family, scored[entry.name, entry.size]) for entry in selected]
    if selection.unknown:
        resolved = _resolve(selection.unknown, size, workshop)
        called = {
            found.name: labels[text] for text, found in zip(selection.unknown, resolved, strict=True) if text in labels
        }
        for text, (name, shape, usual, model) in zip(selection.unknown, resolved, strict=True):
            statement = stated.get(text)
            fed = shape if statement is None else statement.fed(shape)
            if model is not None and (problem := model.problem_with(fed)):
                raise UsageError(f"network {name!r}: {problem}. The file decides; leave that out.")
            # What a TOML file states without a size belongs to the network's own.
            elsewhere = statement is not None and text == name and shape.size != usual.size
            figures = () if elsewhere else accuracies.get(text, ())
            family = statement.family if statement else "other"
            chosen.append(_Chosen(name, fed, family, figures, called.get(name), model, references.get(text, "")))
        check_images(
            {one.network: one.reference for one in chosen if one.reference},
            {one.network: one.shape for one in chosen},
            workshop,
        )
    requested = [_subject(request, entry, device, values) for entry, values in combinations(request, chosen)]
    if any(runtimes.asked_about(subject.case.runtime, subject.case.precision) for subject in requested):
        workshop.check_precisions(subject.case for subject in requested)
    cases = [
        _with_largest_batch(candidate, workshop) if candidate.case.batch == MAX else candidate
        for candidate in requested
    ]
    distinct: dict[str, Subject] = {}
    for subject in cases:
        distinct.setdefault(subject.case.id, subject)
    return list(distinct.values())


def _subject(request: Request, entry: _Chosen, device: str, values: Mapping[str, Any]) -> Subject:
    """One requested network with one value of each axis.

    Raises:
        UsageError: a model file has another batch than the one that is asked for.
    """
    model = entry.model
    own = (
        {} if model is None else {"weights": WEIGHTS_OF_FILE, "batch": _batch_of(request, entry.network, model, values)}
    )
    case = Case(
        network=entry.network, resolution=entry.shape.height, width=entry.shape.width, channels=entry.shape.channels,
        dtype=entry.shape.dtype, device=device, **{**values, **own},
    )  # fmt: skip
    return Subject(
        case=case,
        accuracy=next(iter(entry.accuracies), None),
        accuracies=entry.accuracies[1:],
        family=entry.family,
        label=entry.label,
        reference=entry.reference,
        finding=None if model is None else _choices_for(request, model, case),
    )


def _batch_of(request: Request, network: str, model: ModelDescription, values: Mapping[str, Any]) -> int:
    """The batch of a model file: the one that it fixes, else the one that is asked for.

    Raises:
        UsageError: it fixes another one.
    """
    asked: int = values["batch"]
    if model.batch in (None, asked):
        return asked
    if request.batches:
        raise UsageError(
            f"--batch {batch_word(asked)}: the batch of {network!r} is fixed at {model.batch}. Ask for that one, leave "
            "--batch out, or export the model with an open batch."
        )
    assert model.batch is not None
    return model.batch


def _choices_for(request: Request, model: ModelDescription, case: Case) -> Finding | None:
    """The finding that says what was chosen for a model file, where the request leaves it open; else None."""
    file, _ = file_of(case.network)
    choices = [] if request.runtimes else [f"in {case.runtime}, which runs such files unless --runtime names another"]
    if model.batch is not None and not request.batches:
        choices.append(f"at batch {model.batch}, which it fixes")
    if not choices:
        return None
    message = f"{file} is timed as it is, with its own weights: {', and '.join(choices)}."
    return Finding(kind="model-file", message=message, case=case.id)


def check_model_files(request: Request, device: str, names: Iterable[str]) -> None:
    """Refuse what cannot be done with model files, which are timed as they are; nothing of them is read.

    Raises:
        UsageError: naming the option, and what the file can do.
    """
    for name in names:
        kind = kind_of(entries.parse(name)[0])
        if kind is None:
            continue
        file = file_of(entries.parse(name)[0])[0]
        able = runtimes.of_model_files(kind)
        if others := [runtime for runtime in request.runtimes if runtime not in able]:
            raise UsageError(
                f"{file[:80]!r} runs in {' and '.join(able)}, not in {others[0]}. Name what runs it with --runtime, or "
                "leave that out."
            )
        if device != "cpu":
            raise UsageError(f"--device {device}: a model file such as {file[:80]!r} runs on the processor alone.")
        if others := [form for form in request.forms if form != SHIPPED]:
            raise UsageError(f"--form {others[0]}: {file[:80]!r} is timed as it is. Leave --form out.")
        for runtime in request.runtimes or (runtimes.natural(kind),):
            others = [format_ for format_ in request.precisions if format_ != usual("precision")]
            if others and not runtimes.facts(runtime).converts_files:
                raise UsageError(
                    f"--precision {others[0]}: {runtime} runs {file[:80]!r} in the numbers that are in the file. Leave "
                    "--precision out, and convert the file if it is to have others."
                )


def figures_and_labels(
    request: Request, unknown: Sequence[str], stated: Mapping[str, user_networks.Stated]
) -> tuple[dict[str, tuple[Accuracy, ...]], dict[str, str | None]]:
    """Accuracies and labels of the networks outside the catalog, by their name as it was given.

    Raises:
        UsageError: what is stated belongs to no network, or two networks have one label.
    """
    accuracies = {text: statement.accuracies for text, statement in stated.items()}
    if request.accuracy is not None:
        figure = user_networks.one_accuracy(
            request.accuracy, unknown, (statement for text, statement in stated.items() if text in unknown),
            dataset=request.dataset, images=request.images, classes=request.classes,
        )  # fmt: skip
        accuracies = dict.fromkeys(unknown, (figure,))
    elif alone := [name for name in ("dataset", "images", "classes") if getattr(request, name) not in ("", None)]:
        raise UsageError(f"--{alone[0]} is about the set of an --accuracy, and none is given. Add it, or leave it out.")
    labels = {text: statement.label for text, statement in stated.items()}
    if request.label:
        labels |= dict.fromkeys(unknown, user_networks.one_label(request.label, unknown, stated.values()))
    owners: dict[str, str] = {}
    for text, label in labels.items():
        name = entries.parse(text)[0]
        if label and owners.setdefault(label, name) != name:
            raise UsageError(f"label {label!r} is given to {owners[label][:80]!r} and {name[:80]!r}. Tell them apart.")
    return accuracies, labels


def _add_to_catalog(
    scored: dict[tuple[str, str], tuple[Accuracy, ...]], stated: Mapping[str, user_networks.Stated]
) -> None:
    """What TOML files state of networks of the catalog: accuracies on other sets than the published one.

    Raises:
        UsageError: an accuracy is published on that set.
    """
    usual = {entry.name: entry.size for entry in entries.entries()}
    for text, statement in stated.items():
        key = _name_and_size(text, usual)
        for accuracy in statement.accuracies if key in scored else ():
            figures = {set_of(figure).key: figure for figure in scored[key]}
            published = figures.get(set_of(accuracy).key)
            if published is not None:
                raise UsageError(
                    f"{'@'.join(key)} has a top-1 of {published.top1:g} on {set_of(published).words} "
                    f"({published.source}), and {accuracy.top1:g} is stated, too. State the dataset that it was scored "
                    "on, with images and classes."
                )
            scored[key] = (*scored[key], accuracy)


def _with_largest_batch(subject: Subject, workshop: Workshop) -> Subject:
    """The case with the largest batch that fits in memory, with a finding that says so.

    Raises:
        UsageError: not even one image fits.
    """
    case = subject.case
    search = workshop.fitting(msgspec.structs.replace(case, batch=1))
    if not search.batch:
        raise UsageError(f"--batch max: {case.network} on {case.device} does not run with one image: {search.why}.")
    if not search.memory_ended_it:
        raise UsageError(
            f"--batch max: {case.network} on {case.device} fails at batch {search.too_large} for another reason than "
            f"its memory: {search.why}. Name batches."
        )
    end = f"{search.too_large} does not: {search.why}" if search.too_large else "more was not tried"
    message = (
        f"the largest batch of {case.network} ({case.runtime}, {case.precision}) that fits is {search.batch}; {end}."
    )
    fitted = msgspec.structs.replace(case, batch=search.batch)
    return subject._replace(case=fitted, finding=Finding(kind="batch-max", message=message, case=fitted.id))


def singles(patterns: Sequence[str]) -> dict[str, user_networks.Stated | None]:
    """Names of single networks, with what a TOML file states of each: groups, globs and files are expanded.

    Nothing is looked up outside the catalog, and nothing is executed.

    Raises:
        UsageError: a pattern is malformed, a glob matches nothing, a file is missing, or nothing was named.
    """
    names, stated = user_networks.expand(patterns)
    selection = entries.select(names)
    usual = {entry.name: entry.size for entry in entries.entries()}
    names_of_catalog = (
        entry.name if entry.size == usual[entry.name] else f"{entry.name}@{entry.size}" for entry in selection.entries
    )
    by_size = {_name_and_size(text, usual): statement for text, statement in stated.items()}
    return {name: by_size.get(_name_and_size(name, usual)) for name in (*names_of_catalog, *selection.unknown)}


def look_up(request: Request) -> None:
    """Refuse networks that neither the catalog nor a library here knows.

    Libraries are asked in a process of its own, if there is such a name at all; files and functions of the user's are
    not executed.

    Raises:
        UsageError: naming the first such network, and the nearest one.
    """
    names = entries.select(user_networks.expand(request.networks)[0]).unknown
    of_libraries = [name for name in names if ":" not in name and kind_of(entries.parse(name)[0]) is None]
    if of_libraries:
        with workshop_of(request) as workshop:
            _resolve(of_libraries, None, workshop)


def _name_and_size(text: str, usual: Mapping[str, str]) -> tuple[str, str]:
    """A name and its size: the one written behind it, else the catalog's, else empty."""
    name, size = entries.parse(text)
    return name, ImageShape(3, *size).size if size else usual.get(name, "")


def _check_numbers(option: str, values: Sequence[int], largest: int) -> None:
    for value in values:
        if type(value) is not int or not 1 <= value <= largest:
            raise UsageError(f"{option} {value}: give a whole number from 1 to {largest}.")


def _size(request: Request) -> tuple[int, int] | None:
    """Height and width that all networks are asked for at.

    Raises:
        UsageError: they are not numbers of pixels.
    """
    pixels = request.resolution
    size = None if pixels is None else parse_size(pixels)
    if pixels is not None and size is None:
        raise UsageError(
            f"--resolution {str(pixels)[:80]}: give a whole number from 1 to {LARGEST_RESOLUTION}, or height x width, "
            "such as 192x256."
        )
    return size


class _Found(NamedTuple):
    """A network outside the catalog that was found."""

    name: str
    shape: ImageShape
    """The images that it is asked for with."""
    usual: ImageShape
    """The images that it is meant for."""
    model: ModelDescription | None
    """What a model file says of itself."""


def _resolve(names: Sequence[str], size: tuple[int, int] | None, workshop: Workshop) -> list[_Found]:
    """What is known of each of these names of timm's or the user's.

    Raises:
        UsageError: one cannot be built or read, with the reason.
    """
    parsed = [entries.parse(name) for name in names]
    for name, _ in parsed:
        if name in (*YARDSTICKS, NULL):
            raise UsageError(f"{name!r} is the instrument's own and is timed in every session. Leave it out.")
        if is_twin(name):
            beside = command_line("aa", "--networks", original(name))
            raise UsageError(f"{name!r} is the name of a twin. To time a network beside its twin: {beside}")
    try:
        resolution = workshop.resolve(dict.fromkeys(name for name, _ in parsed))
    except SeatLostError as error:
        raise UsageError(f"cannot look up {', '.join(names)}: {error}.") from error
    for name, why in resolution.missing.items():
        # A name that no library knows may be one of an installed package that fails to load.
        is_explained = ":" in name or why.startswith(_EXPLAINED)
        raise UsageError(why if is_explained else entries.suggest(name, resolution.known))
    sized = [(name, own_size or size, resolution.shapes[name]) for name, own_size in parsed]
    return [
        _Found(name, shape._replace(height=at[0], width=at[1]) if at else shape, shape, resolution.models.get(name))
        for name, at, shape in sized
    ]
