"""The settings that one pick may choose among: those of one machine and device, and of one set of images."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from levit_bench.errors import NotComparableError
from levit_bench.judge.comparability import MADE, differing, enumerate_values
from levit_bench.judge.front.panel_limits import require_comparable
from levit_bench.judge.front.panels import Panel
from levit_bench.numbers.units import counted
from levit_bench.records import Case, ImageShape

_FIXED = ("machine", "device", "gpu", "set")
"""Fields that an answer is for: seconds of two machines answer two questions, and so do two sets of images."""


class PickSettings(NamedTuple):
    """Panels that one pick chooses among."""

    panels: tuple[Panel, ...]
    """Each with points, and of a case of its own: runtime, form, precision, allocator, threads, streams, batch."""
    passed_over: Mapping[str, tuple[str, ...]]
    """Fields of the conditions in which older panels of the same cases differ, such as `torch`, with all values."""


def pick_settings(panels: Sequence[Panel]) -> PickSettings:
    """The panels that one pick may choose among: of the same cases under several conditions, the newest ones.

    A limit in seconds may be put to every runtime, form, precision, allocator and number of threads of one machine
    alike. The conditions of a session (version of torch, isolation, the shell) are not chosen: where a case was
    measured under several, the newest session counts.

    Raises:
        NothingToShowError: no panel has a point; the message says why.
        NotComparableError: they are of several machines, devices or sets of images; the message says how to choose.
    """
    require_comparable(panels, limit=len(panels))
    with_points = [panel for panel in panels if panel.points]
    fixed = {name: texts for name, texts in differing([p.fields for p in with_points]).items() if name in _FIXED}
    if fixed:
        raise NotComparableError(_refusal(with_points, fixed))
    newest: dict[Case, Panel] = {}
    for panel in sorted(with_points, key=_newest_session):
        newest[_case_of(panel)] = panel
    kept = tuple(panel for panel in with_points if newest[_case_of(panel)] is panel)
    older = [panel for panel in with_points if newest[_case_of(panel)] is not panel]
    differences = [differing([panel.fields, newest[_case_of(panel)].fields]) for panel in older]
    names = dict.fromkeys(name for fields in differences for name in fields)
    return PickSettings(kept, {name: _values_of(name, with_points) for name in names})


def _case_of(panel: Panel) -> Case:
    """The case that all points of a panel share, but for network and images; packages without their versions."""
    case = panel.points[0].case
    return msgspec.structs.replace(panel.setting.case, **{axis: getattr(case, axis) for axis in MADE})


def _newest_session(panel: Panel) -> str:
    return max(origin.session for origin in panel.origins)


def _values_of(name: str, panels: Sequence[Panel]) -> tuple[str, ...]:
    return differing([panel.fields for panel in panels])[name]


def _refusal(panels: Sequence[Panel], fixed: Mapping[str, tuple[str, ...]]) -> str:
    """Why one answer is not to be had, with the choice of what the newest session has."""
    sets = _networks_by_set(panels)
    if [*fixed] == ["set"]:
        return f"cannot pick one network: accuracies are on {len(sets)} sets of images. {_choice_of_set(sets)}"
    fields = max(panels, key=lambda panel: (_newest_session(panel), len(panel.points))).fields
    named = [f"{name} ({enumerate_values(texts)})" for name, texts in fixed.items()]
    choice = " ".join(
        f"--set {shlex.quote(fields[name])}" if name == "set" else f"--where {shlex.quote(f'{name}={fields[name]}')}"
        for name in fixed
    )
    return (
        f"cannot pick one network: the records differ in {', '.join(named)}. Choose, such as the newest: {choice}"
        + (f". {_choice_of_set(sets)}" if "set" in fixed else "")
    )


def _networks_by_set(panels: Sequence[Panel]) -> dict[str, int]:
    """The sets of images in words, in the panels' order, with how many networks were scored on each."""
    networks: dict[str, set[tuple[str, ImageShape]]] = {}
    for panel in panels:
        scored = networks.setdefault(panel.fields["set"], set())
        scored.update((point.case.network, point.case.shape) for point in panel.points)
    return {words: len(scored) for words, scored in networks.items()}


def _choice_of_set(sets: Mapping[str, int]) -> str:
    choices = [f"--set {shlex.quote(words)} ({counted(count, 'network')})" for words, count in sets.items()]
    return f"Choose a set: {', '.join(choices[:-1])} or {choices[-1]}"
