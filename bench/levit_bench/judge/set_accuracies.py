"""Which accuracy of a network may be compared with others: that on the same set of images, where the classes match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from levit_bench.catalog.image_sets import ImageSet, in_order, same_sets, set_of
from levit_bench.records import Accuracy, CaseLine, Record


def accuracy_on(info: CaseLine, image_set: ImageSet, same: Mapping[ImageSet, ImageSet]) -> Accuracy | None:
    """The accuracy on a set, if there is one.

    Args:
        info: the network.
        image_set: one of the sets that stand for themselves and others.
        same: which ones stand for which, over all that are compared.
    """
    return next((accuracy for accuracy in info.scored if same[set_of(accuracy)] == image_set), None)


def too_few_classes(info: CaseLine, image_set: ImageSet) -> str | None:
    """Why an accuracy on a set cannot be this network's, whose outputs are of fewer classes; None where it can."""
    if info.classes is None or image_set.classes is None or info.classes >= image_set.classes:
        return None
    return f"it returns {info.classes:,} classes, and {image_set.words} has {image_set.classes:,}: state its own set"


def sets_of(infos: Iterable[CaseLine]) -> dict[ImageSet, ImageSet]:
    """Every set that these cases were scored on, with the set that stands for it."""
    return same_sets(set_of(accuracy) for info in infos for accuracy in info.scored)


def on_sets(records: Iterable[Record], names: Sequence[str]) -> list[Record]:
    """The records that were scored on any set that the names mean, with these accuracies alone."""
    candidates = list(records)
    same = sets_of(record.info for record in candidates)
    scored_records = []
    for record in candidates:
        scored = [a for a in record.info.scored if any(_answers(set_of(a), same, name) for name in names)]
        if scored:
            info = msgspec.structs.replace(record.info, accuracy=scored[0], accuracies=tuple(scored[1:]))
            scored_records.append(msgspec.structs.replace(record, info=info))
    return scored_records


def _answers(image_set: ImageSet, same: Mapping[ImageSet, ImageSet], text: str) -> bool:
    return image_set.answers_to(text) or same[image_set].answers_to(text)


def named_sets(records: Iterable[Record]) -> list[str]:
    """The sets in words, ImageNet-1k's validation set first."""
    return [image_set.words for image_set in in_order(sets_of(record.info for record in records).values())]
