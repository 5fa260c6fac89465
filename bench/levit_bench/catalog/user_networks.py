"""Networks of the user's own: finds their files, gives them stored names, and checks what TOML files state of them.

A name leaves here as `module:function`, or as `nets.py:build#3f2a91`: the file by its path below the current folder,
and the beginning of its digest, so that two files of one name, or one file before and after an edit, are two networks.
Arguments stand behind the function: `nets.py:build(width=2)#3f2a91`. A model file is stored as `model.onnx#3f2a91`.
Nothing is executed here.
"""

from __future__ import annotations

import difflib
import hashlib
import math
import os
import re
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from levit_bench.catalog.image_sets import IMAGENET, set_of, usual
from levit_bench.catalog.network_calls import split_names, taken_apart
from levit_bench.errors import UsageError
from levit_bench.paths import model_files
from levit_bench.paths.file_kinds import instead_of_file
from levit_bench.paths.text_files import NoTextError, decoded
from levit_bench.records import LARGEST_RESOLUTION, MOST_CHANNELS, Accuracy, Dtype, ImageShape, parse_size

SOURCE = "the user's own figure"
"""Source of an accuracy that is stated without one."""

_DIGITS = 6  # Of a file's digest: enough to tell apart the versions of one file.
_LONGEST_FILE = 4 << 20
_LONGEST_TEXT = 200
_MODULE = "a Python file that holds the function"
_MODEL = "a model file, such as model.onnx,"
_SEPARATORS = "@,#*?[]"
"""Signs that mean something in a list of names, and cannot stand in the path of a model file."""
_TABLES = "a TOML file that holds tables [[network]]"
LARGEST_SET = 10**9
"""Most images, and most classes, that a set may have."""
LONGEST_LABEL = 60
"""Most characters of a label: more do not fit beside a point of a figure."""
_FILE = re.compile(r"(?P<file>.*\.py)(?::(?P<function>[^#:/]*)(?:#(?P<digest>[0-9a-f]{6}))?)?", re.S)
_SIZED = re.compile(r"(?P<name>.*?)(?:@(?P<size>[^@:/.'\")\]]*))?", re.S)


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """One `[[network]]` of a TOML file: a network, mostly of the user's own, and what the user states of it."""

    build: str | None = None
    """`module:function`, or `file.py:function` with the file relative to the TOML file's folder; literal arguments and
    the choice of an output may follow, as in `nets.py:build(width=2)[0]`."""
    resolution: int | str | None = None
    """Pixels, such as 224 or `"192x256"` (height, width), to which the accuracy belongs. Absent: the function's own."""
    channels: int | None = None
    """Channels of its images. Absent: the function's own, or the file's."""
    dtype: Dtype | None = None
    """Number type of its images, `float32` or `uint8`. Absent: the function's own, or the file's."""
    top1: float | None = None
    """Top-1 in percent."""
    top5: float | None = None
    """Top-5 in percent."""
    images: int | None = None
    """Images that it was scored on. Absent: those of a public set, such as ImageNet-1k validation's 50,000."""
    dataset: str = IMAGENET.name
    """Name of their set."""
    classes: int | None = None
    """Classes of their set. Absent: those of a public set, else unknown."""
    source: str = SOURCE
    """Where the accuracy comes from."""
    family: str = "other"
    """For colours and groups in figures."""
    name: str | None = None
    """Instead of `build`: a network of the catalog or of timm, of which an accuracy on the user's own set is stated."""
    file: str | None = None
    """Instead of `build`: a model file such as `model.onnx`, relative to the TOML file's folder."""
    reference: str | None = None
    """Of a model file: function whose network its outputs are compared with, `file.py:function` relative to the TOML
    file's folder or `module:function`."""
    label: str | None = None
    """What figures, tables and files call a network of the user's own."""
    more: tuple[Accuracy, ...] = ()
    """Accuracies on further sets, which further entries of the same network state."""

    def fed(self, shape: ImageShape) -> ImageShape:
        """Shape of the images: stated values, and those of the function for the rest."""
        return shape._replace(channels=self.channels or shape.channels, dtype=self.dtype or shape.dtype)

    @property
    def accuracy(self) -> Accuracy | None:
        """The stated accuracy, if any; of several entries, the first."""
        if self.top1 is None:
            return None
        return scored(self.top1, self.top5, self.dataset, self.images, self.classes, self.source)

    @property
    def accuracies(self) -> tuple[Accuracy, ...]:
        """All stated accuracies, each on a set of its own."""
        return (*filter(None, (self.accuracy,)), *self.more)

    @property
    def subject(self) -> str:
        """The network, as the entry names it."""
        return self.build or self.file or self.name or ""


_KEYS = tuple(name for name in Stated.__struct_fields__ if name != "more")


def scored(
    top1: float,
    top5: float | None = None,
    dataset: str = IMAGENET.name,
    images: int | None = None,
    classes: int | None = None,
    source: str = SOURCE,
) -> Accuracy:
    """An accuracy on a set; images and classes that are not stated are those that a public set usually has.

    Raises:
        UsageError: the number of images of the set is unknown.
    """
    public_set = usual(dataset)
    if images is None and public_set is None:
        raise UsageError(
            f"{_quoted(dataset)} has how many images? What an accuracy may differ by depends on it: state images, such "
            "as 2000, and best classes, too."
        )
    images = public_set.images if images is None and public_set is not None else images or 0
    if classes is None and public_set is not None and public_set.images == images:
        classes = public_set.classes
    return Accuracy(top1=top1, top5=top5, images=images, dataset=dataset, classes=classes, source=source)


def check_text(value: str, where: str, longest: int) -> None:
    """Refuse text that cannot be shown.

    Raises:
        UsageError: naming the place.
    """
    if not value.isprintable() or not 0 < len(value) <= longest or not value.strip():
        raise UsageError(f"{where}: give 1 to {longest} printable characters, not {_quoted(value)}.")


def expand(names: Iterable[str]) -> tuple[tuple[str, ...], dict[str, Stated]]:
    """Stored names of networks, TOML files expanded, and what the TOML files state by name.

    Args:
        names: as the user wrote them; commas separate as list items do. Names of other kinds are passed on.

    Raises:
        UsageError: a file is missing, lies outside the current folder or is malformed, and what to do.
    """
    out: list[str] = []
    stated: dict[str, Stated] = {}
    for text in (part for name in names for part in split_names(name)):
        if text.lower().endswith(".toml"):
            for name, network in _read_toml(text).items():
                before = stated.get(name, network)
                stated[name] = (
                    network if before == network else _merge(before, network, f"{_quoted(text)}, {_quoted(name)}")
                )
                out.append(name)
        else:
            out.append(_stored_name(text, Path()))
    return tuple(out), stated


def check_percent(value: float, where: str) -> None:
    """Refuse a value that is not an accuracy in percent.

    Raises:
        UsageError: naming the place.
    """
    if not math.isfinite(value) or not 0 <= value <= 100:
        raise UsageError(f"{where} {value:g}: give a percentage from 0 to 100, such as 78.3.")
    if value <= 1:
        raise UsageError(
            f"{where} {value:g}: accuracy is given in percent, not as a fraction. Write {100 * value:g} if that is "
            "meant."
        )


def one_accuracy(
    percent: float,
    names: Sequence[str],
    stated: Iterable[Stated],
    *,
    dataset: str = "",
    images: int | None = None,
    classes: int | None = None,
) -> Accuracy:
    """The accuracy that `--accuracy` states of the one network in `names`, on a set that is ImageNet-1k's unless said.

    Raises:
        UsageError: it is not a percentage, there is not exactly one such network, its accuracy is stated elsewhere, or
            the set is malformed.
    """
    check_percent(percent, "--accuracy")
    if dataset:
        check_text(dataset, "--dataset", _LONGEST_TEXT)
    for option, value in (("--images", images), ("--classes", classes)):
        if value is not None and not 1 <= value <= LARGEST_SET:
            raise UsageError(f"{option} {value}: give a positive number, at most {LARGEST_SET:,}.")
    _check_one(
        names, f"--accuracy {percent:g}", "Name one, such as --networks nets.py:build, or state several accuracies"
    )
    if any(network.top1 is not None for network in stated):
        raise UsageError(f"--accuracy {percent:g}: {_quoted(names[0])} has its top1 in a TOML file. State it once.")
    try:
        return scored(percent, None, dataset or IMAGENET.name, images, classes)
    except UsageError as error:
        raise UsageError(f"--dataset: {error}") from error


def _check_one(names: Sequence[str], option: str, advice: str) -> None:
    if len(names) != 1:
        listing = f"{len(names)} are: {', '.join(map(_quoted, names[:4]))}" if names else "none is"
        raise UsageError(
            f"{option} belongs to one network outside the catalog, and {listing}. {advice} in a TOML file: "
            "docs/add-a-network.md."
        )


def one_label(label: str, names: Sequence[str], stated: Iterable[Stated]) -> str:
    """The label that `--label` gives the one network in `names`.

    Raises:
        UsageError: it cannot be shown, there is not exactly one such network, or a TOML file labels it.
    """
    check_text(label, "--label", LONGEST_LABEL)
    _check_one(names, f"--label {_quoted(label)}", "Name one, or label several")
    if any(network.label is not None for network in stated):
        raise UsageError(f"--label {_quoted(label)}: {_quoted(names[0])} has its label in a TOML file. State it once.")
    return label


def _stored_name(text: str, folder: Path) -> str:
    """A name as it is stored. Files, `file.py:function` and `model.onnx`, are looked up relative to a folder; every
    other name is passed on.

    A call behind a function is written in its canonical form.

    Raises:
        UsageError: the file cannot be named or read, or the call cannot be read.
    """
    sized = _SIZED.fullmatch(text)
    name, size = (sized["name"], sized["size"]) if sized else (text, None)
    target, call = taken_apart(name)
    match = _FILE.fullmatch(target)
    is_model_file = model_files.kind_of(target) is not None
    if match is None and not is_model_file:
        _check_ending(target)
        return f"{target}{call}" + (f"@{size}" if size is not None else "")
    if not text.isprintable():
        raise UsageError(f"invalid file name {_quoted(text)}: it holds characters that cannot be printed. Rename it.")
    pixels = None if size is None else parse_size(size)
    if size is not None and pixels is None:
        raise UsageError(
            f"{_quoted(text)} asks for no usable resolution. Write pixels from 1 to {LARGEST_RESOLUTION} behind "
            "the '@', such as @224, or height x width, such as @192x256."
        )
    behind = f"@{ImageShape(3, *pixels).size}" if pixels else ""
    if match is None:
        return f"{_stored_model(target, folder)}{behind}"
    function = match["function"] or ""
    if not function.isidentifier():
        raise UsageError(
            f"{_quoted(name)} names no function. Write file.py:function, such as {match['file'][-60:]}:build, or with "
            "arguments file.py:function(width=2)."
        )
    file = _below_here(match["file"], folder)
    digest = hashlib.sha256(_bytes(file, f"network {_quoted(name)}", _MODULE)).hexdigest()[:_DIGITS]
    _check_digest(file, match["digest"], digest)
    return f"{file}:{function}{call}#{digest}{behind}"


def _stored_model(name: str, folder: Path) -> str:
    """The name of a model file as it is stored: its path below the current folder, and the beginning of its digest.

    Raises:
        UsageError: it, or another file that belongs to it, cannot be named or read, or it has changed.
    """
    named_file, asked = model_files.file_of(name)
    if signs := [sign for sign in _SEPARATORS if sign in named_file]:
        raise UsageError(
            f"{_quoted(named_file)} holds {signs[0]!r}, which means something else in a list of networks. Rename the "
            "file or its folder."
        )
    file = _below_here(named_file, folder)
    _check_regular(Path(file), f"network {_quoted(file)}", _MODEL)
    try:
        others = model_files.companions(Path(file))
        _check_companions(file, others)
        digest = model_files.digest(Path(file), others)[: model_files.DIGITS]
    except OSError as error:
        raise UsageError(f"network {_quoted(file)}: cannot read it: {error.strerror or error}.") from error
    _check_digest(file, asked, digest)
    return f"{file}#{digest}"


def _check_companions(file: str, others: Sequence[str]) -> None:
    """Refuse a model file whose other files are not there, or lie elsewhere than it and below it.

    Raises:
        UsageError: naming the file.
    """
    for other in others:
        place = Path(other)
        if place.is_absolute() or ".." in place.parts or not other.isprintable():
            raise UsageError(
                f"network {_quoted(file)}: it keeps data in {_quoted(other)}, outside its folder. Save it again with "
                "its data beside it."
            )
        if not (Path(file).parent / place).is_file():
            raise UsageError(
                f"network {_quoted(file)}: it needs {_quoted(other)} beside it, which holds its weights and is not "
                "there. Put both into one folder."
            )


def _check_ending(name: str) -> None:
    """Refuse the names of model files that nothing here runs.

    Raises:
        UsageError: naming the formats that are run.
    """
    if model_files.is_foreign(name):
        raise UsageError(
            f"{_quoted(name)} is no model file that can be run here. Export the model as ONNX (.onnx), OpenVINO's IR "
            "(.xml beside its .bin), TorchScript (.pt, .ts) or a program of torch.export (.pt2)."
        )


def _check_digest(file: str, asked: str | None, digest: str) -> None:
    """Refuse another version of a file than the one that was asked for.

    Raises:
        UsageError: naming both digests.
    """
    if asked and asked != digest:
        raise UsageError(
            f"{_quoted(file)} has changed: {asked} was asked for and its digest begins with {digest} now. "
            f"Restore that version, or leave '#{asked}' out."
        )


def _below_here(file: str, folder: Path) -> str:
    """The path of a file relative to the current folder: stored names must not hold absolute paths of this machine.

    Raises:
        UsageError: it is not below the current folder.
    """
    current = Path.cwd()
    try:
        path = Path(os.path.abspath(folder / Path(file).expanduser()))  # noqa: PTH100 (links stay as they are named)
        # Unlike `resolve`, does not raise where links form a circle: reading the file reports that.
        candidates = [
            candidate for candidate in (path, Path(os.path.realpath(path))) if candidate.is_relative_to(current)
        ]
    except (OSError, RuntimeError) as error:
        raise UsageError(f"cannot find {_quoted(file)}: {error}.") from error
    if not candidates:
        raise UsageError(
            f"{_quoted(file)} is not below the current folder. Results name files relative to it, so that they hold no "
            "path of this machine: run from a folder above the file, or use module:function with PYTHONPATH."
        )
    name = candidates[0].relative_to(current).as_posix()
    if "@" in name or "," in name:
        raise UsageError(f"{_quoted(name)} holds '@' or ',', which separate pixels and names. Rename it or its folder.")
    return name


def _bytes(file: str | Path, subject: str, expected: str) -> bytes:
    """Content of a regular file of a sensible size; otherwise the error asks for `expected`."""
    path = Path(file)
    _check_regular(path, subject, expected)
    try:
        if path.stat().st_size > _LONGEST_FILE:
            raise UsageError(
                f"{subject}: {_quoted(str(file))} has more than {_LONGEST_FILE >> 20} MiB. Is it the right file?"
            )
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{subject}: cannot read {_quoted(str(file))}: {error.strerror or error}.") from error


def _check_regular(path: Path, subject: str, expected: str) -> None:
    """Refuse what is not a regular file, asking for `expected`.

    Raises:
        UsageError: naming what it is.
    """
    try:
        instead = instead_of_file(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{subject}: cannot read {_quoted(str(path))}: {reason}.") from error
    if instead is None:
        raise UsageError(
            f"{subject}: there is no file {_quoted(str(path))}. The current folder is {Path.cwd().name!r}."
            + (" A comma separates networks, so no file can have one in its name." if expected == _MODEL else "")
        )
    if instead:
        raise UsageError(f"{subject}: {_quoted(str(path))} is {instead}. Name {expected} instead.")


def _read_toml(text: str) -> dict[str, Stated]:
    """The networks of a TOML file, by name.

    Raises:
        UsageError: naming the file, the entry and the key.
    """
    file_name = _quoted(text)
    if not text.isprintable():
        raise UsageError(f"invalid file name {file_name}: it holds characters that cannot be printed. Rename it.")
    try:
        path = Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(f"cannot find {file_name}: {error}.") from error
    try:
        document = tomllib.loads(decoded(_bytes(path, f"networks of {file_name}", _TABLES)))
    except NoTextError as error:
        raise UsageError(f"{file_name} is no TOML: {error.__cause__ or 'no text'}. It {error}.") from error
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:  # ValueError: a number of 5,000 digits
        raise UsageError(
            f'{file_name} is no TOML: {error}. Each network is a table [[network]] with a line build = "…".'
        ) from error
    unknown = sorted(set(document) - {"network"})
    entries = document.get("network", [])
    if unknown:
        raise UsageError(
            f"{file_name} holds {_quoted(unknown[0])}. Networks are tables [[network]], and nothing else is read."
        )
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f'{file_name} holds no [[network]]. Write that line, and below it build = "nets.py:build".')
    out: dict[str, Stated] = {}
    for number, entry in enumerate(entries, 1):
        where = f"{file_name}, network {number}"
        network = _parse_entry(entry, where)
        own = network.build or network.file
        name = network.name if own is None else _stored_name(own, path.parent)
        if network.reference is not None:
            network = msgspec.structs.replace(network, reference=_stored_name(network.reference, path.parent))
        if network.resolution is not None:
            height, width = parse_size(network.resolution) or (0, 0)  # As `_parse_entry` knows.
            name = f"{name}@{ImageShape(3, height, width).size}"
        out[name or ""] = _merge(out[name], network, where) if name in out else network
    return out


def _merge(entry: Stated, other_entry: Stated, where: str) -> Stated:
    """Merge two entries of one network at one resolution that state accuracies on different sets.

    Raises:
        UsageError: they state the same set, or one of them nothing, or contradict each other.
    """
    stated = {set_of(accuracy).key: accuracy for accuracy in entry.accuracies}
    further = [accuracy for accuracy in other_entry.accuracies if set_of(accuracy).key not in stated]
    if not further or not stated or len(further) < len(other_entry.accuracies):
        raise UsageError(
            f"{where}: {_quoted(other_entry.subject)} stands there twice at one resolution. State it once, or once for "
            "each set that it was scored on."
        )
    if entry.label and other_entry.label and entry.label != other_entry.label:
        raise UsageError(
            f"{where}: {_quoted(other_entry.subject)} has the label {_quoted(entry.label)} already. State one."
        )
    if entry.reference and other_entry.reference and entry.reference != other_entry.reference:
        raise UsageError(
            f"{where}: {_quoted(other_entry.subject)} has the reference {_quoted(entry.reference)} already. State one."
        )
    return msgspec.structs.replace(
        entry,
        reference=entry.reference or other_entry.reference,
        more=(*entry.more, *further),
        label=entry.label or other_entry.label,
        family=entry.family if entry.family != "other" else other_entry.family,
    )


def _parse_entry(entry: dict[str, object], where: str) -> Stated:
    """One entry, its types and ranges checked."""
    keys = _KEYS
    for key in entry:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"{where}: unknown key {_quoted(key)}.{hint} Known are {', '.join(keys)}.")
    try:
        network = msgspec.convert(entry, Stated)
    except msgspec.ValidationError as error:
        reason, _, at = str(error).partition(" - at `$.")
        raise UsageError(f"{where}{', key ' + at.rstrip('`') if at else ''}: {reason}.") from error
    for key in ("build", "file", "name", "dataset", "source", "family", "reference", "label"):
        text = getattr(network, key)
        if text is not None:
            check_text(text, f"{where}, key {key}", LONGEST_LABEL if key == "label" else _LONGEST_TEXT)
    _check_subject(network, where)
    if network.build is not None and (
        ":" not in network.build or "@" in network.build or len(split_names(network.build)) != 1
    ):
        raise UsageError(
            f"{where}, key build: invalid builder {_quoted(network.build)}. Write module:function, file.py:function or "
            "file.py:function(width=2), and pixels as resolution."
        )
    _check_numbers(network, where)
    for key in ("top1", "top5"):
        value = getattr(network, key)
        if value is not None:
            check_percent(value, f"{where}, key {key}:")
    if network.top5 is not None and (network.top1 is None or network.top5 < network.top1):
        raise UsageError(
            f"{where}, key top5: {network.top5:g} without a top1 that is at most as large. Is one mistyped?"
        )
    try:
        network.accuracy  # noqa: B018 (raises where the images of a set are unknown)
    except UsageError as error:
        raise UsageError(f"{where}, key dataset: {error}") from error
    return network


def _check_numbers(network: Stated, where: str) -> None:
    """Check the ranges of images, classes, pixels and channels."""
    for key, value in (("images", network.images), ("classes", network.classes)):
        if value is not None and value < 1:
            raise UsageError(f"{where}, key {key}: {value} is not positive.")
        if value is not None and value > LARGEST_SET:
            raise UsageError(f"{where}, key {key}: more than {LARGEST_SET:,}. Is it mistyped?")
    if network.resolution is not None and parse_size(network.resolution) is None:
        raise UsageError(
            f"{where}, key resolution: invalid size {network.resolution!r}. Give pixels from 1 to "
            f'{LARGEST_RESOLUTION}, such as 224, or height x width, such as "192x256".'
        )
    if network.channels is not None and not 1 <= network.channels <= MOST_CHANNELS:
        raise UsageError(f"{where}, key channels: {network.channels} is not from 1 to {MOST_CHANNELS}.")


def _check_subject(network: Stated, where: str) -> None:
    """Check that an entry is of one network: the user's own by `build` or `file`, or one of the catalog or timm by
    `name`.
    """
    if sum(subject is not None for subject in (network.build, network.file, network.name)) != 1:
        raise UsageError(
            f'{where}: name one network, by build = "nets.py:build" for one of your own, by file = "model.onnx" for a '
            'model file or by name = "levit_128s" for one of the catalog or timm.'
        )
    if network.file is not None and (model_files.kind_of(network.file) is None or "@" in network.file):
        _check_ending(network.file)
        raise UsageError(
            f"{where}, key file: invalid model file {_quoted(network.file)}. Name one such as model.onnx, and pixels "
            "as resolution."
        )
    if network.reference is not None and network.file is None:
        raise UsageError(
            f"{where}, key reference: only the outputs of a model file are compared with another network's. Leave it "
            'out, or name the file as file = "model.onnx".'
        )
    if network.reference is not None:
        check_reference(network.reference, f"{where}, key reference:")
    if network.file is None and network.dtype == "float16":
        raise UsageError(
            f"{where}, key dtype: Invalid enum value 'float16': only model files take it. Feed float32 or uint8."
        )
    if network.name is None:
        return
    if any(sign in network.name for sign in ":@,*?[") or network.name != network.name.strip():
        raise UsageError(
            f"{where}, key name: {_quoted(network.name)} is not a network of the catalog or timm. Give a network of "
            "your own as build, and pixels as resolution."
        )
    if network.label is not None:
        raise UsageError(
            f"{where}, key label: {_quoted(network.name)} keeps its name. Labels are for networks of your own."
        )
    if network.channels is not None or network.dtype is not None:
        raise UsageError(f"{where}: {_quoted(network.name)} takes the images it takes. Leave channels and dtype out.")
    if network.top1 is None:
        raise UsageError(f"{where}: nothing is stated of {_quoted(network.name)}. Add its top1 and dataset.")


def check_reference(name: str, where: str) -> None:
    """Refuse what cannot be the reference of a model file: only a function can return the network with its weights.

    Raises:
        UsageError: naming the place, and how to write such a function.
    """
    if model_files.kind_of(name) is not None:
        raise UsageError(
            f"{where} {_quoted(name)} is a model file. Name the function that builds the network it was exported from, "
            "such as nets.py:build."
        )
    if ":" not in name:
        raise UsageError(
            f"{where} {_quoted(name)} has no weights of yours: those of the catalog's and timm's networks are drawn at "
            "random here, and a model file holds others. Name a function that builds the network and loads the "
            "exported weights, such as nets.py:build."
        )
    if "@" in name:
        raise UsageError(
            f"{where} {_quoted(name)} asks for pixels, and a reference is given the images of the model file. Leave "
            f"'@{name.rpartition('@')[2]}' out."
        )


def _quoted(text: str) -> str:
    """Text fit for a message: quoted, escapes made visible, cut when long."""
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
