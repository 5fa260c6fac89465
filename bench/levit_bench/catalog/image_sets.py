"""Sets of images that accuracies were scored on: which spellings name the same set, and how a set is shown.

Two accuracies may be compared when
they were scored on one set: the same name, but for case, spaces, hyphens and underscores, and as many images and
classes.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from levit_bench.records import Accuracy

_BETWEEN = re.compile(r"[\s_\-‐-―]+")


class ImageSet(NamedTuple):
    """A set of images, each labelled with one class."""

    name: str
    """As it was written."""
    images: int
    """Images in it."""
    classes: int | None = None
    """Classes in it; absent where unknown."""

    @property
    def key(self) -> tuple[str, int, int | None]:
        """A key that is equal for two spellings of the same set."""
        return folded(self.name), self.images, self.classes

    @property
    def counts(self) -> str:
        """Its size in words: `2,000 images, 10 classes`."""
        classes = "" if self.classes is None else f", {self.classes:,} classes"
        return f"{self.images:,} image{'' if self.images == 1 else 's'}{classes}"

    @property
    def words(self) -> str:
        """Its name, and its size where that does not go with the name."""
        public_set = usual(self.name)
        is_usual = public_set is not None and (public_set.images, public_set.classes) == (self.images, self.classes)
        return self.name if is_usual else f"{self.name} ({self.counts})"

    def answers_to(self, text: str) -> bool:
        """Whether a text names it, by its name alone or by `words`."""
        return folded(text) in (folded(self.name), folded(self.words))


IMAGENET = ImageSet("ImageNet-1k validation", 50_000, 1000)
"""The set of published accuracies, and of those stated without a set."""
_KNOWN = {
    image_set.name: image_set
    for image_set in (
        IMAGENET,
        ImageSet("ImageNet-ReaL", 46_837, 1000),
        ImageSet("ImageNet-V2", 10_000, 1000),
        ImageSet("ImageNet-Sketch", 50_889, 1000),
        ImageSet("ImageNet-A", 7_500, 200),
        ImageSet("ImageNet-R", 30_000, 200),
    )
}
_ALSO = (
    "ImageNet", "ImageNet val", "ImageNet validation", "ImageNet-1k", "ImageNet1k", "ImageNet-1k val", "ImageNet1k val",
    "ImageNet1k validation", "ILSVRC2012 val", "ILSVRC2012 validation", "ILSVRC 2012 val", "ILSVRC 2012 validation",
)  # fmt: skip
"""Other names of ImageNet-1k's validation set."""


@lru_cache(maxsize=1024)
def folded(name: str) -> str:
    """The normalised form of a name: case, spaces, hyphens and underscores make no difference."""
    plain = _plain(name)
    return _ALIASES.get(plain, plain)


def _plain(name: str) -> str:
    return _BETWEEN.sub(" ", unicodedata.normalize("NFKC", name).casefold()).strip()


_ALIASES = {_plain(name): _plain(IMAGENET.name) for name in _ALSO}
_USUAL = {folded(name): image_set for name, image_set in _KNOWN.items()}


def usual(name: str) -> ImageSet | None:
    """A set of public images by its name, with the images and classes that it usually has; None for any other name."""
    return _USUAL.get(folded(name))


def set_of(accuracy: Accuracy) -> ImageSet:
    """The set that an accuracy was scored on; classes that are not stated are those that go with name and images."""
    public_set, classes = usual(accuracy.dataset), accuracy.classes
    if classes is None and public_set is not None and public_set.images == accuracy.images:
        classes = public_set.classes
    return ImageSet(accuracy.dataset, accuracy.images, classes)


def same_sets(sets: Iterable[ImageSet]) -> dict[ImageSet, ImageSet]:
    """The representative of each set: spellings of one name are one set, shown in the most frequent spelling.

    Where classes are unknown, they are those of the only other set of that name and size, if there is one; sets whose
    images or classes differ are different sets. The order of the sets does not matter.
    """
    groups: dict[tuple[str, int], list[ImageSet]] = {}
    times = Counter(sets)
    spelled = Counter(image_set.name for image_set in times.elements())
    for image_set in times:
        groups.setdefault((folded(image_set.name), image_set.images), []).append(image_set)
    out = {}
    for group in groups.values():
        class_counts = {image_set.classes for image_set in group if image_set.classes is not None}
        only = next(iter(class_counts)) if len(class_counts) == 1 else None
        full = {
            image_set: image_set if image_set.classes is not None else image_set._replace(classes=only)
            for image_set in group
        }
        for image_set in group:
            alike = [candidate for candidate in full.values() if candidate.classes == full[image_set].classes]
            out[image_set] = min(
                alike, key=lambda candidate: (candidate.name not in _KNOWN, -spelled[candidate.name], candidate.name)
            )
    return out


def in_order(sets: Iterable[ImageSet]) -> list[ImageSet]:
    """ImageNet-1k's validation set first, then by name and size."""
    return sorted(
        set(sets),
        key=lambda image_set: (
            image_set.key != IMAGENET.key,
            folded(image_set.name),
            image_set.images,
            image_set.classes or 0,
        ),
    )


def common(scored: Sequence[Sequence[Accuracy]]) -> ImageSet | None:
    """A set that every network was scored on, of several the first in order; None where there is none.

    Args:
        scored: the accuracies of each network; a network without any is ignored.
    """
    sets_by_network = [[set_of(figure) for figure in accuracies] for accuracies in scored if accuracies]
    same = same_sets(image_set for accuracies in sets_by_network for image_set in accuracies)
    shared = set(same.values())
    for accuracies in sets_by_network:
        shared &= {same[image_set] for image_set in accuracies}
    return next(iter(in_order(shared)), None)
