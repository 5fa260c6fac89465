"""The words around a panel: what sets it apart from its neighbours, and what all of them share.

Knows settings and origins; refuses to know the medium in which the words appear.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from levit_bench.axes import BY_NAME, SETTING, Said
from levit_bench.judge.comparability import differing
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.published.panels import PublishedPanel
from levit_bench.planning.budget import MIN_RUNS
from levit_bench.records import Machine, Record
from levit_bench.report.words.safe_text import visible

_UNTOLD = {
    **{axis.name: str(axis.usual) for axis in SETTING if axis.said is Said.NOWHERE},
    "set": "–", "runtime_version": "–", "affinity": "system", "allowance": "all", "shell": "plain",
}  # fmt: skip
"""Values so usual that a heading does not spend words on them."""


def _usual(name: str, found: dict[str, str]) -> bool:
    """Whether a field needs no words: the yardstick, a usual value, seats that follow from the allocator, or a GPU,
    which the words for the machine hold.
    """
    if name == "seats":
        return (found["seats"] == "alone") == (found["allocator"] == "shipped")
    return name in ("yardstick", "gpu") or _UNTOLD.get(name) == found[name]


def phrase(name: str, value: str) -> str:
    """One field for people: `4 threads`, `batch 16`, `allocator pinned`, `torch 2.13.0`."""
    if name in BY_NAME:
        return BY_NAME[name].phrase(visible(value))
    if name == "set":
        return f"top-1 on {visible(value)}"
    return f"{name.replace('_', ' ')} {visible(value)}"


def titles(panels: Sequence[Panel]) -> dict[object, str]:
    """What each panel differs in from the others, by its key; empty when it is alone."""
    apart_in = differing([panel.fields for panel in panels])
    return {panel.key: ", ".join(_told(panel, apart_in, panels)) for panel in panels}


def apart(some: Sequence[Panel], panels: Sequence[Panel]) -> str:
    """What these panels have in common and not all panels have; empty where that is nothing."""
    within = differing([panel.fields for panel in some])
    found = differing([panel.fields for panel in panels])
    return ", ".join(_told(some[0], [name for name in found if name not in within], panels))


def _told(panel: Panel, names: Iterable[str], panels: Sequence[Panel]) -> list[str]:
    """Fields of a panel that differ, for people: a runtime's version goes with its name."""
    found, names = panel.fields, list(names)
    out = []
    for name in names:
        if name == "machine":
            out.append(_machine(panel, panels))
        elif name == "runtime" and "runtime_version" in names:
            out.append(phrase(name, f"{found[name]} {found['runtime_version']}".removesuffix(" –")))
        elif (name == "seats" and _usual(name, found)) or (name == "gpu" and "machine" in names):
            continue
        elif name != "runtime_version" or "runtime" not in names:
            out.append(phrase(name, found[name]))
    return out


def published_line(panel: PublishedPanel) -> str:
    """Where published figures come from, and what the file's name says of them."""
    said = f" (its name says {', '.join(panel.told.words)})" if panel.told.words else ""
    where = f"batch {panel.batch} · top-1 on {visible(panel.scored_on.words)}"
    return f"published, not measured here: {visible(panel.file)}{said} · {where}"


def published_title(panel: PublishedPanel) -> tuple[str, str]:
    """Two lines above a picture: the file, and what to make of it."""
    return visible(panel.file), f"published, not measured here: batch {panel.batch}"


def setting_line(panel: Panel, panels: Sequence[Panel] = ()) -> str:
    """The whole setting of one panel on one line, the usual left out; `panels` are those it must be told apart from."""
    found = panel.fields
    told = [
        _machine(panel, panels) if name == "machine" else phrase(name, value)
        for name, value in found.items()
        if not _usual(name, found)
    ]
    return " · ".join(told)


def session_line(record: Record) -> str:
    """Where the records of one session come from: its name, the machine, torch."""
    version = record.conditions.versions.get("torch")
    told = [visible(record.session), machine_line(record.machine)]
    return " · ".join([*told, *([f"torch {visible(version)}"] if version else [])])


def machine_line(machine: Machine) -> str:
    """A machine in a few words: processor, cores, GPUs."""
    processor = f"{visible(machine.cpu_model)} ({machine.logical_cores} logical cores)"
    return ", ".join([processor, *map(visible, machine.gpus)])


def shared_words(panels: Sequence[Panel]) -> list[str]:
    """What all panels have in common: setting, runs, interval level, sessions."""
    apart_in = differing([panel.fields for panel in panels])
    found = panels[0].fields
    told = [
        _machine(panels[0], panels) if name == "machine" else phrase(name, value)
        for name, value in found.items()
        if name not in apart_in and not _usual(name, found)
    ]
    return [*told, *interval_words(panels), session_words(panels)]


def interval_words(panels: Sequence[Panel]) -> list[str]:
    """Runs behind the points and what the bars are."""
    points = [point for panel in panels for point in panel.points]
    if not points:
        return []
    counts = sorted({point.latency.n for point in points})
    runs = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]}–{counts[-1]}"
    level = f"{100 * points[0].latency.level:.0f} %"
    if counts[-1] == 1:
        return ["1 run, no interval"]
    gap = ", no bar: 1 run" if counts[0] == 1 else ""
    joined = any(panel.yardstick_s is not None for panel in panels)
    if joined:
        gap += ", sessions joined by the yardstick, and what they disagree in is in the bars"
    unsure = [panel for panel in panels if panel.points and panel.points[0].chance is None]
    mixed = any(point.chance is not None for point in points) and unsure
    words = f"places that hang on a network of fewer than {MIN_RUNS} runs are undecided"
    return [
        f"{runs} runs",
        f"bars: {level} t intervals over {'sessions' if joined else 'runs'}{gap}",
        *([words] if mixed else []),
    ]


def session_words(panels: Sequence[Panel]) -> str:
    """The session, or how many and from when to when."""
    names = sorted({origin.session for panel in panels for origin in panel.origins})
    if len(names) == 1:
        return f"session {visible(names[0])}"
    return f"{len(names)} sessions, {visible(names[0])} to {visible(names[-1])}"


def _machine(panel: Panel, panels: Sequence[Panel]) -> str:
    """A machine in words; where another one has the same, with the last digits of its folder's name."""
    words = _words(panel)
    alike = {other.machine.id for other in panels if _words(other) == words}
    return f"{words} …{panel.machine.id[-6:]}" if len(alike | {panel.machine.id}) > 1 else words


def _words(panel: Panel) -> str:
    return visible(panel.setting.gpu) if panel.setting.gpu else machine_line(panel.machine)
