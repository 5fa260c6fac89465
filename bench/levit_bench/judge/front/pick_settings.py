"""The settings that one pick may choose among: those of one machine and device, and of one set of images."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from levit_bench.errors import NotComparableError
from levit_bench.judge.comparability import differing, enumerate_values
from levit_bench.judge.front.panel_limits import require_comparable
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.points import Point
from levit_bench.numbers.units import counted
from levit_bench.records import Case, ImageShape

_FIXED = ("machine", "device", "gpu", "set")
"""Fields that an answer is for: seconds of two machines answer two questions, and so do two sets of images."""


class PickSettings(NamedTuple):
    """Panels that one pick chooses among."""

    panels: tuple[Panel, ...]
    """Each with points; no case has points in two of them."""
    passed_over: Mapping[str, tuple[str, ...]]
    """Fields of the conditions in which older sessions of the same cases differ, such as `torch`, with all values."""


def pick_settings(panels: Sequence[Panel]) -> PickSettings:
    """The panels that one pick may choose among: of each case under several conditions, the newest ones.

    A limit in seconds may be put to every runtime, form, precision, allocator and number of threads of one machine
    alike. The conditions of a session (version of torch, isolation, the shell) are not chosen: where a case was
    measured under several, the newest session counts. A case is a network and its images in a setting: what another
    network was measured under says nothing about this one, which keeps the conditions of its own newest session.

    Raises:
        NothingToShowError: no panel has a point; the message says why.
        NotComparableError: they are of several machines, devices or sets of images; the message says how to choose.
    """
    require_comparable(panels, limit=len(panels))
    with_points = [panel for panel in panels if panel.points]
    fixed = {name: texts for name, texts in differing([p.fields for p in with_points]).items() if name in _FIXED}
    if fixed:
        raise NotComparableError(_refusal(with_points, fixed))
    newest: dict[Case, tuple[str, Panel]] = {}
    for panel in with_points:
        for point in panel.points:
            session = max(point.sessions)
            if point.case not in newest or session >= newest[point.case][0]:
                newest[point.case] = session, panel
    kept = [(panel, [p for p in panel.points if newest[p.case][1] is panel]) for panel in with_points]
    differences = [
        differing([panel.fields, newest[point.case][1].fields])
        for panel, points in kept
        if len(points) < len(panel.points)
        for point in panel.points
    ]
    names = dict.fromkeys(name for fields in differences for name in fields)
    return PickSettings(
        tuple(_with_points(panel, points) for panel, points in kept if points),
        {name: _values_of(name, with_points) for name in names},
    )


def _with_points(panel: Panel, points: Sequence[Point]) -> Panel:
    """The panel with these of its points, and the sessions that they, or cases without a place, come from."""
    if len(points) == len(panel.points):
        return panel
    sessions = {session for point in points for session in point.sessions} | {case.session for case in panel.excluded}
    origins = tuple(origin for origin in panel.origins if origin.session in sessions)
    return msgspec.structs.replace(panel, points=tuple(points), origins=origins)


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
