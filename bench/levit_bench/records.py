"""The data types of results: immutable, typed, each field with its unit.

The line types are the file format (`docs/format.md` is checked against them); `Run`, `Record` and `Estimate` are
assembled on reading.

Schema history
    1   first format (session, case, run-start, turn, run-end)
    2   `levit_128s` to `levit_384` mean the suite's own networks; in format 1 they were timm's, and are read as
        `levit_128s.fb_dist_in1k` and so on (`store/migrations.py`)
    3   a case may have `streams`: several seats at work at once, whose passes one turn line holds
    4   a case may have a `width` (its `resolution` is the height then), `channels` and a `dtype` of its images; before,
        images were square, and of a user's network that takes one channel nothing was said. A case may have further
        `accuracies`, a `label` and its `classes`; a session has the `shell` of its workers; every value has a range
    5   a case may have a `side`, a session `sides` and `differences`, or a `revision` of the user's, `dirty` or not
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from operator import index
from typing import Literal, NamedTuple

import msgspec

from levit_bench import axes
from levit_bench.axes import usual
from levit_bench.numbers.ranges import (
    Batch,
    BootSeconds,
    Bytes,
    CaseId,
    Celsius,
    Channels,
    Count,
    Deviation,
    DeviceTimes,
    Difference,
    Few,
    FormatNumber,
    Hertz,
    Images,
    Joules,
    Load,
    LogUnits,
    Name,
    Number,
    Passes,
    PassSeconds,
    Percent,
    Pixels,
    Quota,
    Rate,
    Seconds,
    Seed,
    SessionName,
    Settings,
    Settling,
    Sha256,
    Share,
    Threads,
    UtcTime,
    Versions,
    Watts,
    Words,
)
from levit_bench.paths.model_files import kind_of

SCHEMA = 5

Outcome = Literal["done", "skipped", "failed"]
Role = Literal["subject", "yardstick", "null"]
RunOutcome = Literal["done", "partial"]
SeatMode = Literal["auto", "shared", "alone"]
StartMethod = Literal["fork", "spawn"]
Goal = Literal["budget", "target-error", "race", "gate"]
Verdict = Literal["reached", "short", "member", "beaten", "open", "slower", "faster", "same"]
Dtype = Literal["float32", "uint8", "float16"]
SideName = Literal["", "a", "b", "control"]
"""The two sides of a gate, and the first of them once more; empty outside a gate."""
DifferenceKind = Literal["python", "package", "file", "axis", "networks"]
LARGEST_RESOLUTION = 4096
"""Pixels; a larger input to a classifier is a typing mistake."""
_SIZE = re.compile(r"(?P<height>[0-9]{1,4})(?:x(?P<width>[0-9]{1,4}))?")
MOST_CHANNELS = 64
"""Most channels of an image; sensors have fewer."""


class ImageShape(NamedTuple):
    """Shape and number type of one image, the input of a network."""

    channels: int
    """Channels: 3 are red, green and blue."""
    height: int
    """In pixels."""
    width: int
    """In pixels."""
    dtype: Dtype = usual("dtype")
    """`float32`, normalised as photographs are; `float16`, the same images rounded, of model files alone; or `uint8`,
    from 0 to 255, which the network normalises itself."""

    @classmethod
    def square(cls, pixels: int) -> ImageShape:
        """Colour images of that height and width, as nearly every classifier takes them."""
        return cls(3, pixels, pixels)

    @property
    def size(self) -> str:
        """Height and width as text: `224` where they are equal, else `192x256`."""
        return str(self.height) if self.height == self.width else f"{self.height}x{self.width}"

    @property
    def pixels(self) -> int | str:
        """The same for files of figures: a number where height and width are equal, else text."""
        return self.height if self.height == self.width else self.size

    @property
    def unusual(self) -> list[str]:
        """Channels and number type where they are unusual, in words."""
        values = {"channels": self.channels, "dtype": self.dtype}
        return [axes.BY_NAME[name].word(value) for name, value in values.items() if not axes.is_usual(name, value)]


class _Noun(msgspec.Struct, frozen=True, kw_only=True):
    """A value: compared by content, never changed."""


def parse_size(size: object) -> tuple[int, int] | None:
    """Height and width in pixels of `224`, `"224"`, `"192x256"` or `(192, 256)`; None for any other value,
    and beyond `LARGEST_RESOLUTION`.
    """
    match = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if match is not None:
        size = (int(match["height"]), int(match["width"] or match["height"]))
    sides = tuple(size) if isinstance(size, tuple | list) else (size, size)
    try:
        pixels = [index(side) for side in sides if not isinstance(side, bool)]
    except TypeError:
        return None
    if len(pixels) != 2 or len(sides) != 2 or not all(1 <= side <= LARGEST_RESOLUTION for side in pixels):
        return None
    return pixels[0], pixels[1]


class Case(_Noun, frozen=True, kw_only=True):
    """What is asked: one network in one configuration. Two cases with the same fields are the same case."""

    network: Name
    """Name in the catalog, timm name, `module:function` or `file.py:function#digest` of a builder, or
    `model.onnx#digest` of a model file."""
    weights: Name = usual("weights")
    """Where the weights come from; `random-calibrated-1` is defined in `measuring/preparing/calibration.py`, and `file`
    are those of a model file."""
    form: Name = usual("form")
    """How the network is written: `shipped` as its library builds it, `inference` with its BatchNorms folded."""
    resolution: Pixels
    """Height of the input in pixels, and its width where none is given."""
    width: Pixels | None = usual("width")
    """Width of the input in pixels where it is not its height."""
    channels: Channels = usual("channels")
    """Channels of the images that the network takes."""
    dtype: Dtype = "float32"
    """Number type of the images: `float32`, `float16` of some model files, or `uint8` from 0 to 255, which the network
    normalises itself."""
    batch: Batch = usual("batch")
    """Images in one pass."""
    precision: Name = usual("precision")
    """Number format of weights and activations."""
    runtime: Name = usual("runtime")
    """What executes the network."""
    device: Name = usual("device")
    """Where it is executed."""
    threads: Threads = usual("threads")
    """Intra-operator threads of each stream."""
    allocator: Name = usual("allocator")
    """Host memory allocator: `shipped`, `pinned` (never gives memory back to the system), or `n/a`."""
    streams: Threads = usual("streams")
    """Processes that work at once, each on images and processors of its own; a latency is that of one stream."""
    side: SideName = usual("side")
    """The side of a gate that it belongs to: `a`, what is compared with; `b`, what is judged; `control`, side `a` a
    second time; empty outside a gate."""

    def __post_init__(self) -> None:
        """Normalise: the width of square images is None."""
        if self.width == self.resolution:
            msgspec.structs.force_setattr(self, "width", None)

    @property
    def is_of_user(self) -> bool:
        """Whether the network is the user's: built by `module:function` or `file.py:function`, or a model file."""
        return ":" in self.network or self.is_model_file

    @property
    def is_of_gate(self) -> bool:
        """Whether it is a case of one side of a gate, which is judged against the other side alone."""
        return bool(self.side)

    @property
    def is_model_file(self) -> bool:
        """Whether the network is a model file such as `model.onnx#3f2a91`, which is timed as it is."""
        return kind_of(self.network) is not None

    @property
    def shape(self) -> ImageShape:
        """Shape of its images."""
        width = self.resolution if self.width is None else self.width
        return ImageShape(self.channels, self.resolution, width, self.dtype)

    @property
    def size(self) -> str:
        """Height and width of the input in pixels: `224`, or `192x256` where they differ."""
        return self.shape.size

    def value(self, axis: str) -> int | str:
        """The value of an axis as shown; height and width as one value."""
        return self.size if axis == "resolution" else getattr(self, axis)

    def cell(self, axis: str) -> int | str:
        """The same for files of figures, with numbers kept as numbers."""
        return self.shape.pixels if axis == "resolution" else self.value(axis)

    def words(self, *, leave_out: Collection[str] = (), also: Collection[str] = ()) -> list[str]:
        """The configuration of the network as in a case's name; see `levit_bench.axes.words`."""
        return axes.words(self.value, leave_out, also)

    @property
    def label(self) -> str:
        """The case in a few words, for messages."""
        return " ".join([self.network, *self.words()])

    def shares_its_seat(self, mode: SeatMode) -> bool:
        """Whether cases of the same environment live in one process with this one.

        With `auto`, pinned cases do: they are as fast as alone. With the allocator as shipped, what a neighbour has
        allocated and freed before decides whether a pass takes page faults, so each has a process to itself.
        """
        return mode == "shared" or (mode == "auto" and self.allocator != "shipped")

    def is_kept_apart(self, mode: SeatMode) -> bool:
        """Whether it has a process to itself, though a case that shared its process would be as fast.

        With `auto`, a user's network has, so that what its code does to the process affects no other case.
        """
        return not self.shares_its_seat(mode) or (mode == "auto" and self.is_of_user)

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that depend on every field and on nothing else."""
        fields = msgspec.structs.asdict(self)
        for name, value in axes.LATER.items():  # As before the field existed, so that stored ids stay the same.
            if fields[name] == value:
                del fields[name]
        return hashlib.sha256(msgspec.json.encode(fields, order="sorted")).hexdigest()[:12]


class Protocol(_Noun, frozen=True, kw_only=True):
    """How it is asked. The defaults of the suite follow from docs/decisions/0001."""

    settle_passes: Number
    """Warm-up passes at the start of each turn: stored, and not used in estimates."""
    turn_s: Seconds
    """Aimed length of the timed part of a turn, in seconds; decides the passes a turn."""
    min_passes: Few
    """Fewest timed passes in a turn."""
    max_passes: Few
    """Most timed passes in a turn."""
    runs: Number
    """Planned fresh runs: the units of replication."""
    min_rounds: Number
    """Fewest rounds a run must complete to be planned at all."""
    budget_s: Seconds
    """Seconds that all runs together may take, seat starts included, preparation excluded."""
    timeout_s: Seconds
    """Seconds after which a preparation, or a load with its first pass, is given up; a load after a long preparation
    has more, and turns scale with what was seen."""
    seats: SeatMode = "auto"
    """Which cases share a seat; see `Case.is_kept_apart`."""
    seed: Seed = 0
    """Seed of the weights and the inputs, and, together with the session's name, of the random orders of turns."""
    yardstick: Name = "yardstick-1"
    """Version of the reference network timed in every round."""
    thin: bool = False
    """True when the user asked for less than the smallest honest budget."""
    goal: Goal = "budget"
    """What ends the session: its budget alone, or sooner, at a look, a `target-error`, the `race` for a front, or the
    verdicts of a `gate`."""
    min_effect: Share | None = None
    """Of a gate: slowdowns below this share do not fail it."""
    margin: Share | None = None
    """Of a gate: a case is the same within this share."""
    find: Share | None = None
    """Of a gate: the slowdown that its length was planned by; `budget_s` is then the most that it may take."""
    target_error: LogUnits | None = None
    """Half-width aimed at of the interval of each ratio to the yardstick, in log units (0.01 is 1 %)."""
    witness: bool = False
    """Whether a second instrument times every turn as well: torch's benchmark timer, on as many passes."""
    looks: tuple[Few, ...] = ()
    """Complete runs after which the goal is looked at, declared before the first run; intervals pay for each."""
    bound: bool = False
    """Whether each seat is bound to as many processors as it has threads; streams always are."""
    start_method: StartMethod = "spawn"
    """Whether pinned workers of a run that import the same libraries are forked from one process of that run (`fork`),
    or each worker starts by itself, as in older files (`spawn`)."""


class Machine(_Noun, frozen=True, kw_only=True):
    """The machine that was measured. Holds no host name, user name or path."""

    cpu_model: Name
    """Marketing name as the processor reports it."""
    isa: Name
    """Instruction set of the running process, such as `x86_64` or `aarch64`."""
    features: tuple[Name, ...] = ()
    """Vector extensions that matter for inference, sorted."""
    physical_cores: Threads | None = None
    """Physical cores; absent when the system does not say."""
    logical_cores: Threads
    """Logical processors that the system shows."""
    l2_bytes: Bytes | None = None
    """Second-level cache of one core, in bytes, when known."""
    l3_bytes: Bytes | None = None
    """Last-level cache, in bytes, when known."""
    memory_bytes: Bytes | None = None
    """Main memory in bytes, up to the next usual size (`usual_size`); to whole GiB in older files. Absent when the
    system does not say."""
    gpus: tuple[Name, ...] = ()
    """Names of the GPUs that a session can use, in CUDA's order; empty in sessions of processors alone."""
    rule: FormatNumber = 1
    """How `id` is made: 1, of every field, as in older files; 2, of every field but the GPUs."""

    @property
    def id(self) -> str:
        """Folder name of this machine: a readable slug and six digits that depend on the fields that `rule` names."""
        words = "".join(c if c.isascii() and c.isalnum() else " " for c in self.cpu_model.lower()).split()
        slug = "-".join([w for w in words if w not in {"r", "tm", "cpu", "processor"}][:4])[:40] or "cpu"
        fields = msgspec.structs.asdict(self)
        if fields.pop("rule") != 1:
            fields["gpus"] = ()
        digest = hashlib.sha256(msgspec.json.encode(fields, order="sorted")).hexdigest()[:6]
        return f"{slug}-{self.logical_cores}c-{digest}"

    @property
    def hardware(self) -> Machine:
        """The fields of this machine that affect times on its processor, by which two machines are compared.

        Without GPUs: which are listed depends on installed packages. Memory rounded to a usual size: the amount that
        the system shows changes with its kernel.
        """
        memory = None if self.memory_bytes is None else usual_size(self.memory_bytes)
        return msgspec.structs.replace(self, memory_bytes=memory, gpus=(), rule=2)


def usual_size(size: int) -> int:
    """The smallest usual size of memory that holds so many bytes: a power of two, or one and a half times one.

    A system shows a few percent less than is installed. Up to two percent above a usual size count as that size, so
    that small differences do not change it.
    """
    power = 1 << max(0, size.bit_length() - 1)
    return next(usual for usual in (power, power * 3 // 2, power * 2) if 50 * size <= 51 * usual)


class Shell(_Noun, frozen=True, kw_only=True):
    """What the calling shell gave the workers: environment variables by name. Holds no secret, no name and no path."""

    settings: Settings = {}
    """Those that reach the workers and can change times, with their values: of libraries the file names, and a digest
    in place of what may be a path, a name or a secret. `ld.so.preload` are the libraries that the system loads into
    every process. Part of the setting."""
    passed: tuple[Name, ...] = ()
    """Those that reach the workers and cannot change times, such as `PATH`; empty in older files."""
    dropped: tuple[Name, ...] = ()
    """Those that could have changed times and were kept from the workers; of `LD_PRELOAD`, the file names."""

    @property
    def text(self) -> str:
        """The settings in one line; `plain` without any."""
        return " ".join(f"{name}={value}" for name, value in sorted(self.settings.items())) or "plain"


class CoreKind(_Noun, frozen=True, kw_only=True):
    """Logical processors on cores of one kind."""

    usable: Number
    """Those that may be used."""
    there: Number
    """All of them."""


class Allowance(_Noun, frozen=True, kw_only=True):
    """How much of the machine its processes may use. Anything the system does not tell is absent."""

    processors: Threads | None = None
    """Processors that processes may be placed on, by the affinity or the set of processors they were started with."""
    core_kinds: tuple[CoreKind, ...] = ()
    """Each kind of core, the fastest first; empty where all cores are of one kind, or the system does not say."""
    cpu_quota: Quota | None = None
    """Processors' worth of time that the control groups of the process give it, the smallest of them."""
    memory_bytes: Bytes | None = None
    """Memory that the control groups of the process give it, the smallest limit, in bytes."""

    def text(self, logical_cores: int) -> str:
        """The usable part of so many logical processors, in one line; `all` where no limit is known."""
        usable = logical_cores if self.processors is None else self.processors
        out = [f"quota {self.cpu_quota:g}"] if self.cpu_quota is not None and self.cpu_quota < usable else []
        if any(kind.usable < kind.there for kind in self.core_kinds):
            usable_counts, all_counts = (
                "+".join(str(getattr(kind, n)) for kind in self.core_kinds) for n in ("usable", "there")
            )
            out.append(f"{usable_counts} of {all_counts} processors")
        elif usable < logical_cores:
            out.append(f"{usable} of {logical_cores} processors")
        return " ".join(out) or "all"

    def room(self) -> float | None:
        """Number of processors that can work at once; absent when unknown."""
        return min((limit for limit in (self.processors, self.cpu_quota) if limit is not None), default=None)


class GpuState(_Noun, frozen=True, kw_only=True):
    """A GPU at one moment, as its driver tells. Anything the driver does not tell is absent, never zero."""

    name: Name
    """Product name."""
    driver: Name | None = None
    """Version of the driver."""
    clock_hz: Hertz | None = None
    """Current clock of the multiprocessors, in hertz; low when idle."""
    memory_clock_hz: Hertz | None = None
    """Current clock of the memory, in hertz."""
    temperature_c: Celsius | None = None
    """Temperature in degrees Celsius."""
    power_w: Watts | None = None
    """Power draw in watts."""
    energy_j: Joules | None = None
    """Energy taken since the driver was loaded, in joules."""
    busy: Share | None = None
    """Share of the last moments in which a kernel ran, from 0 to 1."""
    memory_bytes: Bytes | None = None
    """Its memory, in bytes."""
    used_bytes: Bytes | None = None
    """Memory in use by anybody, in bytes."""


class Conditions(_Noun, frozen=True, kw_only=True):
    """In what state the machine was at one moment. Anything the system does not tell is absent, never zero."""

    taken_at: UtcTime
    """UTC time, ISO 8601 to the second."""
    os: Name
    """Kind and release of the operating system's kernel."""
    python: Name
    """Version of the interpreter."""
    versions: Versions = {}
    """Versions of the libraries that matter, by distribution name."""
    libc: Name | None = None
    """C library and its version."""
    governor: Name | None = None
    """Frequency governor of the first processor."""
    clock_hz: Hertz | None = None
    """Current clock of the first processor, in hertz."""
    temperature_c: Celsius | None = None
    """Hottest processor sensor, in degrees Celsius."""
    load_1m: Load | None = None
    """Load average over one minute."""
    steal_s: BootSeconds | None = None
    """Seconds stolen by the hypervisor since boot, all processors."""
    busy_s: BootSeconds | None = None
    """Processor seconds in use since boot, by anybody."""
    own_s: BootSeconds | None = None
    """Processor seconds in use by this suite's processes since it was started: those that ended, too."""
    available_bytes: Bytes | None = None
    """Memory that can be had without swapping, in bytes."""
    memory_bytes: Bytes | None = None
    """Main memory that the system shows, in bytes."""
    allowance: Allowance = Allowance()
    """How much of the machine may be used; says nothing in older files."""
    swap_used_bytes: Bytes | None = None
    """Swap in use, in bytes."""
    huge_pages: Name | None = None
    """Setting of transparent huge pages."""
    on_battery: bool | None = None
    """True when the machine runs from a battery; absent when it has none."""
    gpus: tuple[GpuState, ...] = ()
    """GPUs that CUDA_VISIBLE_DEVICES leaves visible, in CUDA's order; empty also when the package `nvidia-ml-py` is
    missing, through which they are asked."""
    emulated: bool = False
    """True when the process runs under an instruction-set emulator; never enters a speed figure."""
    commit: Name | None = None
    """Revision of this package's source, when it is a git checkout."""
    dirty: bool | None = None
    """True when that checkout had uncommitted changes."""


class Accuracy(_Noun, frozen=True, kw_only=True):
    """How right a network is on a stated set of images."""

    top1: Percent
    """Top-1 accuracy in percent."""
    top5: Percent | None = None
    """Top-5 accuracy in percent, when known."""
    images: Images = 50_000
    """Images in the set."""
    dataset: Name = "ImageNet-1k validation"
    """Name of the set."""
    classes: Few | None = None
    """Classes in the set; absent where nobody says, and in older files."""
    source: Words
    """Who published or measured it."""


class Finding(_Noun, frozen=True, kw_only=True):
    """A doubt or a fact worth knowing, as data."""

    kind: Name
    """Short name, such as `seat-not-idle`; each has a heading in docs/findings.md."""
    message: Words
    """The fact with its number, what it means, what to do next."""
    case: CaseId | None = None
    """Id of the case it is about, if it is about one."""


class Side(_Noun, frozen=True, kw_only=True):
    """One side of a gate: the environment that its cases were measured in."""

    name: SideName
    """`a`, `b` or `control`, as its cases have it."""
    asked: Words
    """What the user named: a revision, requirements, an interpreter, values of axes; or what was chosen for them."""
    revision: Name | None = None
    """Commit of the user's repository whose files its networks were built from; absent outside a repository."""
    dirty: bool | None = None
    """Whether those files had uncommitted changes; absent outside a repository."""
    python: Name
    """Version of its interpreter."""
    versions: Versions = {}
    """Versions of the packages in its environment that times depend on, by distribution name."""


class SideDifference(_Noun, frozen=True, kw_only=True):
    """One thing that differs between the sides of a gate."""

    kind: DifferenceKind
    """What it is: the version of `python`, a `package`, a `file` of the user's, the value of an `axis`, or `networks`
    that one side lacks."""
    name: Name
    """Its name; of a file the path within the user's folder."""
    first: Name | None = None
    """What side `a` has: a version, the first digits of a digest, or a value; absent where it has none."""
    second: Name | None = None
    """What side `b` has."""


class ColdStart(_Noun, frozen=True, kw_only=True):
    """What a case cost before its first timed pass, in one run's fresh process."""

    load_s: Seconds
    """Seconds from the artifact on disk to a network that is ready, its images in place: the first case of a seat
    also waits for its runtime's library, unless the seat was forked from a process that had imported it."""
    first_pass_s: Seconds
    """Seconds of the first pass."""
    grown_bytes: Bytes
    """Resident memory that loading and the first pass added, in bytes, beyond what a neighbour had left free."""
    copy_s: Seconds | None = None
    """Seconds in which one batch of images in fp32 is copied to the device from the processor's memory as it is
    allocated, the median of several; absent where the device reads that memory itself."""
    copy_pinned_s: Seconds | None = None
    """The same from memory that the system may not move, which the device can read by itself."""


class SeatInfo(_Noun, frozen=True, kw_only=True):
    """One worker process of a run, as it described itself when it was ready."""

    seat: Number
    """Number of the seat within its run."""
    runtime: Name
    """Runtime whose cases it holds."""
    threads: Threads
    """Intra-operator threads, read back from the runtime."""
    allocator: Name
    """Allocator setting, verified in the process's environment."""
    device: Name
    """Device of its cases."""
    affinity: tuple[Number, ...] | None = None
    """Processors it may run on; absent where the system does not say."""
    load_s: Seconds
    """Seconds from the start of the process until all its cases were loaded and checked."""
    rss_bytes: Bytes
    """Resident memory when ready, in bytes."""
    peak_bytes: Bytes | None = None
    """Most resident memory until its cases were loaded and had computed twice, in bytes; absent where the system does
    not say, and where a case failed in it."""
    cases: tuple[CaseId, ...]
    """Ids of the cases it holds."""
    versions: Versions = {}
    """Versions and build flags that its runtimes told; empty in older files."""
    malloc: Name | None = None
    """File name of the library whose `malloc` the process was seen to use, such as `libc.so.6`; absent where the system
    does not say, and in older files."""
    forked: bool = False
    """Whether it was forked from a process that had imported its libraries; then that import is part of `load_s`."""


class SessionLine(_Noun, frozen=True, kw_only=True, tag_field="kind", tag="session"):
    """First line of a file: who was asked, and how."""

    schema: FormatNumber = SCHEMA
    """Number of the format; older ones are read, newer ones refused."""
    session: SessionName
    """Name of the session: UTC time of its start and a short suffix."""
    bench: Name
    """Version of this package."""
    machine: Machine
    """The machine that was measured."""
    protocol: Protocol
    """The settings of the measurement."""
    conditions: Conditions
    """The state of the machine at the start."""
    shell: Shell = Shell()
    """What the calling shell gave the workers; says nothing in older files."""
    title: Words | None = None
    """What the session was taken for, in the user's words."""
    findings: tuple[Finding, ...] = ()
    """What was noticed before the first run."""
    sides: tuple[Side, ...] = ()
    """The sides of a gate, `a` first; empty for every other session, and in older files."""
    differences: tuple[SideDifference, ...] = ()
    """What differs between sides `a` and `b`; empty where nothing does."""
    revision: Name | None = None
    """Commit of the user's repository, that of the current folder, whose files networks were built from; absent where
    none was, for gates, whose `sides` have it, and in older files."""
    dirty: bool | None = None
    """Whether those files had uncommitted changes; absent where `revision` is."""


class CaseLine(_Noun, frozen=True, kw_only=True, tag_field="kind", tag="case"):
    """One case of the session and what its preparation found."""

    id: CaseId
    """`Case.id`, by which turns name their case."""
    case: Case
    """What is asked."""
    role: Role = "subject"
    """`yardstick` and `null` are the instrument's own."""
    accuracy: Accuracy | None = None
    """Accuracy paired with the timed resolution, when one is known."""
    accuracies: tuple[Accuracy, ...] = ()
    """Further ones, each on a set of images of its own; empty in older files."""
    family: Name | None = None
    """Family of the network, for colours and groups."""
    label: Name | None = None
    """What figures, tables and files call a network of the user's own; absent: its name, which alone is matched."""
    classes: Few | None = None
    """Classes that the network returns, read off its outputs; absent in older files, and where preparing failed."""
    params: Count | None = None
    """Parameters, counted on the network in its form."""
    macs: Count | None = None
    """Multiply-accumulates of one image, counted on the network as shipped, operator by operator; absent where one of
    its operators is unknown."""
    passes: Few | None = None
    """Timed passes a turn; absent when the preparation failed."""
    probe_s: Seconds | None = None
    """Median pass of the preparation in seconds: plans turns and time-outs, never enters an estimate."""
    distinct_images: Few | None = None
    """Images with answers of their own that its passes are shown; later ones are slightly changed ones of them."""
    matrix_macs_s: Rate | None = None
    """Multiply-accumulates a second of the fastest product of matrices on its device, with its threads and in its
    number format, measured in the rehearsal: what no pass exceeds by much."""
    prepare_s: Seconds | None = None
    """Seconds the preparation took."""
    compile_s: Seconds | None = None
    """Seconds of it in which the runtime made its artifact: traced, exported, compiled or wrote the weights."""
    prepared_at: UtcTime | None = None
    """When an earlier session prepared the artifact, in UTC, which is when `prepare_s` and `compile_s` were taken;
    absent where this session prepared it."""
    artifact_sha256: Sha256 | None = None
    """Digest of the prepared artifact that every run loads."""
    reference: Name | None = None
    """Function whose network the outputs of a model file were compared with, as in `Case.network`; absent where they
    were compared with those of the file alone."""
    reference_sha256: Sha256 | None = None
    """Digest of that network's weights."""
    reference_distance: Deviation | None = None
    """Relative L2 distance of the outputs of the file from those of that network in eager fp32."""
    logits_std: Deviation | None = None
    """Standard deviation of the checked outputs over classes: of order one when calibrated."""
    outputs_apart: Deviation | None = None
    """Relative L2 distance of the outputs of side `b` from those of side `a` for the same images, computed in fp32 when
    both were prepared; on the cases of side `b` and of the control, and absent where one side has none."""
    outputs_allowed: Deviation | None = None
    """The largest such distance that rounding explains."""
    made_by: Versions = {}
    """What brings the case's `runtime`, `device`, `form` or `precision`, by that word: distribution and version, or the
    version alone where the distribution has the same name; without what this suite or torch brings. Part of the
    setting. Empty in older files."""
    outcome: Outcome = "done"
    """What became of the preparation."""
    reason: Words | None = None
    """Why it was skipped or failed."""

    @property
    def called(self) -> str:
        """The name in figures and tables: the user's label, else the network's name."""
        return self.label or self.case.network

    @property
    def scored(self) -> tuple[Accuracy, ...]:
        """Every accuracy that is known of it, the first one first."""
        return self.accuracies if self.accuracy is None else (self.accuracy, *self.accuracies)


class RunStartLine(_Noun, frozen=True, kw_only=True, tag_field="kind", tag="run-start"):
    """A fresh set of seats is ready."""

    run: Number
    """Number of the run within the session, from 0."""
    at_s: Seconds
    """Seconds since the session began, on a monotonic clock, when the first seat was started."""
    seats: tuple[SeatInfo, ...]
    """The seats."""
    conditions: Conditions
    """State of the machine before."""
    resumed: Number = 0
    """How often the session had been resumed when this run began: every resume is a look that intervals pay for. 0 in
    older files, which do not say."""
    cold: dict[CaseId, ColdStart] = {}
    """Cold starts by the id of their case; of several streams, the slowest. Empty in older files."""


class TurnLine(_Noun, frozen=True, kw_only=True, gc=False, tag_field="kind", tag="turn"):
    """One turn of one case: settle passes, then timed passes. The raw evidence."""

    run: Number
    """Run it belongs to."""
    round: Number
    """Round within the run, from 0."""
    position: Number
    """Place of this turn in the round's random order, from 0."""
    case: CaseId
    """Id of the case."""
    seat: Number
    """Seat that took it; of several streams, the first."""
    at_s: Seconds
    """Seconds since the session began when the turn was asked for."""
    settle_s: Settling
    """Durations of the settle passes in seconds, in order."""
    duration_s: Passes
    """Durations of the timed passes in seconds, in order, unrounded; of several streams, one stream after another."""
    minor_faults: Count | None = None
    """Minor page faults during the timed passes, all threads of the seat."""
    major_faults: Count | None = None
    """Major page faults during the timed passes."""
    cpu_s: Seconds | None = None
    """Processor seconds of the seat during the timed passes, all threads."""
    device_s: DeviceTimes = ()
    """Seconds that the device's own clock gives each timed pass, in order; empty when it has none."""
    others_cpu_s: Difference | None = None
    """Processor seconds of the parent and the idle seats during the whole turn."""
    witness_s: PassSeconds | None = None
    """Seconds a pass by the second instrument, the mean of as many passes; in even rounds it went first."""


class Decision(_Noun, frozen=True, kw_only=True):
    """What a look found of one case, once and for all."""

    verdict: Verdict
    """`reached` or `short` of the error aimed at; `member` of the front or `beaten`; `slower`, `faster` or the `same`
    as on the other side of a gate; or `open`: the runs cannot tell."""
    why: Words
    """The numbers behind it, in words."""


class Look(_Noun, frozen=True, kw_only=True):
    """A look at what was measured so far, at a moment declared beforehand."""

    number: Few
    """Which one, from 1."""
    of: Few
    """How many were declared."""
    runs: Number
    """Complete runs behind it."""
    level: Share
    """Confidence that all its decisions are right together."""
    decided: dict[CaseId, Decision] = {}
    """New decisions, by the id of their case."""
    resting: tuple[CaseId, ...] = ()
    """Ids of the cases that get no more turns from now on: nothing undecided needs them."""


class RunEndLine(_Noun, frozen=True, kw_only=True, tag_field="kind", tag="run-end"):
    """A run is over."""

    run: Number
    """Which run."""
    at_s: Seconds
    """Seconds since the session began."""
    conditions: Conditions
    """State of the machine after."""
    outcome: RunOutcome
    """`partial` when a seat was lost or the user interrupted."""
    failed: dict[CaseId, Words] = {}
    """Ids of the cases that failed in this run, with the reason."""
    findings: tuple[Finding, ...] = ()
    """What the engine noticed."""
    look: Look | None = None
    """The look taken after this run, where one was declared."""
    last: bool | None = None
    """Whether the session came to its end with this run: false where another one was to follow, and where it was
    interrupted. Absent in older files."""
    told_cpu_s: Difference | None = None
    """Processor seconds of all seats by their own clocks, up to the end of their last turn."""
    system_cpu_s: Difference | None = None
    """The same by the system's account of these processes after they had ended."""
    peak_bytes: tuple[Bytes | None, ...] = ()
    """Most resident memory of each seat until its last turn, in the order of the seats, in bytes, with the pages that a
    pinned heap is given before the first one; absent where the system does not say, and where a case failed while it
    was loaded. Empty in older files."""


Line = SessionLine | CaseLine | RunStartLine | TurnLine | RunEndLine


class Run(_Noun, frozen=True, kw_only=True):
    """The turns that one case got in one run, assembled on reading."""

    run: int
    """Number of the run within its session."""
    turns: Sequence[TurnLine]
    """In the order they were taken; immutable."""
    yardsticks: tuple[Sequence[TurnLine], ...] = ()
    """Turns of each yardstick with the same device and threads, same run."""
    complete: bool = True
    """False when the run was broken off."""
    before: Conditions | None = None
    """State of the machine when its first seat was started; absent when that line was lost."""
    after: Conditions | None = None
    """State of the machine at its end; absent when it was broken off without one."""
    began_s: float | None = None
    """Seconds since the session began when its first seat was started."""
    ended_s: float | None = None
    """Seconds since the session began at its end."""
    told_cpu_s: float | None = None
    """Processor seconds of all its seats by their own clocks."""
    system_cpu_s: float | None = None
    """The same by the system's account."""
    cold: ColdStart | None = None
    """What the case cost before its first timed pass; absent in older files."""
    seat: SeatInfo | None = None
    """The process that held it, of several streams the first; absent when that line was lost."""
    seat_peak_bytes: int | None = None
    """Most resident memory of that process until its last turn, in bytes; absent in older files."""
    seats_at_once: int | None = None
    """Processes of the run, which all load at the same time; absent when that line was lost."""

    def __repr__(self) -> str:
        """In a line: a failed assertion shows it, and the turns hold thousands of numbers."""
        return f"<Run {self.run}: {len(self.turns)} turns>"


class Record(_Noun, frozen=True, kw_only=True):
    """A case's turns with everything needed to judge them; assembled on reading, never stored."""

    session: str
    """Name of the session."""
    machine: Machine
    """The machine that it was measured on."""
    protocol: Protocol
    """The protocol of the session."""
    conditions: Conditions
    """State at the start of the session."""
    info: CaseLine
    """The case and what its preparation found."""
    runs: tuple[Run, ...]
    """Its runs, in order."""
    outcome: Outcome
    """The outcome of the case."""
    reason: str | None = None
    """Why it was skipped or failed."""
    findings: tuple[Finding, ...] = ()
    """Findings of the engine about it, or about its session."""
    bench: str | None = None
    """Version of this package that measured it."""
    title: str | None = None
    """What its session was taken for, in the user's words."""
    looks: tuple[Look, ...] = ()
    """The looks of its session, in order."""
    is_over: bool = True
    """Whether its session came to its end, as far as its file says; not where it was interrupted or lost its process,
    or is still being measured."""
    resumes: int = 0
    """How often its session was resumed, by its runs; 0 also in older files, which do not say."""
    yardstick_allocator: str | None = None
    """Allocator of its yardsticks: with another allocator, ratios have another unit. Absent where none was timed."""
    shell: Shell = Shell()
    """Environment that the calling shell gave the workers."""
    sides: tuple[Side, ...] = ()
    """The sides of its session, where that is a gate."""
    differences: tuple[SideDifference, ...] = ()
    """What differs between them."""
    revision: str | None = None
    """Commit of the user's repository that networks of its session were built from; absent for gates."""
    dirty: bool | None = None
    """Whether their files had uncommitted changes."""

    def __repr__(self) -> str:
        """In a line, as that of `Run`."""
        return f"<Record {self.case.label!r} of session {self.session}: {self.outcome}, {len(self.runs)} runs>"

    @property
    def case(self) -> Case:
        """The measured case."""
        return self.info.case

    @property
    def yardstick(self) -> str:
        """The yardstick of its ratios: the version, and its allocator where it was not pinned."""
        version = self.protocol.yardstick
        return f"{version} shipped" if self.yardstick_allocator == "shipped" else version

    @property
    def isolation(self) -> Literal["shared", "alone"]:
        """Whether the case shared its process with others, or was as fast as if it had."""
        return "shared" if self.case.shares_its_seat(self.protocol.seats) else "alone"

    @property
    def is_alone(self) -> bool:
        """Whether it had its process to itself."""
        return self.case.is_kept_apart(self.protocol.seats)

    @property
    def affinity(self) -> Literal["system", "bound"]:
        """Whether the system schedules the worker processes, or this suite binds them to processors."""
        return "bound" if self.protocol.bound else "system"

    @property
    def gpu(self) -> str | None:
        """The GPU or accelerator that it ran on, as reported by the worker, or else the first that CUDA shows.

        Absent on processors, and where neither reports one.
        """
        if self.case.device == "cpu":
            return None
        gpu_names = (run.seat.versions.get("gpu") for run in self.runs if run.seat is not None)
        driver = self.machine.gpus if self.case.device == "cuda" else ()
        return next(filter(None, gpu_names), None) or next(iter(driver), None)

    @property
    def runtime_version(self) -> str | None:
        """The package of its runtime, with the version; absent for those of torch itself, and where not recorded."""
        return self.info.made_by.get("runtime") or self.conditions.versions.get(self.case.runtime)

    def as_made(self, axis: str) -> str:
        """The value of that field of its case, and the package that brings it: `pruned (their-forms 1.0)`."""
        value, package = getattr(self.case, axis), self.info.made_by.get(axis)
        return f"{value} ({package})" if package else str(value)

    @property
    def allowance(self) -> str:
        """The part of the machine that its processes might use, in one line."""
        return self.conditions.allowance.text(self.machine.logical_cores)


class Estimate(_Noun, frozen=True, kw_only=True):
    """An estimate with its confidence interval."""

    value: float
    """Point estimate, in the unit that the estimating function states."""
    low: float
    """Lower limit; minus infinity when the data cannot bound it."""
    high: float
    """Upper limit; infinity when the data cannot bound it."""
    level: float
    """Nominal coverage of the interval, between 0 and 1."""
    n: int
    """Units of replication (fresh runs) behind it."""
    method: str
    """Method of the interval."""
    freedom: float | None = None
    """Degrees of freedom of its error on the log scale; absent where the interval is not Student's t."""
    findings: tuple[Finding, ...] = ()
    """Findings about it."""
