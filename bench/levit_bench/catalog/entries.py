"""The catalog: networks by name, with published figures and their sources.

Plain data from `catalog.csv`; nothing is built here, and no library of networks is imported.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from levit_bench.catalog.network_calls import split_names
from levit_bench.command_lines import command_line
from levit_bench.errors import UsageError
from levit_bench.records import LARGEST_RESOLUTION, Accuracy, ImageShape, parse_size

LONGEST_NAME = 200
"""Most characters of a name that is looked up; timm's longest have about 60."""

IMAGENET_CLASSES = 1000
"""Classes of ImageNet-1k."""

_SUFFIX = re.compile(r"(?P<name>[^@]+)(?:@(?P<size>[0-9x]{1,9}))?")
_GLOB = frozenset("*?[")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One network at one resolution, with its published figures."""

    name: str
    """Name in this suite."""
    timm_name: str | None = None
    """timm's name of it: an architecture, with a tag of weights where its default has other classes; absent where timm
    has no such network."""
    built_by: Literal["timm", "levit-bench"] = "timm"
    """Whose code builds it: timm's or this suite's, also where timm has a network of that name."""
    family: str
    """Family, for colours and groups."""
    resolution: int
    """Height of the input in pixels, and its width where none is given; the accuracy belongs to it."""
    width: int | None = None
    """Width of the input in pixels where it is not its height."""
    crop: float | None = None
    """Share of the image's shorter side in the centre crop that the accuracy was taken with; absent: not stated."""
    top1: float | None = None
    """Published ImageNet-1k validation top-1 in percent; absent when none is known at this resolution."""
    top5: float | None = None
    """The same, top-5."""
    real_top1: float | None = None
    """Top-1 in percent against the reassessed labels (ImageNet-ReaL)."""
    v2_top1: float | None = None
    """Top-1 in percent on ImageNet-V2, matched frequency."""
    pretraining: str | None = None
    """Training data of the weights besides ImageNet-1k, such as `in21k`; absent: none."""
    params_m: float
    """Parameters in millions, as timm builds it: distilled networks with both heads. Our count."""
    macs_m: float | None = None
    """Millions of multiply-accumulates of one image, attention spelt out. Our count."""
    published_params: str | None = None
    """Parameters as the source prints them, with its digits and unit, such as `7.8M`."""
    published_macs: str | None = None
    """Multiply-accumulates as the source prints them, such as `305M` or `0.31G`; `note` says why where ours differ."""
    groups: tuple[str, ...]
    """Groups it belongs to, besides `all`."""
    accuracy_source: str = ""
    """Who published the accuracies."""
    counts_source: str = ""
    """Who published parameters and multiply-accumulates."""
    note: str = ""
    """Remark for readers of the figures."""

    @property
    def shape(self) -> ImageShape:
        """The images that it is fed: in colour, as all of the catalog are."""
        return ImageShape(3, self.resolution, self.width or self.resolution)

    @property
    def size(self) -> str:
        """Height and width of the input in pixels: `224`, or `192x256` where they differ."""
        return self.shape.size


class Selection(NamedTuple):
    """Networks that a list of patterns selects."""

    entries: tuple[Entry, ...]
    """Networks of the catalog, each once, in the order of their first mention."""
    unknown: tuple[str, ...]
    """Names that the catalog does not hold: those of timm, or `module:function` builders, with `@` and their size."""


@cache
def entries() -> tuple[Entry, ...]:
    """All networks, in the catalog's order."""
    with Path(__file__).with_name("catalog.csv").open(encoding="utf-8", newline="") as file:
        rows = [{key: text for key, text in row.items() if text} for row in csv.DictReader(file)]
    return tuple(msgspec.convert({**row, "groups": tuple(row["groups"].split())}, Entry, strict=False) for row in rows)


@cache
def groups() -> dict[str, tuple[str, ...]]:
    """Names of the networks of each group; `all` comes first and holds all of them."""
    out: dict[str, tuple[str, ...]] = {"all": tuple(entry.name for entry in entries())}
    for entry in entries():
        for group in entry.groups:
            out[group] = (*out.get(group, ()), entry.name)
    return out


def select(patterns: Sequence[str]) -> Selection:
    """Choose networks by name, by glob over the catalog's names, or by group; commas separate as list items do.

    `name@224` or `name@192x256`, height and width, asks for another input size, in pixels. Published accuracy belongs
    to the published resolution, so at another one the entry carries none, and no MACs.

    Args:
        patterns: Such as `["paper"]`, `["levit_*,resnet50@256", "my.module:build"]`.

    Returns:
        The chosen entries, and the names that are not in the catalog.

    Raises:
        UsageError: a pattern is malformed, a glob matches no network, or nothing was chosen.
    """
    selected: dict[tuple[str, str], Entry] = {}
    unknown: dict[str, None] = {}
    for text in _split(patterns):
        name, size = parse(text)
        matches = _find(name)
        if matches is None:
            unknown[f"{name}@{ImageShape(3, *size).size}" if size else name] = None
            continue
        for entry in matches:
            sized = _at(entry, size)
            selected.setdefault((sized.name, sized.size), sized)
    if not selected and not unknown:
        raise UsageError(
            "no network was named. Name networks, globs or groups, such as --networks paper; "
            f"groups: {', '.join(groups())}."
        )
    return Selection(tuple(selected.values()), tuple(unknown))


def suggest(name: str, extra: Iterable[str] = ()) -> str:
    """A message for an unknown name, with the nearest known name and the next step.

    Args:
        name: The name as it was written.
        extra: Further known names, such as timm's.
    """
    from difflib import SequenceMatcher, get_close_matches

    name_start = name[:LONGEST_NAME].lower()
    listed = dict.fromkeys([*groups()["all"], *groups()])
    near = get_close_matches(name_start, dict.fromkeys([*listed, *extra]), n=9)
    # Of equally near names, one that 'list' shows.
    near.sort(key=lambda candidate: (-SequenceMatcher(None, candidate, name_start).ratio(), candidate not in listed))
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"unknown network {_quoted(name)}.{hint} {command_line('list')!r} shows all {len(entries())}."


def accuracy_of(entry: Entry) -> Accuracy | None:
    """The published accuracy of an entry on the 50,000 images of ImageNet-1k's validation set, if there is one."""
    if entry.top1 is None:
        return None
    return Accuracy(top1=entry.top1, top5=entry.top5, classes=IMAGENET_CLASSES, source=entry.accuracy_source)


def _split(patterns: Sequence[str]) -> list[str]:
    return [name for text in patterns for name in split_names(text)]


def parse(text: str) -> tuple[str, tuple[int, int] | None]:
    """Split `name@224` or `name@192x256` into name and size; height and width are absent when none are given.

    Raises:
        UsageError: the name is too long or not printable, or what follows it is not a number of pixels.
    """
    if len(text) > LONGEST_NAME or not text.isprintable():
        raise UsageError(
            f"invalid network name {_quoted(text)}: names have at most {LONGEST_NAME} printable characters. "
            f"{command_line('list')!r} shows the names."
        )
    match = _SUFFIX.fullmatch(text)
    size = parse_size(match["size"]) if match and match["size"] else None
    if match is None or (match["size"] and size is None):
        raise UsageError(
            f"{_quoted(text)} asks for no usable resolution. Write name@pixels with 1 to {LARGEST_RESOLUTION} pixels, "
            "such as efficientnet_b0@256, or height x width, such as efficientnet_b0@192x256."
        )
    return match["name"], size


def _find(name: str) -> list[Entry] | None:
    """Entries that a name, group or glob stands for; None for a name that the catalog does not hold."""
    by_name = {entry.name: entry for entry in entries()}
    if name in by_name:
        return [by_name[name]]
    if name in groups():
        return [by_name[member] for member in groups()[name]]
    if ":" in name or not _GLOB & set(name):
        return None
    matches = [entry for entry in entries() if fnmatchcase(entry.name, name)]
    if not matches:
        raise UsageError(
            f"{_quoted(name)} matches no network. Globs are matched against the names of the catalog; "
            f"{command_line('list')!r} shows all {len(by_name)}."
        )
    return matches


def _at(entry: Entry, size: tuple[int, int] | None) -> Entry:
    """The entry at another height and width, without the figures that belong to the published ones."""
    if size is None or size == (entry.shape.height, entry.shape.width):
        return entry
    height, width = size
    shape = ImageShape(3, height, width)
    return msgspec.structs.replace(
        entry,
        resolution=height,
        width=width if width != height else None,
        crop=None,
        top1=None,
        top5=None,
        real_top1=None,
        v2_top1=None,
        pretraining=None,
        macs_m=None,
        published_macs=None,
        accuracy_source="",
        note=f"no figures at {shape.size} px; they were published at {entry.size} px" + _elsewhere(entry, shape),
    )


def _elsewhere(entry: Entry, shape: ImageShape) -> str:
    """Words that point to the entry of the same architecture at that size; empty where there is none."""
    names = (sibling.name for sibling in entries() if (sibling.timm_name, sibling.shape) == (entry.timm_name, shape))
    name = next(names, None)
    return f", and for {name} at {shape.size} px" if name else ""


def _quoted(text: str) -> str:
    """A name fit for a message: quoted, escapes made visible, cut when long."""
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
