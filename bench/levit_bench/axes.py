"""The axes of a case, each written down once: what it is called, what it holds, and what goes without saying.

An axis is a field of `levit_bench.records.Case`. Options of the command line, arguments of Python, the mark and options
of pytest, names and settings of cases, and columns of tables and files derive from `AXES`, or a test holds them equal
to it. Refuses to know what an axis does to a measurement: whoever acts on it does.

`docs/decisions/0012-an-axis-has-one-home.md` says how an axis is added and which values go without saying.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from enum import StrEnum
from typing import Any, NamedTuple


class AxisKind(StrEnum):
    """What values of an axis are, which decides how every door reads them."""

    NUMBERS = "numbers"
    """Whole numbers from 1, one or several."""
    BATCHES = "batches"
    """The same, with `max` and ranges of powers of two."""
    NAMES = "names"
    """Names, one or several: the cases of two of them in one session can be compared with each other."""
    NAME = "name"
    """One name for all cases of a request."""
    SIZE = "size"
    """Height and width in pixels; one for all cases of a request, or each network's own."""
    OWN = "own"
    """What follows from the network: nobody asks for it."""


class Shown(StrEnum):
    """Where a usual value is shown; an unusual one is shown everywhere."""

    ALWAYS = "always"
    """In the name of a case and in a heading."""
    IN_HEADINGS = "in headings"
    """In a heading, which may be read alone, on a picture or a page; not in the name of a case among others."""
    NOWHERE = "nowhere"
    """Nowhere: it goes without saying."""


class Axis(NamedTuple):
    """One field of a case."""

    name: str
    """The field of a case; with hyphens for underscores the option, the same in the mark and in Python."""
    kind: AxisKind
    usual: Any
    """What a case has unless asked otherwise. Every case states its network and resolution: there, a stand-in."""
    help: str = ""
    """For the options of the command line and of pytest; empty where nobody asks for it."""
    metavar: str = ""
    """What stands for its value there."""
    plural: str = ""
    """The field of a request that holds several values."""
    usual_words: str = ""
    """What an option says of the usual value where it depends on the machine or on the network."""
    unit: str = ""
    """What is counted; empty for names."""
    largest: int | None = None
    """Of whole numbers, the largest that is taken for meant."""
    shown: Shown = Shown.NOWHERE
    short: str = "{}"
    """How the name of a case says a value."""
    short_usual: str = ""
    """How it says the usual value, which it does where cases beside it have others; empty: as any other."""
    noun: str = ""
    """The singular after a number, where people say `4 threads` and not `threads 4`."""
    setting: bool = True
    """Whether two latencies with different values are of two settings, which only ratios to a reference in the same
    setting join. False for what says which network it is, and what it is fed."""
    rank: int = 99
    """Headings and columns of a setting go from the machine to the network: lower numbers first."""
    per_network: bool = False
    """Whether cases of one network that differ in it alone are listed side by side."""
    process: bool = False
    """Whether worker processes have one value for life: cases with different ones never share a process."""
    part_of: str = ""
    """The axis that it is shown with."""
    since: int = 1
    """Stored format that first had it. An older file lacks it, which means the usual value; so that stored ids stay
    what they are, the usual value does not enter the id of a case where this is not 1."""

    @property
    def option(self) -> str:
        """Its option on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def asked(self) -> bool:
        """Whether a request can ask for it."""
        return self.kind is not AxisKind.OWN

    @property
    def is_numeric(self) -> bool:
        """Whether a request asks for whole numbers of it."""
        return self.kind in (AxisKind.NUMBERS, AxisKind.BATCHES)

    @property
    def several(self) -> tuple[Any, ...]:
        """What a request holds that does not ask for it; empty where that depends on the machine or network."""
        return () if self.usual_words or self.kind is AxisKind.SIZE else (self.usual,)

    @property
    def usual_values(self) -> tuple[Any, ...]:
        """What a case has that no request says anything of, unless it depends on its network."""
        return (self.usual,)

    def word(self, value: object) -> str:
        """A value in the name of a case: `b16`, `t4`, `1 channel`, `bf16`."""
        if self.short_usual and value == self.usual:
            return self.short_usual
        return self.phrase(value) if self.noun and self.short == "{}" else self.short.format(value)

    def phrase(self, value: object) -> str:
        """A value in a sentence: `4 threads`, `batch 16`, `allocator pinned`."""
        if self.noun:
            return f"{value} {self.noun}{'' if str(value) == '1' else 's'}"
        return f"{self.name.replace('_', ' ')} {value}"


_NUMBERS, _NAMES = "N[,N…]", "NAME[,NAME…]"

AXES = (
    Axis("network", AxisKind.OWN, "", shown=Shown.ALWAYS, setting=False),
    Axis(
        "resolution", AxisKind.SIZE, 1,
        metavar="PIXELS", unit="pixels", shown=Shown.ALWAYS, short="{}px", setting=False,
        help="Input size for all networks instead of each one's own: 224, or height x width such as 192x256.",
    ),
    Axis("width", AxisKind.OWN, None, unit="pixels", setting=False, part_of="resolution", since=4),
    Axis("channels", AxisKind.OWN, 3, unit="channels", noun="channel", setting=False, since=4),
    Axis("dtype", AxisKind.OWN, "float32", setting=False, since=4),
    Axis(
        "batch", AxisKind.BATCHES, 1, metavar=_NUMBERS, plural="batches", unit="images a pass", largest=65_536,
        shown=Shown.ALWAYS, short="b{}", rank=4, usual_words="1",
        help="Images a pass; 1..256 are the powers of two, and max is the largest that fits into a GPU. A model file "
        "with a fixed batch has that one.",
    ),
    Axis(
        "threads", AxisKind.NUMBERS, 1, metavar=_NUMBERS, plural="threads", unit="threads", largest=4096,
        shown=Shown.ALWAYS, short="t{}", noun="thread", rank=2, process=True,
        help="Threads of a pass.",
    ),
    Axis(
        "streams", AxisKind.NUMBERS, 1, metavar=_NUMBERS, plural="streams", unit="processes", largest=4096,
        short="s{}", noun="stream", rank=3, process=True, since=3,
        help="Processes that work at once on images of their own, each with its threads bound to processors that no "
        "other stream uses; 'levit-bench scaling' compares them with threads.",
    ),
    Axis(
        "allocator", AxisKind.NAMES, "pinned", metavar=_NAMES, plural="allocators", shown=Shown.ALWAYS, rank=8,
        process=True, usual_words="pinned where it can be had",
        help="shipped, pinned or both: host memory as the C library ships it, or never given back.",
    ),
    Axis(
        "form", AxisKind.NAMES, "shipped", metavar=_NAMES, plural="forms", rank=7, per_network=True,
        short_usual="form shipped",  # The allocator has a value `shipped`, too.
        help="shipped, inference or both: networks as their library builds them, or with BatchNorms and branches "
        "folded into one convolution.",
    ),
    Axis(
        "precision", AxisKind.NAMES, "fp32", metavar=_NAMES, plural="precisions", rank=6, per_network=True,
        process=True, help="fp32, tf32 (GPUs), fp16, bf16 or several: number format of weights and activations.",
    ),
    Axis(
        "runtime", AxisKind.NAMES, "eager", metavar=_NAMES, plural="runtimes", shown=Shown.IN_HEADINGS, rank=5,
        per_network=True, process=True, usual_words="eager",
        help="What executes the networks, one or several: eager, channels-last, torchscript, compile, onnxruntime, "
        "openvino; on a GPU also cuda-graphs. 'levit-bench list --runtimes' says what runs here. A model file is run "
        "by what reads it: model.onnx by onnxruntime.",
    ),
    Axis(
        "device", AxisKind.NAME, "cpu", metavar="NAME", shown=Shown.IN_HEADINGS, rank=1, process=True,
        help="cpu, cuda (an NVIDIA GPU) or mps (an Apple GPU); arm checks that the processor is one of ARM's.",
    ),
    Axis("side", AxisKind.OWN, "", short="side {}", rank=10, process=True, since=5),
    Axis("weights", AxisKind.OWN, "random-calibrated-1", shown=Shown.IN_HEADINGS, short="{} weights", rank=9),
)  # fmt: skip
"""In the order in which the name of a case says them, and the options stand."""

WEIGHTS_OF_FILE = "file"
"""The weights of a model file: its own, which nothing is drawn or calibrated of."""
NO_CHOICE = "n/a"
"""The value of an axis that a machine has no choice of; no request asks for it."""
BY_NAME = {axis.name: axis for axis in AXES}
SAID = tuple(axis for axis in AXES if not axis.part_of)
"""Each value once: height and width are one."""
SETTING = tuple(sorted((axis for axis in AXES if axis.setting), key=lambda axis: axis.rank))
"""What makes a setting, from the machine to the network."""
IMAGES = tuple(axis for axis in SAID if not axis.setting and axis.name != "network")
"""What a network is fed."""
SEVERAL = {axis.name: axis for axis in AXES if axis.plural}
"""Those of which a request holds several values, by name."""
LATER = {axis.name: axis.usual for axis in AXES if axis.since > 1}
"""Those that the first format lacked, with what every case had then."""


def usual(name: str) -> Any:  # noqa: ANN401 (axes have kinds of their own)
    """What a case has unless asked otherwise."""
    return BY_NAME[name].usual


def is_usual(name: str, value: object) -> bool:
    """Whether a value goes without saying among cases; also one that was read back as text."""
    return str(value) == str(BY_NAME[name].usual)


def words(value_of: Callable[[str], object], leave_out: Collection[str] = (), also: Collection[str] = ()) -> list[str]:
    """What the name of a case says after its network: `224px b1 t4 pinned bf16`.

    Args:
        value_of: the value of an axis by its name.
        leave_out: names of axes that are shown elsewhere.
        also: names of axes of which the usual value is said, too: cases beside this one have others.
    """
    wanted = [axis for axis in SAID if axis.name not in ("network", *leave_out)]
    return [
        axis.word(value_of(axis.name))
        for axis in wanted
        if axis.shown is Shown.ALWAYS or axis.name in also or not is_usual(axis.name, value_of(axis.name))
    ]


def varying(values_of: Collection[Callable[[str], object]]) -> list[str]:
    """Names of the axes that a request can ask for, of which several cases have more than one value.

    Args:
        values_of: of each case, the value of an axis by its name.
    """
    return [axis.name for axis in SAID if axis.asked and len({str(value_of(axis.name)) for value_of in values_of}) > 1]


def setting_words(value_of: Callable[[str], Any], leave_out: Collection[str] = ()) -> str:
    """A setting in a sentence, without its network: `cpu, eager, 1 thread, batch 1, allocator pinned`.

    Args:
        value_of: the value of an axis by its name.
        leave_out: names of axes that are shown elsewhere.
    """
    wanted = [axis for axis in SETTING if axis.plural and axis.name not in ("runtime", *leave_out)]
    phrases = [
        axis.phrase(value_of(axis.name))
        for axis in wanted
        if axis.shown is not Shown.NOWHERE or not is_usual(axis.name, value_of(axis.name))
    ]
    return ", ".join([value_of("device"), value_of("runtime"), *phrases])


def unusual(
    value_of: Callable[[str], object], leave_out: Collection[str] = (), also: Collection[str] = ()
) -> list[str]:
    """What of a setting is not as usual, as the name of a case says it; of the axes in `also`, what is usual, too."""
    return [
        axis.word(value_of(axis.name))
        for axis in AXES
        if axis.setting and axis.name not in leave_out
        if axis.name in also or not is_usual(axis.name, value_of(axis.name))
    ]
