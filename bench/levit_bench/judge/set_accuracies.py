"""Which accuracy of a network may stand beside others: the one on their set, where its outputs fit the set's classes.

Knows sets of images and what a case says of them; refuses to know speeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from levit_bench.catalog.image_sets import ImageSet, in_order, same_sets, set_of
from levit_bench.records import Accuracy, CaseLine, Record


def accuracy_on(info: CaseLine, wanted: ImageSet, same: Mapping[ImageSet, ImageSet]) -> Accuracy | None:
    """The accuracy on a set, if there is one.

    Args:
        info: the network.
        wanted: one of the sets that stand for themselves and others.
        same: which ones stand for which, over all that are compared.
    """
    return next((accuracy for accuracy in info.scored if same[set_of(accuracy)] == wanted), None)


def too_few_classes(info: CaseLine, wanted: ImageSet) -> str | None:
    """Why an accuracy on a set cannot be this network's, whose outputs are of fewer classes; None where it can."""
    if info.classes is None or wanted.classes is None or info.classes >= wanted.classes:
        return None
    return f"it returns {info.classes:,} classes, and {wanted.words} has {wanted.classes:,}: state its own set"


def sets_of(infos: Iterable[CaseLine]) -> dict[ImageSet, ImageSet]:
    """Every set that these were scored on, with the one that stands for it."""
    return same_sets(set_of(accuracy) for info in infos for accuracy in info.scored)


def on_set(records: Iterable[Record], text: str) -> list[Record]:
    """The records that were scored on a set that answers to a text, with these accuracies alone."""
    kept = list(records)
    same = sets_of(record.info for record in kept)
    out = []
    for record in kept:
        scored = [a for a in record.info.scored if _answers(set_of(a), same, text)]
        if scored:
            info = msgspec.structs.replace(record.info, accuracy=scored[0], accuracies=tuple(scored[1:]))
            out.append(msgspec.structs.replace(record, info=info))
    return out


def _answers(one: ImageSet, same: Mapping[ImageSet, ImageSet], text: str) -> bool:
    return one.answers_to(text) or same[one].answers_to(text)


def named_sets(records: Iterable[Record]) -> list[str]:
    """The sets in words, ImageNet-1k's validation set first."""
    return [one.words for one in in_order(sets_of(record.info for record in records).values())]
