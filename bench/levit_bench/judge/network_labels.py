"""What networks are called where people read: the user's labels, told apart.

Knows names and labels; refuses to know where they are shown.
"""

from __future__ import annotations

from collections.abc import Iterable

from levit_bench.records import CaseLine


def called(infos: Iterable[CaseLine]) -> dict[str, str]:
    """A text for each network's name: its label, of several the last; the name where it has none.

    A label that two networks have, such as two versions of one file, or that is another network's name, is followed by
    the name in brackets, so that no two networks are called alike.
    """
    found: dict[str, str] = {}
    for info in infos:
        if info.label or info.case.network not in found:
            found[info.case.network] = info.called
    times: dict[str, int] = {}
    for text in found.values():
        times[text] = times.get(text, 0) + 1
    out = {
        name: text if name == text or (times[text] == 1 and text not in found) else f"{text} ({name})"
        for name, text in found.items()
    }
    return out if len(set(out.values())) == len(out) else {name: name for name in out}
