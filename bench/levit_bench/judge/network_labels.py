"""Labels of networks for tables and figures: the user's own where there are any, made unique."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from levit_bench.records import CaseLine, ImageShape


def called(infos: Iterable[CaseLine]) -> dict[str, str]:
    """A text for each network's name: its label, of several the last; the name where it has none.

    A label that two networks have, such as two versions of one file, or that is another network's name, is followed by
    the name in brackets, so that no two networks are called alike.
    """
    labels: dict[str, str] = {}
    for info in infos:
        if info.label or info.case.network not in labels:
            labels[info.case.network] = info.called
    times: dict[str, int] = {}
    for text in labels.values():
        times[text] = times.get(text, 0) + 1
    unique = {
        name: text if name == text or (times[text] == 1 and text not in labels) else f"{text} ({name})"
        for name, text in labels.items()
    }
    return unique if len(set(unique.values())) == len(unique) else {name: name for name in unique}


def labels(infos: Sequence[CaseLine]) -> list[str]:
    """A text for each of several cases of one setting, all distinct: the network's, with `@224` or `@192x256` where it
    was timed at several resolutions.
    """
    shapes: dict[str, set[ImageShape]] = {}
    for info in infos:
        shapes.setdefault(info.case.network, set()).add(info.case.shape)
    names = called(infos)
    texts = [
        f"{names[i.case.network]}@{i.case.size}" if len(shapes[i.case.network]) > 1 else names[i.case.network]
        for i in infos
    ]
    if len(set(texts)) < len(texts):  # A network's own name is like `name@224`.
        texts = [f"{info.case.network}@{info.case.size}" for info in infos]
    if len(set(texts)) < len(texts):  # One was timed with other channels or number formats.
        texts = [" ".join([text, *i.case.shape.unusual]) for text, i in zip(texts, infos, strict=True)]
    return texts
