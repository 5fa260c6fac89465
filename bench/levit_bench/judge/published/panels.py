"""Published speeds as panels of their own, beside the measured ones, with which they are not compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

from levit_bench.catalog import entries
from levit_bench.catalog.image_sets import IMAGENET, ImageSet
from levit_bench.catalog.timm_results import FileNameFacts, PublishedFile, PublishedSpeed, architecture
from levit_bench.errors import NotComparableError, UsageError
from levit_bench.judge.comparability import natural
from levit_bench.judge.front.dominance import Competitor, dominators
from levit_bench.judge.front.panel_limits import PANEL_LIMIT
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.metrics import Metric
from levit_bench.judge.published.accuracies import Accuracies, Paired, enumerated, from_catalog, timm_name
from levit_bench.numbers.units import counted
from levit_bench.records import Accuracy, Finding, parse_size

MEASURED, ALL = "measured", "all"
"""Words that choose figures: `measured` those of measured networks, `all` every one."""


class PublishedPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One network of a published panel. Its speed has no interval: none is published."""

    label: str
    """Name, unique in its panel: the model, and `@resolution` where the panel has it at several."""
    model: str
    """timm's name, with the tag of the weights that the accuracy is of where that is known."""
    resolution: int
    """Height and width in pixels."""
    family: str | None
    """Family of the architecture in the catalog; absent for others."""
    accuracy: Accuracy
    """Its accuracy at that resolution, with the source."""
    latency_s: float
    """Seconds a batch."""
    throughput: float
    """Images a second."""
    params: int | None
    """Parameters, as published."""
    macs: int | None
    """Multiply-accumulates of one image, as published."""
    is_measured: bool
    """Whether the same architecture is measured at the same resolution in a panel beside it."""
    leads: bool
    """Whether it is, besides, on the front of such a panel."""
    on_front: bool | None = None
    """Its place among the points of its panel; absent when no published front was requested."""
    dominated_by: str | None = None
    """Label of a member of that front that dominates it, if one does."""


class PublishedPanel(msgspec.Struct, frozen=True, kw_only=True):
    """The chosen figures of one file at one batch size."""

    file: str
    """Name of the file, the only source of the figures."""
    name_facts: FileNameFacts
    """What that name states about how they were measured."""
    batch: int
    """Images in one pass."""
    metric: Metric
    """Metric of speed that orders the points."""
    points: tuple[PublishedPoint, ...]
    """Fastest first, then by label."""
    scored_on: ImageSet = IMAGENET
    """The set of all accuracies."""

    @property
    def set_key(self) -> object:
        """Equal for panels of one set of images, measured ones among them."""
        return self.scored_on.key

    @property
    def front(self) -> tuple[PublishedPoint, ...]:
        """The members of the front, fastest first; none unless it was requested."""
        return tuple(point for point in self.points if point.on_front)


class PublishedComparison(NamedTuple):
    """Panels of published files beside a front, with findings."""

    panels: tuple[PublishedPanel, ...] = ()
    """One a file and batch size, in the order of the files, small batches first."""
    findings: tuple[Finding, ...] = ()
    """Chosen figures that are not shown, with the reason."""


def published_panels(
    files: Sequence[PublishedFile],
    measured_panels: Sequence[Panel],
    *,
    metric: Metric = "latency",
    networks: Sequence[str] = (MEASURED,),
    batches: Sequence[int] = (),
    front: bool = False,
) -> PublishedComparison:
    """Pair the chosen speeds with accuracies, one panel a file and batch size.

    Args:
        files: of both kinds.
        measured_panels: the panels that they will be shown beside.
        metric: orders the points.
        networks: `measured`, `all`, groups and names of the catalog, or timm names and globs; `NAME@PIXELS` for one
            resolution. A name with a tag also says which weights are meant where several are published.
        batches: batch sizes to keep; none means every one.
        front: find the front of each panel, among its own points alone.

    Raises:
        UsageError: a word or a batch size chooses nothing in any file, or there is no file of speeds.
    """
    sources = [file for file in files if file.speeds]
    if not sources:
        if tuple(networks) != (MEASURED,) or batches or front:
            raise UsageError(
                "no published file holds speeds, of which figures could be chosen or a front be drawn. Name timm's "
                "benchmark-infer-….csv with --published."
            )
        return PublishedComparison()
    chooser = _Chooser(networks, measured_panels)
    chooser.require_known(sources)
    _require_batches(sources, batches)
    accuracies = Accuracies(files)
    panels: list[PublishedPanel] = []
    findings: list[Finding] = []
    for file in sources:
        chosen = [s for s in file.speeds if (not batches or s.batch in batches) and chooser.wants(s, accuracies)]
        paired = [(speed, _pair(speed, accuracies, chooser)) for speed in chosen]
        findings += _unpaired(file, [speed for speed, pairs in paired if not pairs], len(chosen), accuracies)
        if not chosen:
            findings.append(_nothing_chosen(file, networks, batches))
        for batch in sorted({speed.batch for speed, pairs in paired if pairs}):
            drafts = [(speed, pair) for speed, pairs in paired if speed.batch == batch for pair in pairs]
            points = _points(drafts, chooser, metric, front)
            panels.append(
                PublishedPanel(file=file.name, name_facts=file.name_facts, batch=batch, metric=metric, points=points)
            )
    return PublishedComparison(tuple(panels), tuple(findings))


def require_room(measured_panels: Sequence[Panel], beside: PublishedComparison, limit: int = PANEL_LIMIT) -> None:
    """Refuse more panels, measured and published together, than can be compared by eye; without published ones none.

    Raises:
        NotComparableError: there are more; the message says how to choose.
    """
    measured = sum(1 for panel in measured_panels if panel.points)
    if beside.panels and measured + len(beside.panels) > limit:
        batches = sorted({panel.batch for panel in beside.panels})
        raise NotComparableError(
            f"cannot draw {measured} measured and {len(beside.panels)} published panels in one picture: {limit} are "
            "the most, and each published file has one for each batch size (here "
            f"{', '.join(map(str, batches))}). Choose with --published-batch, --published-networks or --where, or "
            "name fewer files."
        )


class _Chooser:
    """The speeds that the words of `--published-networks` choose."""

    def __init__(self, networks: Sequence[str], measured_panels: Sequence[Panel]) -> None:
        self.words = tuple(networks)
        self.measured: dict[tuple[str, int], bool] = {}
        """Architectures and resolutions that are measured, and whether one of them is on a front."""
        self.tagged: set[str] = {word.partition("@")[0] for word in networks if "." in word}
        """Names and globs that say which weights are meant."""
        for panel in measured_panels:
            for point in panel.points:
                name = timm_name(point.case.network)
                if name is not None and point.case.width is None:  # Published figures are of square images.
                    key = architecture(name), point.case.resolution
                    self.measured[key] = self.measured.get(key, False) or point.on_front
                    if "." in name:
                        self.tagged.add(name)
        self._catalog = {word: _in_catalog(word) for word in self.words}

    def wants(self, speed: PublishedSpeed, accuracies: Accuracies) -> bool:
        """Whether any word chooses it."""
        return any(self._word_wants(word, speed, accuracies) for word in self.words)

    def means(self, model: str) -> bool:
        """Whether these weights were named, with their tag."""
        return any(fnmatchcase(model, pattern) for pattern in self.tagged)

    def require_known(self, sources: Iterable[PublishedFile]) -> None:
        """Refuse words that choose nothing in any file, which are likely misspelled.

        Raises:
            UsageError: naming the first.
        """
        speeds = [speed for file in sources for speed in file.speeds]
        nothing = Accuracies(())
        for word in self.words:
            is_known = word in (MEASURED, ALL) or self._catalog[word]
            if not is_known and not any(self._word_wants(word, speed, nothing) for speed in speeds):
                raise UsageError(
                    f"--published-networks {word[:80]!r} chooses none of the {len(speeds)} published speeds. Write "
                    "'measured', 'all', a name or group of the catalog, or a timm name or glob, such as 'resnet*'."
                )

    def _word_wants(self, word: str, speed: PublishedSpeed, accuracies: Accuracies) -> bool:
        base = architecture(speed.model)
        if word == ALL:
            return True
        if word == MEASURED:
            return (base, speed.resolution) in self.measured
        if self._catalog[word]:
            return (base, speed.resolution) in self._catalog[word]
        pattern, at, pixels = word.partition("@")
        if at and parse_size(pixels) != (speed.resolution, speed.resolution):
            return False
        if fnmatchcase(speed.model, pattern) or fnmatchcase(base, pattern):
            return True
        # `resnet50.a1_in1k`: the speed is of the architecture, and the tag says which accuracy is meant.
        if "." not in pattern or "." in speed.model:
            return False
        if not accuracies.files:
            return fnmatchcase(base, architecture(pattern))
        return any(fnmatchcase(top.model, pattern) for top in accuracies.weights(speed.model, speed.resolution))


def _in_catalog(word: str) -> set[tuple[str, int]]:
    """Architectures and resolutions of a name or group of the catalog."""
    name, at, pixels = word.partition("@")
    names = entries.groups().get(name, (name,))
    size = parse_size(pixels)
    if at and (size is None or size[0] != size[1]):
        return set()  # Published figures are of square images.
    listed = [entry for entry in entries.entries() if entry.name in names]
    return {
        (architecture(entry.timm_name), size[0] if size else entry.resolution) for entry in listed if entry.timm_name
    }


def _require_batches(sources: Iterable[PublishedFile], batches: Sequence[int]) -> None:
    published = {speed.batch for file in sources for speed in file.speeds}
    missing = [batch for batch in batches if batch not in published]
    if missing:
        raise UsageError(
            f"--published-batch {missing[0]}: no published speed is of that batch size. There are "
            f"{', '.join(map(str, sorted(published)))}."
        )


def _pair(speed: PublishedSpeed, accuracies: Accuracies, chooser: _Chooser) -> list[Paired]:
    """Accuracies of a speed: of the weights that were named, else that of its name, else the catalog's."""
    named = [top for top in accuracies.weights(speed.model, speed.resolution) if chooser.means(top.model)]
    if named:
        return [Paired(top.model, top.accuracy) for top in named]
    top = accuracies.default(speed.model, speed.resolution)
    if top is not None:
        return [Paired(top.model, top.accuracy)]
    accuracy = from_catalog(speed.model, speed.resolution)
    return [Paired(speed.model, accuracy)] if accuracy is not None else []


def _points(
    drafts: Sequence[tuple[PublishedSpeed, Paired]], chooser: _Chooser, metric: Metric, front: bool
) -> tuple[PublishedPoint, ...]:
    labels = _labels(drafts)
    families = {architecture(entry.timm_name): entry.family for entry in entries.entries() if entry.timm_name}
    costs = [speed.latency_s if metric == "latency" else -speed.throughput for speed, _ in drafts]
    rivals = [Competitor(c, p.accuracy.top1, label) for c, (_, p), label in zip(costs, drafts, labels, strict=True)]
    dominator_of = dominators(rivals) if front else {}
    points = []
    for label, (speed, pair) in zip(labels, drafts, strict=True):
        base = architecture(speed.model)
        leads = chooser.measured.get((base, speed.resolution))
        points.append(
            PublishedPoint(
                label=label,
                model=pair.model,
                resolution=speed.resolution,
                family=families.get(base),
                accuracy=pair.accuracy,
                latency_s=speed.latency_s,
                throughput=speed.throughput,
                params=speed.params,
                macs=speed.macs,
                is_measured=leads is not None,
                leads=bool(leads),
                on_front=dominator_of[label] is None if front else None,
                dominated_by=dominator_of.get(label),
            )
        )
    places = dict(zip(labels, costs, strict=True))
    return tuple(sorted(points, key=lambda p: (places[p.label], -p.accuracy.top1, natural(p.label))))


def _labels(drafts: Sequence[tuple[PublishedSpeed, Paired]]) -> list[str]:
    """The speed's own name; with the weights' tag where a speed stands for several, with `@` where sizes differ."""
    weights: dict[tuple[str, int], int] = {}
    sizes: dict[str, set[int]] = {}
    for speed, _ in drafts:
        key = speed.model, speed.resolution
        weights[key] = weights.get(key, 0) + 1
        sizes.setdefault(speed.model, set()).add(speed.resolution)
    plain = [
        (p.model if weights[s.model, s.resolution] > 1 else s.model)
        + (f"@{s.resolution}" if len(sizes[s.model]) > 1 else "")
        for s, p in drafts
    ]
    if len(set(plain)) == len(plain):
        return plain
    return [f"{s.model}@{s.resolution}, weights {p.model} ({at})" for at, (s, p) in enumerate(drafts, start=1)]


def _unpaired(
    file: PublishedFile, without: Sequence[PublishedSpeed], chosen_count: int, accuracies: Accuracies
) -> list[Finding]:
    """Findings of chosen speeds that are not shown, because no accuracy is known or several are."""
    ambiguous = [speed for speed in without if accuracies.weights(speed.model, speed.resolution)]
    unknown = [speed for speed in without if speed not in ambiguous]
    findings = []
    if unknown:
        file_names = enumerated([accuracy_file.name for accuracy_file in accuracies.files])
        advice = (
            f"{file_names} has none: name a file of accuracies that does, or choose others with --published-networks."
            if file_names
            else "Name timm's results-imagenet.csv with --published, too."
        )
        message = (
            f"{len(unknown)} of {counted(chosen_count, 'chosen speed')} of {file.name} {_are(unknown)} not drawn, "
            f"because no accuracy is known for them at that resolution: {_named(unknown)}. {advice}"
        )
        findings.append(Finding(kind="published-no-accuracy", message=message))
    if ambiguous:
        message = (
            f"{len(ambiguous)} of {counted(chosen_count, 'chosen speed')} of {file.name} {_are(ambiguous)} not drawn, "
            f"because the file does not say which of several published weights is meant: {_named(ambiguous)}. "
            "Name the weights, such as --published-networks NAME.TAG."
        )
        findings.append(Finding(kind="published-several-weights", message=message))
    return findings


def _are(speeds: Sequence[PublishedSpeed]) -> str:
    return "is" if len(speeds) == 1 else "are"


def _named(speeds: Sequence[PublishedSpeed]) -> str:
    return enumerated([f"{speed.model}@{speed.resolution}" for speed in speeds])


def _nothing_chosen(file: PublishedFile, networks: Sequence[str], batches: Sequence[int]) -> Finding:
    published = sorted({speed.batch for speed in file.speeds})
    none = f"none of the {counted(len(file.speeds), 'speed')} of {file.name}"
    if batches and not set(published) & set(batches):
        message = (
            f"{none} is of batch {', '.join(map(str, batches))[:80]}, so "
            f"it has no panel. It has {enumerated([str(batch) for batch in published])}: choose with --published-batch."
        )
    else:
        message = (
            f"{none} was chosen by {', '.join(networks)[:80]}, so it has "
            "no panel. Choose others with --published-networks, such as 'all'."
        )
    return Finding(kind="published-none-chosen", message=message)
