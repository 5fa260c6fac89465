"""The tags of a store as lines of text and as a document for programs.

Knows words; refuses to know where tags are kept and how a session is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from levit_bench.report.words.safe_text import visible

_GONE = "not in the store"


def lines(tags: Mapping[str, Sequence[str]], machines: Mapping[str, Sequence[str]]) -> list[str]:
    """One line a tag and one a session of it.

    Args:
        tags: sessions by name.
        machines: names of the machines that hold each session of the store.
    """
    out = []
    for name in sorted(tags):
        sessions = tags[name]
        out.append(
            f"{name}: {len(sessions)} session{'' if len(sessions) == 1 else 's'}{_of_several(sessions, machines)}"
        )
        out += [f"  {visible(one)}{'' if machines.get(one) else f' ({_GONE})'}" for one in sessions]
    return out


def document(tags: Mapping[str, Sequence[str]], machines: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """The same for programs."""
    return {
        "tags": {
            name: [{"session": one, "machines": list(machines.get(one, ()))} for one in tags[name]]
            for name in sorted(tags)
        }
    }


def several(sessions: Sequence[str], machines: Mapping[str, Sequence[str]]) -> list[str]:
    """The machines that sessions are of, each once, in order."""
    return sorted({machine for one in sessions for machine in machines.get(one, ())})


def _of_several(sessions: Sequence[str], machines: Mapping[str, Sequence[str]]) -> str:
    found = several(sessions, machines)
    return f" of {len(found)} machines: {', '.join(map(visible, found))}" if len(found) > 1 else ""
