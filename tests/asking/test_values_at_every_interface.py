"""One value, one meaning: Python, the mark, pytest's options and the command line read it alike or refuse it alike."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint
from typing import Any, NamedTuple, NoReturn

import click
import levit_bench
import numpy as np
import pytest
from levit_bench.asking.request import Request, check, figures_and_labels, protocol_of
from levit_bench.asking.session_options import BY_NAME, OF_A_NETWORK, OptionKind
from levit_bench.axes import AXES, SEVERAL, AxisKind
from levit_bench.catalog import entries
from levit_bench.cli.options import request_from
from levit_bench.cli.verbs import run
from levit_bench.errors import UsageError
from levit_bench.measuring import devices, extensions
from levit_bench.measuring.workers.process_environment import ALLOCATORS, default_allocator, has_glibc
from levit_bench.pytest_plugin import NotAskedError, declare, options

NETWORK = "my_package:build"
OF_THE_MARK = {axis.name for axis in AXES if axis.asked} | {option.name for option in OF_A_NETWORK}
OF_PYTEST = ({axis.name for axis in AXES if axis.asked} | BY_NAME.keys()) - {option.name for option in OF_A_NETWORK}


class _CapturedError(Exception):
    """Carries a request out of `levit_bench.measure`."""

    def __init__(self, request: Request) -> None:
        self.request = request


def _checked(request: Request) -> Request:
    """The request, checked as before a session, but for what only a worker process can know of its networks."""
    check(request)
    protocol_of(request)
    figures_and_labels(request, entries.select(request.networks).unknown, {})
    return request


def _value(request: Request, name: str) -> object:
    value = getattr(request, SEVERAL[name].plural if name in SEVERAL else name)
    return value or (default_allocator(),) if name == "allocator" else value


def _python(name: str, value: object) -> object:
    with pytest.raises(_CapturedError) as captured:
        levit_bench.measure(NETWORK, **{name: value})  # type: ignore[arg-type]
    return _value(_checked(captured.value.request), name)


def _mark(name: str, value: object) -> object:
    cases = declare([NETWORK], {name: value}, {})
    if name in SEVERAL:
        return tuple(getattr(case.request, SEVERAL[name].plural)[0] for case in cases)
    (case,) = cases
    return _value(case.request, name)


def _option_of_pytest(name: str, text: str) -> object:
    return _value(Request(**{"networks": (NETWORK,), **options({name.replace("_", "-"): text})}), name)


def _command_line(name: str, text: str) -> object:
    words = ["--networks", NETWORK, f"--{name.replace('_', '-')}", text]
    try:
        given = run.command.make_context("run", words).params
    except click.ClickException as error:
        raise UsageError(error.format_message()) from error
    for parameter in ("root", "resume", "title", "as_json"):
        del given[parameter]
    return _value(_checked(request_from(given)), name)


@pytest.fixture(autouse=True)
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    def instead(request: Request, *_: object, **__: object) -> NoReturn:
        raise _CapturedError(request)

    monkeypatch.setattr("levit_bench.api.measure_request", instead)


class Row(NamedTuple):
    """A value, and what every interface that can express it makes of it."""

    name: str
    value: object
    """As Python and the mark are given it."""
    text: str | None
    """As options are given it; None where a shell cannot say it."""
    expected: object
    """The value in a request, or the end of a message that refuses it, as a `Refused`."""


class Refused(NamedTuple):
    """What every refusal holds, whatever it calls the argument."""

    core: str


WHOLE, ONE, TEXT = Refused("True: give whole numbers."), Refused("give one whole number."), Refused("give a text.")
NO_SET = Refused("is about the set of an --accuracy, and none is given.")
TABLE = [
    Row("batch", 2, "2", (2,)),
    Row("batch", np.int64(2), None, (2,)),
    Row("batch", np.array([1, 2]), None, (1, 2)),
    Row("batch", np.array(2), None, (2,)),
    Row("batch", "1,16", "1,16", (1, 16)),
    Row("batch", [1, 16], "1,16", (1, 16)),
    Row("batch", (1, 16, 1), "1,16,1", (1, 16)),
    Row("batch", "1..4", "1..4", (1, 2, 4)),
    Row("batch", ["1..4", 16], "1..4,16", (1, 2, 4, 16)),
    Row("batch", "max", "max", Refused("--batch max is the largest batch that fits into a GPU's memory")),
    Row("batch", [1, "max"], "1,max", Refused("--batch max is the largest batch that fits into a GPU's memory")),
    Row("batch", 0, "0", Refused("--batch 0: give a whole number from 1 to 65536.")),
    Row("batch", -1, "-1", Refused("--batch -1: give a whole number from 1 to 65536.")),
    Row("batch", 65_537, "65537", Refused("--batch 65537: give a whole number from 1 to 65536.")),
    Row("batch", "4..1", "4..1", Refused("--batch 4..1: the second number is the smaller one.")),
    Row("batch", "many", "many", Refused("--batch: invalid list of batches 'many'.")),
    Row("batch", True, None, WHOLE),
    Row("batch", [1, True], None, WHOLE),
    Row("batch", 1.5, None, Refused("1.5: give whole numbers.")),
    Row("batch", [], None, Refused("--batch names nothing. Leave it out, or give a value, such as 1.")),
    Row("threads", "1,2", "1,2", (1, 2)),
    Row("threads", ["1", 2], "1,2", (1, 2)),
    Row("threads", (np.int32(2), 1), "2,1", (2, 1)),
    Row("threads", "two", "two", Refused("--threads: invalid list of whole numbers 'two'.")),
    Row("threads", 0, "0", Refused("--threads 0: give a whole number from 1 to 4096.")),
    Row("threads", 5000, "5000", Refused("--threads 5000: give a whole number from 1 to 4096.")),
    Row("threads", True, None, WHOLE),
    Row("threads", np.True_, None, Refused("give whole numbers.")),
    Row("threads", [], None, Refused("--threads names nothing. Leave it out, or give a value, such as 1.")),
    Row("streams", "1", "1", (1,)),
    Row("streams", True, None, WHOLE),
    Row("allocator", [], None, (default_allocator(),)),
    Row("allocator", "", "", Refused("--allocator names nothing. Leave it out, or give a value, such as pinned.")),
    Row("allocator", [""], ",", Refused("--allocator names nothing. Leave it out, or give a value, such as pinned.")),
    Row("allocator", "jemalloc", "jemalloc", Refused("unknown allocator 'jemalloc'")),
    Row("allocator", 3, None, Refused("3: give a text, or several.")),
    Row("form", "shipped,inference", "shipped,inference", ("shipped", "inference")),
    Row("form", ["inference"], "inference", ("inference",)),
    Row("form", "", "", Refused("--form names nothing. Leave it out, or give a value, such as shipped.")),
    Row("form", "folded", "folded", Refused("unknown form 'folded'. Choose from shipped, inference.")),
    Row("precision", "fp32, bf16", "fp32, bf16", ("fp32", "bf16")),
    Row("precision", "fp31", "fp31", Refused("unknown precision 'fp31'.")),
    Row("runtime", "eager,torchscript", "eager,torchscript", ("eager", "torchscript")),
    Row("runtime", ("eager", "abacus"), "eager,abacus", Refused("unknown runtime 'abacus'.")),
    Row("device", "cpu", "cpu", "cpu"),
    Row("device", "gpu", "gpu", Refused("unknown device 'gpu'. Choose from cpu, arm, cuda, mps")),
    Row("device", ["cpu"], None, TEXT),
    Row("resolution", (np.int64(96), 128), None, (96, 128)),
    Row("resolution", True, None, Refused("give pixels from 1 to 4096")),
    Row("seed", 3, "3", 3),
    Row("seed", np.int32(3), None, 3),
    Row("seed", "1,2", "1,2", Refused("'1,2': give one whole number.")),
    Row("seed", "x", "x", Refused("'x': give one whole number.")),
    Row("seed", True, None, ONE),
    Row("seed", [3], None, ONE),
    Row("budget", "soon", "soon", Refused("--budget: invalid duration 'soon'.")),
    Row("budget", -1, None, Refused("budget=-1: invalid duration. Give a positive number of seconds")),
    Row("budget", np.float32(90), None, "90.000000s"),
    Row("budget", 1e-9, None, Refused("budget=1e-09: invalid duration. Give a positive number of seconds")),
    Row("budget", float("nan"), None, Refused("budget=nan: invalid duration.")),
    Row("budget", True, None, Refused("budget=True: give a text such as '60s', or a number of seconds.")),
    Row("timeout", "x", "x", Refused("--timeout: invalid duration 'x'.")),
    Row("accuracy", 78.5, "78.5", 78.5),
    Row("accuracy", np.float32(78.5), None, 78.5),
    Row("accuracy", 0.7, "0.7", Refused("--accuracy 0.7: accuracy is given in percent, not as a fraction.")),
    Row("accuracy", "much", "much", Refused("'much': give percent, such as 78.3.")),
    Row("accuracy", True, None, Refused("True: give percent, such as 78.3.")),
    Row("images", 0, "0", NO_SET),
    Row("images", "1,2", "1,2", Refused("'1,2': give one whole number.")),
    Row("images", True, None, ONE),
    Row("classes", 3, "3", NO_SET),
    Row("classes", True, None, ONE),
    Row("dataset", "x", "x", NO_SET),
]  # fmt: skip
if has_glibc():
    TABLE += [
        Row("allocator", "pinned,shipped", "pinned,shipped", ("pinned", "shipped")),
        Row("allocator", list(ALLOCATORS), ",".join(ALLOCATORS), ALLOCATORS),
    ]


def _interfaces(row: Row) -> dict[str, tuple[Callable[[str, Any], object], object]]:
    """The interfaces that can express a value: what reads it, and how it is given."""
    out: dict[str, tuple[Callable[[str, Any], object], object]] = {"Python": (_python, row.value)}
    if row.name in OF_THE_MARK:
        out["mark"] = (_mark, row.value)
    if row.text is not None:
        out["command line"] = (_command_line, row.text)
        if row.name in OF_PYTEST:
            out["pytest"] = (_option_of_pytest, row.text)
    return out


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.name}={row.value!r}")
def test_a_value_is_read_or_refused_alike_at_every_interface(row: Row) -> None:
    for interface, (read, given) in _interfaces(row).items():
        if isinstance(row.expected, Refused):
            with pytest.raises(UsageError) as refused:
                read(row.name, given)
            assert row.expected.core in str(refused.value), interface
            assert str(refused.value).count(f"--{row.name}") <= 1, interface
            assert row.name in str(refused.value), interface
        else:
            assert read(row.name, given) == row.expected, interface


def test_the_table_has_a_value_and_a_refusal_of_every_axis_and_of_every_number() -> None:
    refused = {row.name for row in TABLE if isinstance(row.expected, Refused)}
    wanted = {axis.name for axis in AXES if axis.asked}
    wanted |= {option.name for option in BY_NAME.values() if option.kind in (OptionKind.NUMBER, OptionKind.PERCENT)}
    assert wanted <= refused
    several = {axis.name for axis in SEVERAL.values() if axis.kind is not AxisKind.NAMES}
    assert {row.name for row in TABLE if row.value is True} >= several | {"seed", "accuracy", "classes", "images"}


@pytest.mark.parametrize(
    ("marked", "core"),
    [
        ({"device": "gpu"}, "unknown device 'gpu'"),
        ({"runtime": "abacus"}, "unknown runtime 'abacus'"),
        ({"form": "folded"}, "unknown form 'folded'"),
        ({"precision": "fp31"}, "unknown precision 'fp31'"),
        ({"allocator": "jemalloc"}, "unknown allocator 'jemalloc'"),
        ({"threads": 0}, "--threads 0: give a whole number"),
        ({"form": []}, "--form names nothing"),
        ({"images": 0}, "--images is about the set of an --accuracy"),
    ],
)
def test_a_mistake_in_a_mark_is_none_that_the_command_line_hides(marked: dict[str, Any], core: str) -> None:
    requested = options({
        "device": "cpu", "runtime": "eager", "form": "shipped", "precision": "fp32", "threads": "1",
        "allocator": default_allocator(), "networks": "levit_192",
    })  # fmt: skip
    with pytest.raises(UsageError) as refused:
        declare(["levit_128s"], marked, requested)
    assert core in str(refused.value)


def test_a_device_that_this_machine_lacks_skips_and_one_whose_package_is_broken_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ctypes.util.find_library", lambda _name: None)
    with pytest.raises(NotAskedError, match="needs an NVIDIA GPU"):
        declare([NETWORK], {"device": "cuda"}, {})
    point = EntryPoint("standin", "no_such_module_of_a_device:DEVICE", devices.ENTRY_POINTS)
    monkeypatch.setattr(extensions, "_entry_points", lambda group, _path: [point] if group == point.group else [])
    with pytest.raises(UsageError, match="cannot load 'no_such_module_of_a_device:DEVICE'"):
        declare([NETWORK], {"device": "standin"}, {})


def test_a_mark_that_leaves_the_allocator_to_the_machine_leaves_it_to_the_command_line() -> None:
    (case,) = declare([NETWORK], {"allocator": []}, {"allocators": ("shipped",)} if has_glibc() else {})
    assert case.request.allocators == (("shipped",) if has_glibc() else (default_allocator(),))


def test_the_command_line_may_leave_out_the_network_that_a_mark_states_something_of() -> None:
    marked = {"accuracy": 78.5, "dataset": "my-parts", "images": 500, "label": "Ours"}
    (case,) = declare([NETWORK, "levit_128s"], marked, {"networks": ("levit_128s",)})
    assert (case.request.networks, case.request.accuracy, case.request.label) == (("levit_128s",), None, "")
    both = declare([NETWORK, "levit_128s"], marked, {})
    assert {one.request.networks[0]: one.request.accuracy for one in both} == {NETWORK: 78.5, "levit_128s": None}


def test_a_skipped_test_names_the_largest_batch_as_it_is_written() -> None:
    with pytest.raises(NotAskedError, match="it is about batch 4, and the command line asks for max"):
        declare([NETWORK], {"batch": 4}, {"batches": (-1,)})
