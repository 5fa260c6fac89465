"""What users stated of networks, as the TOML file that states it again: the format that
`levit_bench.catalog.user_networks` reads.

Knows keys and their defaults; refuses to know files, and how a network is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from levit_bench.catalog import entries as catalog
from levit_bench.catalog.image_sets import IMAGENET, set_of, usual
from levit_bench.catalog.user_networks import SOURCE
from levit_bench.records import Accuracy, CaseLine


def stated_toml(infos: Iterable[CaseLine]) -> tuple[str, tuple[str, ...]]:
    """The text of a TOML file, and the names with their sizes, `nets.py:build#3f2a91@224`, of the networks in it.

    Of networks of the user's own, accuracies, labels, families and images that are not as usual; of those of the
    catalog, accuracies on other sets than the published one; of timm's, all accuracies, for they come with none. Both
    are empty where nothing was stated. What is stated twice on one set is taken from the last.
    """
    groups: dict[str, list[CaseLine]] = {}
    for info in infos:
        groups.setdefault(f"{info.case.network}@{info.case.size}", []).append(info)
    entries = {name: text for name, group in groups.items() if (text := _entries(group))}
    return "\n".join(entries.values()), tuple(entries)


def _entries(group: Sequence[CaseLine]) -> str:
    """The entries of one network at one size, one for each set that it was scored on; empty where nothing is stated."""
    last = group[-1]
    figures = {set_of(one).key: one for info in group for one in info.scored}
    if published := _published(last):
        figures.pop(set_of(published).key, None)
    about = _about(last, next((info.label for info in reversed(group) if info.label), None))
    subject = [
        f"{'build' if last.case.is_of_user else 'name'} = {_text(last.case.network)}",
        f"resolution = {_size(last)}",
    ]
    scored = [_scored(one) for one in figures.values()] or ([[]] if about else [])
    # What is no accuracy is stated once: further entries of a network inherit it.
    tables = [[*subject, *(about if at == 0 else []), *lines] for at, lines in enumerate(scored)]
    return "\n".join("\n".join(["[[network]]", *lines, ""]) for lines in tables)


def _published(info: CaseLine) -> Accuracy | None:
    """What the catalog knows of it by itself."""
    if info.case.is_of_user:
        return None
    named = any(entry.name == info.case.network for entry in catalog.entries())
    found = catalog.select([f"{info.case.network}@{info.case.size}"]).entries if named else ()
    return catalog.accuracy_of(found[0]) if found else None


def _about(info: CaseLine, label: str | None) -> list[str]:
    """What is stated of a network of the user's own beside its accuracies."""
    if not info.case.is_of_user:
        return []
    case, family = info.case, info.family
    return [
        *([f"label = {_text(label)}"] if label else []),
        *([f"family = {_text(family)}"] if family not in (None, "other") else []),
        *([f"channels = {case.channels}"] if case.channels != 3 else []),
        *([f"dtype = {_text(case.dtype)}"] if case.dtype != "float32" else []),
    ]


def _scored(one: Accuracy) -> list[str]:
    """An accuracy and its set."""
    known = usual(one.dataset)
    as_usual = known is not None and known.images == one.images
    told = [f"top1 = {one.top1!r}", *([f"top5 = {one.top5!r}"] if one.top5 is not None else [])]
    if one.dataset != IMAGENET.name:
        told.append(f"dataset = {_text(one.dataset)}")
    if not as_usual:
        told.append(f"images = {one.images}")
    if one.classes is not None and not (as_usual and known is not None and known.classes == one.classes):
        told.append(f"classes = {one.classes}")
    return [*told, *([f"source = {_text(one.source)}"] if one.source != SOURCE else [])]


def _size(info: CaseLine) -> str:
    return str(info.case.resolution) if info.case.size.isdecimal() else _text(info.case.size)


def _text(text: str | None) -> str:
    """A string of TOML in double quotes, on one line; what cannot be printed is escaped."""
    return f'"{"".join(_escaped(one) for one in text or "")}"'


def _escaped(one: str) -> str:
    if one in '"\\':
        return f"\\{one}"
    if one.isprintable():
        return one
    return f"\\u{ord(one):04x}" if ord(one) < 0x10000 else f"\\U{ord(one):08x}"
