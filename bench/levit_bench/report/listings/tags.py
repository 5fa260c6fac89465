"""The tags of a store as lines of text and as a JSON document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from levit_bench.numbers.units import counted
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
        out.append(f"{name}: {counted(len(sessions), 'session')}{_of_machines(sessions, machines)}")
        out += [f"  {visible(session)}{'' if machines.get(session) else f' ({_GONE})'}" for session in sessions]
    return out


def document(tags: Mapping[str, Sequence[str]], machines: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """The tags as data: sessions by tag, each with its machines."""
    return {
        "tags": {
            name: [{"session": session, "machines": list(machines.get(session, ()))} for session in tags[name]]
            for name in sorted(tags)
        }
    }


def machines_of(sessions: Sequence[str], machines: Mapping[str, Sequence[str]]) -> list[str]:
    """The machines of some sessions, each once, in order."""
    return sorted({machine for session in sessions for machine in machines.get(session, ())})


def _of_machines(sessions: Sequence[str], machines: Mapping[str, Sequence[str]]) -> str:
    names = machines_of(sessions, machines)
    return f" of {len(names)} machines: {', '.join(map(visible, names))}" if len(names) > 1 else ""
