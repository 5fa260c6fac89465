"""Which published accuracy belongs to which network: by name and resolution, and never one of several at random.

Knows names, tags of weights and resolutions; refuses to know speeds and fronts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from typing import NamedTuple

import msgspec

from levit_bench.catalog import entries
from levit_bench.catalog.image_sets import IMAGENET, set_of
from levit_bench.catalog.timm_results import VALIDATION, PublishedFile, TopOne, architecture
from levit_bench.catalog.twins import is_twin
from levit_bench.records import Accuracy, CaseLine, Finding, Record

NAMED = 5
"""Networks that a finding names before it says how many more there are."""


class Paired(NamedTuple):
    """An accuracy, and the name of the weights that it is of where that is known."""

    model: str
    accuracy: Accuracy


class Accuracies:
    """The accuracies of files on ImageNet-1k's validation set; of two files that hold the same, the first counts."""

    def __init__(self, files: Sequence[PublishedFile]) -> None:
        self.files = tuple(file for file in files if file.dataset == VALIDATION)
        """Those that may be used."""
        self.others = tuple(file for file in files if file.dataset not in (None, VALIDATION))
        """Those on other sets of images."""

    @cached_property
    def _by_architecture(self) -> dict[tuple[str, int], dict[str, TopOne]]:
        out: dict[tuple[str, int], dict[str, TopOne]] = {}
        for file in self.files:
            for top in file.accuracies:
                out.setdefault((architecture(top.model), top.resolution), {}).setdefault(top.model, top)
        return out

    def weights(self, model: str, resolution: int) -> tuple[TopOne, ...]:
        """What a name can mean: itself where it is published, else, without a tag, all weights of its architecture."""
        found = self._by_architecture.get((architecture(model), resolution), {})
        if model in found:
            return (found[model],)
        return () if "." in model else tuple(found.values())

    def default(self, model: str, resolution: int) -> TopOne | None:
        """The one accuracy that a name means: the only one, or that of the weights that the catalog lists."""
        found = self.weights(model, resolution)
        if len(found) == 1:
            return found[0]
        tagged = _catalog_weights(model, resolution)
        return next((top for top in found if top.model == tagged), None)


def from_catalog(model: str, resolution: int) -> Accuracy | None:
    """The catalog's accuracy for a name of timm's, tag included, at a resolution."""
    for entry in entries.entries():
        known = (entry.timm_name, _weights_of(entry))
        if entry.resolution == resolution and model in known:
            return entries.accuracy_of(entry)
    return None


def timm_name(network: str) -> str | None:
    """What timm calls a network that was measured; None for one that timm has not, and for a twin."""
    if ":" in network or is_twin(network):
        return None
    return _names().get(network, network)


def complete(records: Iterable[Record], files: Sequence[PublishedFile]) -> tuple[tuple[Record, ...], list[Finding]]:
    """Give records that have no accuracy on ImageNet-1k's validation set a published one; others keep theirs.

    Returns:
        The records, and findings: files that could not be used, accuracies that differ from those that are kept by
        more than rounding, and networks for which several weights are published.
    """
    accuracies = Accuracies(files)
    out: list[Record] = []
    differing: dict[str, None] = {}
    several: dict[str, None] = {}
    for record in records:
        # What is published is of square images.
        square = record.info.role == "subject" and record.case.width is None
        name = timm_name(record.case.network) if square else None
        kept, size = _on_imagenet(record.info), record.case.resolution
        if name is None:
            out.append(record)
        elif kept is not None:
            if (words := _difference(accuracies, name, size, kept)) is not None:
                differing[f"{record.case.network}@{size} {words}"] = None
            out.append(record)
        elif (top := accuracies.default(name, size)) is not None:
            info = msgspec.structs.replace(record.info, accuracy=top.accuracy, accuracies=record.info.scored)
            out.append(msgspec.structs.replace(record, info=info))
        else:
            if found := accuracies.weights(name, size):
                several[f"{record.case.network}@{size} ({enumerated([top.model for top in found])})"] = None
            out.append(record)
    findings = [_other_set(file, accuracies) for file in accuracies.others]
    if differing:
        message = (
            f"published top-1 differs from what is drawn, by more than rounding: {enumerated([*differing], '; ')}. "
            "What is drawn is kept: it is the accuracy that was stored with the measurement."
        )
        findings.append(Finding(kind="published-accuracy-differs", message=message))
    if several:
        message = (
            f"several weights are published for {enumerated([*several], '; ')}, and the measurement does not say which "
            "is meant, so it has no accuracy. Measure the network under its full name, such as NAME.TAG."
        )
        findings.append(Finding(kind="published-several-weights", message=message))
    return tuple(out), findings


def _on_imagenet(info: CaseLine) -> Accuracy | None:
    """The accuracy that a published one would stand beside."""
    return next((accuracy for accuracy in info.scored if set_of(accuracy).key == IMAGENET.key), None)


def enumerated(names: Sequence[str], between: str = ", ") -> str:
    """The first few names, and how many more there are."""
    shown = between.join(name if len(name) <= 160 else f"{name[:157]}..." for name in names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown}{between}and {len(names) - NAMED} more"


@cache
def _names() -> dict[str, str | None]:
    return {entry.name: entry.timm_name for entry in entries.entries()}


def _weights_of(entry: entries.Entry) -> str | None:
    """The weights that the catalog's accuracy is of, where its source names them."""
    last = entry.accuracy_source.rpartition(", ")[2]
    return last if entry.timm_name and last.startswith(f"{architecture(entry.timm_name)}.") else None


def _catalog_weights(model: str, resolution: int) -> str | None:
    return _tagged().get((model, resolution))


@cache
def _tagged() -> dict[tuple[str | None, int], str]:
    """The weights that the catalog's accuracies are of, by timm's name and resolution; of several, the first."""
    named = (((entry.timm_name, entry.resolution), _weights_of(entry)) for entry in reversed(entries.entries()))
    return {key: tagged for key, tagged in named if tagged}


def _difference(accuracies: Accuracies, name: str, resolution: int, kept: Accuracy) -> str | None:
    """In words, how a file contradicts an accuracy: none of the weights that may be meant has it."""
    known = _catalog_weights(name, resolution)
    found = (accuracies.weights(known, resolution) if known else ()) or accuracies.weights(name, resolution)
    if not found or any(_same(top.accuracy.top1, kept.top1) for top in found):
        return None
    nearest = min(found, key=lambda top: abs(top.accuracy.top1 - kept.top1))
    return f"{kept.top1:g} ({kept.source}), and {nearest.accuracy.top1:g} ({nearest.accuracy.source})"


def _same(one: float, other: float) -> bool:
    """Whether two figures differ by no more than the rounding of the coarser."""
    digits = min(_digits(one), _digits(other))
    return abs(one - other) <= 0.5 * 10.0**-digits + 1e-9


def _digits(value: float) -> int:
    return len(repr(value).partition(".")[2])


def _other_set(file: PublishedFile, accuracies: Accuracies) -> Finding:
    used = enumerated([one.name for one in accuracies.files])
    message = (
        f"{file.name} holds accuracies on {file.dataset}, and the axis is of {VALIDATION}: none was used. "
        f"{f'Those of {used} were.' if used else 'Name results-imagenet.csv.'}"
    )
    return Finding(kind="published-other-set", message=message)
