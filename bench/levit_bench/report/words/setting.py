"""Headings of panels: the fields in which a panel differs from the others, and those that all of them share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from levit_bench.axes import BY_NAME, SETTING, WEIGHTS_OF_FILE, Shown
from levit_bench.judge.comparability import differing
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.published.panels import PublishedPanel
from levit_bench.numbers.units import counted
from levit_bench.planning.budget import MIN_RUNS
from levit_bench.records import Machine, Record
from levit_bench.report.words.safe_text import visible

_UNTOLD = {
    **{axis.name: str(axis.usual) for axis in SETTING if axis.shown is Shown.NOWHERE},
    "set": "–", "runtime_version": "–", "affinity": "system", "allowance": "all", "shell": "plain",
}  # fmt: skip
"""Usual values, which a heading leaves out."""


def _is_left_out(name: str, fields: dict[str, str]) -> bool:
    """Whether a heading leaves a field out: the yardstick, a usual value, isolation that follows from the allocator,
    or a GPU, which is part of the words for the machine.
    """
    if name == "isolation":
        return (fields["isolation"] == "alone") == (fields["allocator"] == "shipped")
    return name in ("yardstick", "gpu") or _UNTOLD.get(name) == fields[name]


def phrase(name: str, value: str) -> str:
    """One field in words: `4 threads`, `batch 16`, `allocator pinned`, `torch 2.13.0`."""
    if name in BY_NAME:
        return BY_NAME[name].phrase(visible(value))
    if name == "set":
        return f"top-1 on {visible(value)}"
    return f"{name.replace('_', ' ')} {visible(value)}"


def titles(panels: Sequence[Panel]) -> dict[object, str]:
    """The fields in which each panel differs from the others, by its key; empty when it is alone.

    An isolation that follows from the allocator is left out, except where it is all that tells a panel apart.
    """
    apart_in = differing([panel.fields for panel in panels])
    return {
        panel.key: ", ".join(
            _differing_words(panel, apart_in, panels) or _differing_words(panel, apart_in, panels, usual_too=True)
        )
        for panel in panels
    }


def apart(group: Sequence[Panel], panels: Sequence[Panel]) -> str:
    """The fields that some panels share and not all panels have; empty where there are none."""
    apart_within = differing([panel.fields for panel in group])
    apart_in = differing([panel.fields for panel in panels])
    return ", ".join(_differing_words(group[0], [name for name in apart_in if name not in apart_within], panels))


def _differing_words(
    panel: Panel, names: Iterable[str], panels: Sequence[Panel], *, usual_too: bool = False
) -> list[str]:
    """Some fields of a panel in words; a runtime's version goes with its name."""
    fields, names = panel.fields, list(names)
    out = []
    for name in names:
        if name == "machine":
            out.append(_machine(panel, panels))
        elif name == "runtime" and "runtime_version" in names:
            out.append(phrase(name, f"{fields[name]} {fields['runtime_version']}".removesuffix(" –")))
        elif (name == "isolation" and not usual_too and _is_left_out(name, fields)) or (
            name == "gpu" and "machine" in names
        ):
            continue
        elif name != "runtime_version" or "runtime" not in names:
            out.append(phrase(name, fields[name]))
    return out


def published_line(panel: PublishedPanel) -> str:
    """The source of published figures: the file, the conditions in its name, batch and set of images."""
    facts = panel.name_facts
    verb = "it" if facts.conditions else "its name"
    name_words = f" ({verb} says {', '.join(map(visible, facts.words))})" if facts.words else ""
    where = f"batch {panel.batch} · top-1 on {visible(panel.scored_on.words)}"
    return f"published, not measured here: {visible(panel.file)}{name_words} · {where}"


def published_title(panel: PublishedPanel) -> tuple[str, str]:
    """The two title lines of a published panel: the file, and that it was not measured here."""
    return visible(panel.file), f"published, not measured here: batch {panel.batch}"


def setting_line(panel: Panel, panels: Sequence[Panel] = ()) -> str:
    """The whole setting of one panel on one line, usual values left out; distinct among `panels`."""
    fields = panel.fields
    phrases = [
        _machine(panel, panels) if name == "machine" else phrase(name, value)
        for name, value in _with_weights(fields, [panel]).items()
        if not _is_left_out(name, fields)
    ]
    return " · ".join(phrases)


def _with_weights(fields: dict[str, str], panels: Sequence[Panel]) -> dict[str, str]:
    """The fields of panels, which say where model files have weights of their own: those are no other setting."""
    cases = [point.case for panel in panels for point in panel.points]
    cases += [excluded.case for panel in panels for excluded in panel.excluded]
    of_files = [case for case in cases if case.weights == WEIGHTS_OF_FILE]
    if not of_files:
        return fields
    others = "" if len(of_files) == len(cases) else f"{fields['weights']} or "
    return fields | {"weights": f"{others}{WEIGHTS_OF_FILE}"}


def session_line(record: Record) -> str:
    """The origin of the records of one session: its name, the machine, torch."""
    version = record.conditions.versions.get("torch")
    parts = [visible(record.session), machine_line(record.machine)]
    return " · ".join([*parts, *([f"torch {visible(version)}"] if version else [])])


def machine_line(machine: Machine) -> str:
    """A machine in words: processor, cores, GPUs."""
    processor = f"{visible(machine.cpu_model)} ({counted(machine.logical_cores, 'logical core')})"
    return ", ".join([processor, *map(visible, machine.gpus)])


def shared_words(panels: Sequence[Panel]) -> list[str]:
    """The caption of a figure: setting, runs, interval level and sessions that all panels share."""
    return [*shared_setting(panels), *interval_words(panels), session_words(panels)]


def shared_setting(panels: Sequence[Panel]) -> list[str]:
    """The fields that all panels share in words, usual values left out."""
    apart_in = differing([panel.fields for panel in panels])
    fields = panels[0].fields
    return [
        _machine(panels[0], panels) if name == "machine" else phrase(name, value)
        for name, value in _with_weights(fields, panels).items()
        if name not in apart_in and not _is_left_out(name, fields)
    ]


def interval_words(panels: Sequence[Panel]) -> list[str]:
    """Number of runs, and the confidence intervals that the bars show."""
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
    """The session, or the number of sessions with the first and the last."""
    names = sorted({origin.session for panel in panels for origin in panel.origins})
    if len(names) == 1:
        return f"session {visible(names[0])}"
    return f"{len(names)} sessions, {visible(names[0])} to {visible(names[-1])}"


def _machine(panel: Panel, panels: Sequence[Panel]) -> str:
    """A machine in words; where another one has the same words, with the last digits of its id."""
    words = _words(panel)
    alike = {neighbour.machine.id for neighbour in panels if _words(neighbour) == words}
    return f"{words} …{panel.machine.id[-6:]}" if len(alike | {panel.machine.id}) > 1 else words


def _words(panel: Panel) -> str:
    return visible(panel.setting.gpu) if panel.setting.gpu else machine_line(panel.machine)
