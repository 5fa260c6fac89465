"""Reads the CSV files of timm's `results/` folder: published accuracies or inference speeds.

Files are read as timm publishes them; pairing speeds with accuracies is done in `levit_bench.judge.published`.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from levit_bench.catalog.image_sets import IMAGENET, usual
from levit_bench.errors import StoreError, UsageError
from levit_bench.paths.file_kinds import instead_of_file
from levit_bench.paths.text_files import NoTextError, decoded
from levit_bench.records import LARGEST_RESOLUTION, Accuracy, Finding

LARGEST_BYTES = 8 << 20
"""timm's largest file has a tenth of a megabyte."""
LARGEST_BATCH = 1 << 20
VALIDATION = IMAGENET.name
"""The set whose top-1 is drawn."""
ADDRESS = "huggingface/pytorch-image-models, folder results"

_ACCURACY = ("model", "img_size", "top1")
_SPEED = ("model", "infer_img_size", "infer_batch_size")
_SPEEDS = ("infer_samples_per_sec", "infer_step_time")
_PREPARATION = ("crop_pct", "cropt_pct", "interpolation")
"""Columns that distinguish accuracies of one network at one size."""
_DIFFERENCE = "top1_diff"
"""timm adds it to the files of all sets but the validation set, with which it compares them."""
_SETS = (
    (re.compile(r"-real\b"), "ImageNet-ReaL"),
    (re.compile(r"imagenetv2|-inv2\b"), "ImageNet-V2"),
    (re.compile(r"-sketch\b"), "ImageNet-Sketch"),
    (re.compile(r"-imagenet-a\b"), "ImageNet-A"),
    (re.compile(r"-imagenet-r\b"), "ImageNet-R"),
)
"""Patterns that name other sets in a file's name."""
_STATED = ("machine", "conditions")
"""Columns of an imported file that say the same in every line."""
_AGREED = 0.05
"""Largest relative difference of the two speeds of a line, beyond their rounding."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_NAME = re.compile(
    r"benchmark-infer-(?P<precision>[a-z0-9_]+)-(?P<layout>nchw|nhwc)-(?P<torch>pt[0-9]+)-(?P<backend>cu[0-9]+|cpu)"
    r"-(?P<machine>[A-Za-z0-9_]+)(?P<compiled>-dynamo)?\.csv"
)


class FileNameFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How the speeds of a file were taken, as far as its name says, in the spelling of the name; or its columns, of a
    file that `levit-bench import` wrote.
    """

    precision: str | None = None
    """Number format, such as `amp` or `fp32`."""
    layout: str | None = None
    """Order of the axes in memory: `nchw` or `nhwc`."""
    torch: str | None = None
    """Version of PyTorch without its dots, such as `pt240`."""
    device: str | None = None
    """`cpu`, or the version of CUDA, such as `cu124`."""
    machine: str | None = None
    """Processor or GPU, such as `i9_10940x`."""
    compiled: str | None = None
    """`dynamo` where the name has it."""
    conditions: str | None = None
    """What took the speeds, and when, of an imported file."""

    @property
    def words(self) -> tuple[str, ...]:
        """All values, in the order of the name."""
        parts = (getattr(self, name) for name in FileNameFacts.__struct_fields__)
        return tuple(word for word in parts if word)


class TopOne(msgspec.Struct, frozen=True, kw_only=True):
    """The accuracy of one network at one resolution."""

    model: str
    """timm's name, usually `architecture.tag`."""
    resolution: int
    """Height and width in pixels."""
    accuracy: Accuracy
    """Its source names file and model."""


class PublishedSpeed(msgspec.Struct, frozen=True, kw_only=True):
    """The published speed of one network."""

    model: str
    """timm's name, usually an architecture without a tag."""
    resolution: int
    """Height and width in pixels."""
    batch: int
    """Images in one pass."""
    latency_s: float
    """Seconds a batch; from the throughput where the file leaves it out."""
    throughput: float
    """Images a second; from the latency where the file leaves it out."""
    params: int | None
    """Parameters, as many digits of the millions as the file prints."""
    macs: int | None
    """Multiply-accumulates of one image, likewise."""


class PublishedFile(msgspec.Struct, frozen=True, kw_only=True):
    """The content of one file: accuracies or speeds, never both."""

    name: str
    """Without its folder."""
    dataset: str | None = None
    """Set of the accuracies, as far as name and header say; absent for speeds."""
    accuracies: tuple[TopOne, ...] = ()
    """In the file's order, each network and resolution once."""
    speeds: tuple[PublishedSpeed, ...] = ()
    """In the file's order, each network, resolution and batch once."""
    name_facts: FileNameFacts = FileNameFacts()
    """How the speeds were taken, by its name."""
    findings: tuple[Finding, ...] = ()
    """Lines that could not be read."""


class _BadLineError(Exception):
    """Why a line cannot be read."""


class _Line(NamedTuple):
    number: int
    cells: dict[str, str]


class _First(NamedTuple):
    """The first line of a network and setting, and its figures."""

    line: _Line
    figures: TopOne | PublishedSpeed


def read_all(paths: Sequence[Path]) -> tuple[PublishedFile, ...]:
    """Read several files; one that is named twice counts once.

    Raises:
        UsageError, StoreError: as `read`; or two different files have the same name, by which figures are labelled.
    """
    distinct = list({path.resolve(): path for path in paths}.values())
    names = [path.name for path in distinct]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two published files are called {_quoted(twice)}, and figures carry that name. Rename one.")
    return tuple(read(path) for path in distinct)


def read(path: Path) -> PublishedFile:
    """Read one file, of accuracies or of speeds by its header.

    A line that cannot be read or repeats another one is skipped; a finding says which and why.

    Raises:
        UsageError: the file does not exist, or its header is neither of accuracies nor of inference speeds.
        StoreError: it cannot be read, is empty, too large or not text, has no readable line, or two lines contradict.
    """
    lines = _text(path).split("\n")
    where = _place(path)
    try:
        header = [cell.strip() for cell in _cells(lines[0])]
    except _BadLineError as bad:
        raise UsageError(f"{where}:1: {bad}. Name a CSV file of timm's results ({ADDRESS}).") from bad
    # Spreadsheets leave columns without a name behind.
    names = [name for name in header if name]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(
            f"{where}:1: the column {_quoted(twice)} is named twice in the header. Delete one, or name a file as timm "
            "publishes it."
        )
    kind = _kind(header, where)
    dataset = _dataset(path.name, header) if kind == "accuracy" else None
    stated: dict[str, set[str]] = {name: set() for name in _STATED if name in header}
    accuracies: dict[tuple[str, int], TopOne] = {}
    speeds: dict[tuple[str, int, int], PublishedSpeed] = {}
    first_lines: dict[object, _First] = {}
    bad_lines: list[str] = []
    for number, text in enumerate(lines[1:], start=2):
        if not text.strip():
            continue
        try:
            line = _line(number, text, header)
            if dataset is not None:
                top = _top_one(line, path.name, dataset)
                _keep_first(first_lines, (top.model, top.resolution), _First(line, top), where)
                accuracies[top.model, top.resolution] = top
            else:
                speed = _speed(line)
                _keep_first(first_lines, (speed.model, speed.resolution, speed.batch), _First(line, speed), where)
                _require_one_speed(line, speed)
                speeds[speed.model, speed.resolution, speed.batch] = speed
                for name, cells in stated.items():
                    cells.add(line.cells[name])
        except _BadLineError as bad:
            bad_lines.append(f"{where}:{number}: {bad}")
    readable = len(accuracies) + len(speeds)
    if not readable:
        reason = f" {bad_lines[0]}." if bad_lines else " It has a header alone."
        raise StoreError(f"{where} holds no line that can be read.{reason} Name another file, or fetch it again.")
    return PublishedFile(
        name=path.name,
        dataset=dataset,
        accuracies=tuple(accuracies.values()),
        speeds=tuple(speeds.values()),
        name_facts=_facts(path.name, stated),
        findings=_bad_lines(bad_lines, readable),
    )


def facts_in_name(name: str) -> FileNameFacts:
    """How the speeds of a file were taken, by its name where timm's pattern fits; other names give no facts."""
    match = _NAME.fullmatch(name)
    if match is None:
        return FileNameFacts()
    return FileNameFacts(
        precision=match["precision"], layout=match["layout"], torch=match["torch"], device=match["backend"],
        machine=match["machine"], compiled="dynamo" if match["compiled"] else None,
    )  # fmt: skip


def _facts(name: str, stated: Mapping[str, set[str]]) -> FileNameFacts:
    """What a file's name says; what its columns say instead, where all its lines say the same."""
    said = {field: next(iter(cells)) for field, cells in stated.items() if len(cells) == 1}
    return msgspec.structs.replace(facts_in_name(name), **{field: cell for field, cell in said.items() if cell})


def architecture(model: str) -> str:
    """The name without the tag of its weights."""
    return model.partition(".")[0]


def _text(path: Path) -> str:
    where = _place(path)
    try:
        instead = instead_of_file(path)
        if instead is None:
            raise UsageError(f"there is no file {_quoted(str(path))}. Name a CSV file of timm's results ({ADDRESS}).")
        if instead:
            raise UsageError(f"{_quoted(str(path))} is {instead}. Name a CSV file of timm's results ({ADDRESS}).")
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            raise StoreError(
                f"{where} has {size / (1 << 20):.0f} MiB, and timm's results less than one. Name one of those."
            )
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StoreError(f"cannot read {where}: {reason}. Allow reading it, or name another file.") from error
    try:
        text = decoded(raw)
    except NoTextError as error:
        raise StoreError(f"{where} {error}, or fetch it again.") from error
    if not text.strip():
        raise StoreError(f"{where} is empty. Fetch it again, or name another file.")
    return text


def _kind(header: Sequence[str], where: str) -> str:
    _require_commas(header, where)
    accuracy = set(_ACCURACY) <= set(header)
    speed = set(_SPEED) <= set(header) and bool(set(_SPEEDS) & set(header))
    if accuracy and speed:
        raise UsageError(f"{where} has columns of accuracies and of speeds. Give each kind a file of its own.")
    if accuracy or speed:
        return "accuracy" if accuracy else "speed"
    if any(name.startswith("train_") for name in header):
        raise UsageError(f"{where} holds training speeds. Name timm's benchmark-infer-….csv instead.")
    beginning = ", ".join(_quoted(name) for name in header[:6])
    raise UsageError(
        f"{where} is neither of timm's kinds: accuracies have the columns {', '.join(_ACCURACY)}; inference speeds "
        f"{', '.join(_SPEED)} and {' or '.join(_SPEEDS)}. Its header begins with {beginning}."
    )


def _require_commas(header: Sequence[str], where: str) -> None:
    """Refuse a table whose columns a spreadsheet separated by other signs.

    Raises:
        UsageError: its columns are separated by something else.
    """
    for sign, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        cells = [cell.strip(' "') for text in header for cell in text.split(sign)]
        if len(header) < len(cells) and "model" in cells and "model" not in header:
            raise UsageError(
                f"{where}:1: columns are separated by {name}, and numbers may have decimal commas. Save it with commas "
                "between columns and points in numbers, as timm publishes it. Its header begins with "
                f"{_quoted(header[0])}."
            )


def _dataset(name: str, header: Sequence[str]) -> str:
    for part, dataset in _SETS:
        if part.search(name):
            return dataset
    return "another set than ImageNet-1k validation" if _DIFFERENCE in header else VALIDATION


def _cells(text: str) -> list[str]:
    # A line at a time, so that a quote that is not closed costs its line and not the rest of the file.
    try:
        return next(csv.reader([text.rstrip("\r")], strict=True), [])
    except csv.Error as error:
        raise _BadLineError(f"no line of comma-separated values ({error})") from error


def _line(number: int, text: str, header: Sequence[str]) -> _Line:
    cells = _cells(text)
    if len(cells) != len(header):
        raise _BadLineError(f"{len(cells)} cells, and the header has {len(header)}")
    return _Line(number, {name: cell.strip() for name, cell in zip(header, cells, strict=True)})


def _keep_first(first_lines: dict[object, _First], key: object, entry: _First, where: str) -> None:
    """Keep the first line of a network and setting; of two that contradict each other, either may be right."""
    earlier = first_lines.setdefault(key, entry)
    if earlier is entry:
        return
    first_line, second_line = earlier.line, entry.line
    prepared = [name for name in _PREPARATION if first_line.cells.get(name) != second_line.cells.get(name)]
    if earlier.figures != entry.figures and not prepared:
        names = [name for name, cell in first_line.cells.items() if cell != second_line.cells[name]]
        contradictions = ", ".join(
            f"{name} {_quoted(first_line.cells[name])} and {_quoted(second_line.cells[name])}" for name in names[:3]
        )
        raise StoreError(
            f"{where}: lines {first_line.number} and {second_line.number} contradict each other about "
            f"{_quoted(entry.figures.model)}: {contradictions}. Delete the wrong one, or fetch the file again."
        )
    raise _BadLineError(f"the same network and setting as in line {first_line.number}")


def _top_one(line: _Line, file: str, dataset: str) -> TopOne:
    model = _model(line)
    top1 = _percentage(line, "top1")
    top5 = _percentage(line, "top5") if line.cells.get("top5") else None
    wrong = _percentage(line, "top1_err") if line.cells.get("top1_err") else None
    if (dataset == VALIDATION and 0 < top1 <= 1) or (wrong is not None and 0 < top1 + wrong < 1.01):
        raise _BadLineError(f"top1 {_quoted(line.cells['top1'])} is a fraction, and percent are wanted")
    rounding = _coarseness(line, "top1") + (_coarseness(line, "top1_err") if wrong is not None else 0.0) + 1e-9
    if wrong is not None and abs(top1 + wrong - 100) > rounding:
        raise _BadLineError(
            f"top1 {_quoted(line.cells['top1'])} and top1_err {_quoted(line.cells['top1_err'])} contradict each other: "
            "they do not add up to 100"
        )
    if top5 is not None and top5 < top1:
        raise _BadLineError(
            f"top5 {_quoted(line.cells['top5'])} is below top1 {_quoted(line.cells['top1'])}, which it includes"
        )
    known_set = usual(dataset) or IMAGENET  # The size of any other set does not matter: its accuracies are not used.
    accuracy = Accuracy(
        top1=top1,
        top5=top5,
        dataset=dataset,
        images=known_set.images,
        classes=known_set.classes,
        source=f"{file}, {model}",
    )
    return TopOne(model=model, resolution=_whole_number(line, "img_size", LARGEST_RESOLUTION), accuracy=accuracy)


def _speed(line: _Line) -> PublishedSpeed:
    model = _model(line)
    batch = _whole_number(line, "infer_batch_size", LARGEST_BATCH)
    rate = _optional(line, "infer_samples_per_sec", "a positive number", _is_speed)
    step_ms = _optional(line, "infer_step_time", "a positive number", _is_speed)
    if rate is None and step_ms is None:
        raise _BadLineError(f"neither {' nor '.join(_SPEEDS)} is given")
    latency_s = step_ms / 1e3 if step_ms is not None else batch / rate if rate is not None else math.nan
    return PublishedSpeed(
        model=model,
        resolution=_whole_number(line, "infer_img_size", LARGEST_RESOLUTION),
        batch=batch,
        latency_s=latency_s,
        throughput=rate if rate is not None else batch / latency_s,
        params=_count(line, "param_count", 1e6),
        macs=_count(line, "infer_gmacs", 1e9),
    )


def _require_one_speed(line: _Line, speed: PublishedSpeed) -> None:
    """Refuse a line whose two speeds disagree. Both are rounded; beyond that timm's agree to a hundredth.

    Raises:
        _BadLineError: naming both.
    """
    rate, step = (line.cells.get(column, "") for column in _SPEEDS)
    if not rate or not step:
        return
    slack = _coarseness(line, _SPEEDS[0]) / speed.throughput + _coarseness(line, _SPEEDS[1]) / (speed.latency_s * 1e3)
    if abs(speed.throughput * speed.latency_s / speed.batch - 1) > _AGREED + slack:
        raise _BadLineError(
            f"{_SPEEDS[0]} {_quoted(rate)} and {_SPEEDS[1]} {_quoted(step)} contradict each other: a batch of "
            f"{speed.batch} in {speed.latency_s * 1e3:g} ms is {speed.batch / speed.latency_s:.6g} images a second"
        )


def _model(line: _Line) -> str:
    if not line.cells["model"]:
        raise _BadLineError("no model is named")
    return line.cells["model"]


def _percentage(line: _Line, column: str) -> float:
    """A cell in percent, with or without the sign."""
    return _number(line, column, "a percentage", lambda value: 0 <= value <= 100, sign="%")


def _coarseness(line: _Line, column: str) -> float:
    """Half a unit of the last digit of a printed number: by how much rounding may have moved it."""
    digits, _, exponent = line.cells[column].removesuffix("%").strip().lower().partition("e")
    return 0.5 * float(f"1e{exponent or 0}") * 10.0 ** -len(digits.partition(".")[2])


def _number(line: _Line, column: str, expected: str, fits: Callable[[float], bool], *, sign: str = "") -> float:
    cell = line.cells[column]
    bare = cell.removesuffix(sign).rstrip() if sign else cell
    match = _NUMBER.fullmatch(bare) if bare else None
    try:
        value = float(bare.replace(",", "")) if match else math.nan
    except ValueError:  # a point alone
        value = math.nan
    if "," in cell and "." not in cell:
        raise _BadLineError(f"{column} {_quoted(cell)} has a comma: write a decimal point, and no sign for thousands")
    if not fits(value):
        raise _BadLineError(f"{column} {_quoted(cell)} is not {expected}" if cell else f"{column} is not given")
    return value


def _optional(line: _Line, column: str, expected: str, fits: Callable[[float], bool]) -> float | None:
    return _number(line, column, expected, fits) if line.cells.get(column) else None


def _is_speed(value: float) -> bool:
    """Whether it is positive, and neither it nor its inverse overflows."""
    return 1e-9 <= value <= 1e12


def _whole_number(line: _Line, column: str, largest: int) -> int:
    expected = f"a whole number from 1 to {largest}"
    return int(_number(line, column, expected, lambda value: 1 <= value <= largest and value == int(value)))


def _count(line: _Line, column: str, unit: float) -> int | None:
    value = _optional(line, column, "a number from 0", lambda value: 0 <= value < 1e9)
    return None if value is None else round(value * unit)


def _bad_lines(bad: Sequence[str], readable: int) -> tuple[Finding, ...]:
    if not bad:
        return ()
    more = f" So {'was' if len(bad) == 2 else 'were'} {len(bad) - 1} more." if len(bad) > 1 else ""
    lines_were = "line was" if readable == 1 else "lines were"
    message = f"{bad[0]}; the line was skipped.{more} The other {readable} {lines_were} read."
    return (Finding(kind="published-line", message=message),)


def _place(path: Path) -> str:
    """A file's name as a message begins with it: not quoted, escapes made visible, cut when long."""
    return _quoted(path.name)[1:-1]


def _quoted(text: str) -> str:
    """Text of a file fit for a message: quoted, escapes made visible, cut when long."""
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
