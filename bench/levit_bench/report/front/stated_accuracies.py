"""Accuracies, labels and families that users stated of networks, as TOML text that
`levit_bench.catalog.user_networks` reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from levit_bench.catalog import entries as catalog
from levit_bench.catalog.image_sets import IMAGENET, set_of, usual
from levit_bench.catalog.user_networks import SOURCE
from levit_bench.records import Accuracy, CaseLine


def stated_toml(infos: Iterable[CaseLine]) -> tuple[str, tuple[str, ...]]:
    """The text of a TOML file, and the names with their sizes, `nets.py:build#3f2a91@224`, of the networks in it.

    Of the user's own networks: accuracies, labels, families and images that differ from the defaults; of the catalog's:
    accuracies on other sets than the published one; of timm's: all accuracies, since timm states none. Both are empty
    where nothing was stated. Of two accuracies on one set, the last counts.
    """
    groups: dict[str, list[CaseLine]] = {}
    for info in infos:
        groups.setdefault(f"{info.case.network}@{info.case.size}", []).append(info)
    entries = {name: text for name, group in groups.items() if (text := _entries(group))}
    return "\n".join(entries.values()), tuple(entries)


def _entries(group: Sequence[CaseLine]) -> str:
    """The entries of one network at one size, one for each set of images; empty where nothing is stated."""
    last = group[-1]
    figures = {set_of(accuracy).key: accuracy for info in group for accuracy in info.scored}
    if published := _catalog_accuracy(last):
        figures.pop(set_of(published).key, None)
    about = _other_lines(last, next((info.label for info in reversed(group) if info.label), None))
    key = "file" if last.case.is_model_file else "build" if last.case.is_of_user else "name"
    subject = [
        f"{key} = {_toml_string(last.case.network)}",
        f"resolution = {_size(last)}",
    ]
    scored = [_accuracy_lines(accuracy) for accuracy in figures.values()] or ([[]] if about else [])
    # Fields other than accuracies are stated once: further entries of a network inherit them.
    tables = [[*subject, *(about if at == 0 else []), *lines] for at, lines in enumerate(scored)]
    return "\n".join("\n".join(["[[network]]", *lines, ""]) for lines in tables)


def _catalog_accuracy(info: CaseLine) -> Accuracy | None:
    """The accuracy that the catalog has of a network; None for the user's own."""
    if info.case.is_of_user:
        return None
    in_catalog = info.case.network in _catalog_names()
    matches = catalog.select([f"{info.case.network}@{info.case.size}"]).entries if in_catalog else ()
    return catalog.accuracy_of(matches[0]) if matches else None


@cache
def _catalog_names() -> frozenset[str]:
    return frozenset(entry.name for entry in catalog.entries())


def _other_lines(info: CaseLine, label: str | None) -> list[str]:
    """Lines about a network of the user's own, other than its accuracies."""
    if not info.case.is_of_user:
        return []
    case, family = info.case, info.family
    return [
        *([f"label = {_toml_string(label)}"] if label else []),
        *([f"reference = {_toml_string(info.reference)}"] if info.reference else []),
        *([f"family = {_toml_string(family)}"] if family not in (None, "other") else []),
        *([f"channels = {case.channels}"] if case.channels != 3 else []),
        *([f"dtype = {_toml_string(case.dtype)}"] if case.dtype != "float32" else []),
    ]


def _accuracy_lines(accuracy: Accuracy) -> list[str]:
    """Lines about an accuracy and its set of images."""
    usual_set = usual(accuracy.dataset)
    as_usual = usual_set is not None and usual_set.images == accuracy.images
    lines = [f"top1 = {accuracy.top1!r}", *([f"top5 = {accuracy.top5!r}"] if accuracy.top5 is not None else [])]
    if accuracy.dataset != IMAGENET.name:
        lines.append(f"dataset = {_toml_string(accuracy.dataset)}")
    if not as_usual:
        lines.append(f"images = {accuracy.images}")
    if accuracy.classes is not None and not (
        as_usual and usual_set is not None and usual_set.classes == accuracy.classes
    ):
        lines.append(f"classes = {accuracy.classes}")
    return [*lines, *([f"source = {_toml_string(accuracy.source)}"] if accuracy.source != SOURCE else [])]


def _size(info: CaseLine) -> str:
    return str(info.case.resolution) if info.case.size.isdecimal() else _toml_string(info.case.size)


def _toml_string(text: str | None) -> str:
    """A string of TOML in double quotes, on one line; characters that cannot be printed are escaped."""
    return f'"{"".join(_toml_character(character) for character in text or "")}"'


def _toml_character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"
