"""Sets of images on which accuracies were scored: which of them are one set, and what a set is called.

Knows names, images and classes; refuses to know networks and how right they are. Two accuracies may be compared when
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
    """A set of images with one right class each."""

    name: str
    """As it was written."""
    images: int
    """Images in it."""
    classes: int | None = None
    """Classes that its images are of; absent where nobody says."""

    @property
    def key(self) -> tuple[str, int, int | None]:
        """What is equal where two sets are one, however their names are written."""
        return folded(self.name), self.images, self.classes

    @property
    def counts(self) -> str:
        """Its size in words: `2,000 images, 10 classes`."""
        classes = "" if self.classes is None else f", {self.classes:,} classes"
        return f"{self.images:,} image{'' if self.images == 1 else 's'}{classes}"

    @property
    def words(self) -> str:
        """Its name, and its size where that does not go with the name."""
        known = usual(self.name)
        is_usual = known is not None and (known.images, known.classes) == (self.images, self.classes)
        return self.name if is_usual else f"{self.name} ({self.counts})"

    def answers_to(self, text: str) -> bool:
        """Whether a text names it: its name alone, or its words."""
        return folded(text) in (folded(self.name), folded(self.words))


IMAGENET = ImageSet("ImageNet-1k validation", 50_000, 1000)
"""The set of published accuracies, and of those whose set nobody states."""
_KNOWN = {
    one.name: one
    for one in (
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
    """A name as names are compared: case, spaces, hyphens and underscores make no difference."""
    plain = _plain(name)
    return _ALIASES.get(plain, plain)


def _plain(name: str) -> str:
    return _BETWEEN.sub(" ", unicodedata.normalize("NFKC", name).casefold()).strip()


_ALIASES = {_plain(name): _plain(IMAGENET.name) for name in _ALSO}
_USUAL = {folded(name): one for name, one in _KNOWN.items()}


def usual(name: str) -> ImageSet | None:
    """A set of public images by its name, with the images and classes that it usually has; None for any other name."""
    return _USUAL.get(folded(name))


def set_of(accuracy: Accuracy) -> ImageSet:
    """The set that an accuracy was scored on; classes that are not stated are those that go with name and images."""
    known, classes = usual(accuracy.dataset), accuracy.classes
    if classes is None and known is not None and known.images == accuracy.images:
        classes = known.classes
    return ImageSet(accuracy.dataset, accuracy.images, classes)


def same_sets(found: Iterable[ImageSet]) -> dict[ImageSet, ImageSet]:
    """For each set the one that stands for it: spellings of one name are one set, shown as most of them are written.

    Where classes are not known, they are those of the only other set of that name and size, if there is one; sets whose
    images or classes differ are different sets. The order of the sets does not matter.
    """
    groups: dict[tuple[str, int], list[ImageSet]] = {}
    times = Counter(found)
    spelled = Counter(one.name for one in times.elements())
    for one in times:
        groups.setdefault((folded(one.name), one.images), []).append(one)
    out = {}
    for group in groups.values():
        known = {one.classes for one in group if one.classes is not None}
        only = next(iter(known)) if len(known) == 1 else None
        full = {one: one if one.classes is not None else one._replace(classes=only) for one in group}
        for one in group:
            alike = [other for other in full.values() if other.classes == full[one].classes]
            out[one] = min(alike, key=lambda other: (other.name not in _KNOWN, -spelled[other.name], other.name))
    return out


def in_order(found: Iterable[ImageSet]) -> list[ImageSet]:
    """ImageNet-1k's validation set first, then by name and size."""
    return sorted(set(found), key=lambda one: (one.key != IMAGENET.key, folded(one.name), one.images, one.classes or 0))


def common(scored: Sequence[Sequence[Accuracy]]) -> ImageSet | None:
    """A set that every network was scored on, of several the first in order; None where there is none.

    Args:
        scored: the accuracies of each network; a network without any is passed over.
    """
    figures = [[set_of(figure) for figure in each] for each in scored if each]
    same = same_sets(one for each in figures for one in each)
    shared = set(same.values())
    for each in figures:
        shared &= {same[one] for one in each}
    return next(iter(in_order(shared)), None)
