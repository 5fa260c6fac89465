"""Published accuracies paired with networks by name and resolution; a network with several candidates gets none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from typing import NamedTuple

import msgspec

from levit_bench.catalog import entries
from levit_bench.catalog.image_sets import IMAGENET, set_of
from levit_bench.catalog.timm_results import VALIDATION, PublishedFile, TopOne, architecture
from levit_bench.catalog.twins import is_twin
from levit_bench.paths.model_files import kind_of
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
        """Files that may be used."""
        self.others = tuple(file for file in files if file.dataset not in (None, VALIDATION))
        """Files on other sets of images."""

    @cached_property
    def _by_architecture(self) -> dict[tuple[str, int], dict[str, TopOne]]:
        tops: dict[tuple[str, int], dict[str, TopOne]] = {}
        for file in self.files:
            for top in file.accuracies:
                tops.setdefault((architecture(top.model), top.resolution), {}).setdefault(top.model, top)
        return tops

    def weights(self, model: str, resolution: int) -> tuple[TopOne, ...]:
        """Accuracies that a name can mean: its own, else, for a name without a tag, all weights of its architecture."""
        tops = self._by_architecture.get((architecture(model), resolution), {})
        if model in tops:
            return (tops[model],)
        return () if "." in model else tuple(tops.values())

    def default(self, model: str, resolution: int) -> TopOne | None:
        """The one accuracy that a name refers to: the only one, or that of the weights that the catalog lists."""
        tops = self.weights(model, resolution)
        if len(tops) == 1:
            return tops[0]
        tagged = _catalog_weights(model, resolution)
        return next((top for top in tops if top.model == tagged), None)


def from_catalog(model: str, resolution: int) -> Accuracy | None:
    """The catalog's accuracy for a name of timm's, tag included, at a resolution."""
    for entry in entries.entries():
        names = (entry.timm_name, _weights_of(entry))
        if entry.resolution == resolution and model in names:
            return entries.accuracy_of(entry)
    return None


def timm_name(network: str) -> str | None:
    """Name in timm of a measured network; None for a network outside timm, and for a twin."""
    if ":" in network or kind_of(network) is not None or is_twin(network):
        return None
    return _names().get(network, network)


def complete(records: Iterable[Record], files: Sequence[PublishedFile]) -> tuple[tuple[Record, ...], list[Finding]]:
    """Give records that have no accuracy on ImageNet-1k's validation set a published one; others keep theirs.

    Returns:
        The records, and findings: files that could not be used, accuracies that differ from those that are kept by
        more than rounding, and networks for which several weights are published.
    """
    accuracies = Accuracies(files)
    completed: list[Record] = []
    differing: dict[str, None] = {}
    ambiguous: dict[str, None] = {}
    for record in records:
        # Published figures are of square images.
        square = record.info.role == "subject" and record.case.width is None
        name = timm_name(record.case.network) if square else None
        stored, size = _on_imagenet(record.info), record.case.resolution
        if name is None:
            completed.append(record)
        elif stored is not None:
            if (words := _difference(accuracies, name, size, stored)) is not None:
                differing[f"{record.case.network}@{size} {words}"] = None
            completed.append(record)
        elif (top := accuracies.default(name, size)) is not None:
            info = msgspec.structs.replace(record.info, accuracy=top.accuracy, accuracies=record.info.scored)
            completed.append(msgspec.structs.replace(record, info=info))
        else:
            if published := accuracies.weights(name, size):
                ambiguous[f"{record.case.network}@{size} ({enumerated([top.model for top in published])})"] = None
            completed.append(record)
    findings = [_other_set(file, accuracies) for file in accuracies.others]
    if differing:
        message = (
            f"published top-1 differs from what is drawn, by more than rounding: {enumerated([*differing], '; ')}. "
            "What is drawn is kept: it is the accuracy that was stored with the measurement."
        )
        findings.append(Finding(kind="published-accuracy-differs", message=message))
    if ambiguous:
        message = (
            f"several weights are published for {enumerated([*ambiguous], '; ')}, and the measurement does not say "
            "which is meant, so it has no accuracy. Measure the network under its full name, such as NAME.TAG."
        )
        findings.append(Finding(kind="published-several-weights", message=message))
    return tuple(completed), findings


def _on_imagenet(info: CaseLine) -> Accuracy | None:
    """The stored accuracy on ImageNet-1k's validation set, if there is one."""
    return next((accuracy for accuracy in info.scored if set_of(accuracy).key == IMAGENET.key), None)


def enumerated(names: Sequence[str], between: str = ", ") -> str:
    """The first few names, and how many more there are."""
    listing = between.join(name if len(name) <= 160 else f"{name[:157]}..." for name in names[:NAMED])
    return listing if len(names) <= NAMED else f"{listing}{between}and {len(names) - NAMED} more"


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


def _difference(accuracies: Accuracies, name: str, resolution: int, stored: Accuracy) -> str | None:
    """In words, how a file contradicts an accuracy: none of the weights that may be meant has it."""
    weights = _catalog_weights(name, resolution)
    published = (accuracies.weights(weights, resolution) if weights else ()) or accuracies.weights(name, resolution)
    if not published or any(_same(top.accuracy.top1, stored.top1) for top in published):
        return None
    nearest = min(published, key=lambda top: abs(top.accuracy.top1 - stored.top1))
    return f"{stored.top1:g} ({stored.source}), and {nearest.accuracy.top1:g} ({nearest.accuracy.source})"


def _same(first: float, second: float) -> bool:
    """Whether two figures differ by no more than the rounding of the coarser."""
    digits = min(_digits(first), _digits(second))
    return abs(first - second) <= 0.5 * 10.0**-digits + 1e-9


def _digits(value: float) -> int:
    return len(repr(value).partition(".")[2])


def _other_set(file: PublishedFile, accuracies: Accuracies) -> Finding:
    used = enumerated([accuracy_file.name for accuracy_file in accuracies.files])
    message = (
        f"{file.name} holds accuracies on {file.dataset}, and the axis is of {VALIDATION}: none was used. "
        f"{f'Those of {used} were.' if used else 'Name results-imagenet.csv.'}"
    )
    return Finding(kind="published-other-set", message=message)
