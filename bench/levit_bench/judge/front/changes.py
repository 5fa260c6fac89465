"""Networks that join or leave the front when the setting changes: panels against one of them, the base.

Only places are compared, not speeds, which may be those of two machines. The chances of two panels are taken as
independent: each stands for the scatter of its own turns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from levit_bench.axes import unusual
from levit_bench.errors import UsageError
from levit_bench.judge.comparability import Setting, enumerate_values, natural
from levit_bench.judge.front.panels import Panel
from levit_bench.judge.front.places import Standing
from levit_bench.judge.front.points import Point
from levit_bench.records import ImageShape

RARE = 0.05
"""The chance below which a move is not reported."""
LIKELY = 0.5
"""The chance from which on a move between two open places is reported."""


class Move(StrEnum):
    """How a network's place differs from that in the base."""

    JOINS = "joins"
    """Surely beaten in the base, surely on the front here."""
    LEAVES = "leaves"
    """Surely on the front in the base, surely beaten here."""
    MAY_JOIN = "may join"
    """Perhaps beaten in the base and perhaps on the front here: one of the two places at least is not sure."""
    MAY_LEAVE = "may leave"
    """Perhaps on the front in the base and perhaps beaten here."""


class Moved(NamedTuple):
    """A network whose place differs from that in the base."""

    move: Move
    point: Point
    """The network here."""
    chance: float | None
    """How likely the move is; absent where a panel has too few runs to estimate it: the move is by the best guesses."""


class Change(NamedTuple):
    """A panel against the base."""

    panel: Panel
    moved: tuple[Moved, ...]
    """In the order of the panel's points."""
    only_here: tuple[str, ...]
    """Labels that the base does not have."""
    only_base: tuple[str, ...]
    """Labels that this panel does not have."""


def base_of(panels: Sequence[Panel], chosen: Mapping[str, str] | None = None) -> Panel:
    """The panel that others are compared with: the chosen one, else the most usual setting with the most sessions.

    Raises:
        UsageError: no panel has these values, or several have; the message names the values there are.
    """
    candidates = [panel for panel in panels if panel.points]
    if not chosen:
        return min(candidates, key=_rank)
    values_by_field = {
        name: sorted({panel.fields[name] for panel in candidates}, key=natural) for name in candidates[0].fields
    }
    for name, value in chosen.items():
        if name not in values_by_field or not any(_has(panel, name, value) for panel in candidates):
            choices = (
                f"it is {enumerate_values(values_by_field[name])}"
                if name in values_by_field
                else f"the fields are {', '.join(values_by_field)}"
            )
            raise UsageError(f"--base {name}={value[:80]}: no panel has it; {choices}.")
    fits = [panel for panel in candidates if all(_has(panel, name, value) for name, value in chosen.items())]
    if not fits:
        raise UsageError(f"--base {', '.join(f'{n}={v}' for n, v in chosen.items())}: no panel has all of these.")
    return min(fits, key=_rank)


def bases_of(panels: Sequence[Panel], chosen: Mapping[str, str] | None = None) -> list[Panel]:
    """A base for each set of images, in the order of the panels: places are compared within one set alone.

    Of a set without a panel that has the chosen values, the base is the most usual setting.

    Raises:
        UsageError: as `base_of`.
    """
    first = base_of(panels, chosen)
    settings = {name: value for name, value in (chosen or {}).items() if name != "set"}
    groups: dict[object, list[Panel]] = {}
    for panel in panels:
        if panel.points:
            groups.setdefault(panel.set_key, []).append(panel)
    return [first if first in group else _fitting(group, settings) for group in groups.values()]


def _fitting(group: Sequence[Panel], chosen: Mapping[str, str]) -> Panel:
    fits = [panel for panel in group if all(_has(panel, name, value) for name, value in chosen.items())]
    return min(fits or group, key=_rank)


def _has(panel: Panel, name: str, value: str) -> bool:
    """Whether a panel has a value; a set may be named without its size."""
    if name == "set" and panel.scored_on is not None:
        return panel.scored_on.answers_to(value)
    return panel.fields[name] == value


def _rank(panel: Panel) -> tuple[int, int, int]:
    """The most usual setting first, of several that with the most sessions, then with the most networks."""
    return _unusual(panel.setting), -len(panel.origins), -len(panel.points)


def _unusual(setting: Setting) -> int:
    """Number of axes of a setting that differ from their usual values."""
    return len(unusual(setting.case.value))


def changes(panels: Sequence[Panel], base: Panel) -> list[Change]:
    """Every other panel of the base's set that has points, against the base, in order."""
    compared = [panel for panel in panels if panel.set_key == base.set_key and panel is not base]
    return [_change(panel, base) for panel in compared if panel.points]


def _change(panel: Panel, base: Panel) -> Change:
    before = {_key(point): point for point in base.points}
    here = {_key(point) for point in panel.points}
    moves = (moved_from(before[_key(point)], point) for point in panel.points if _key(point) in before)
    return Change(
        panel,
        tuple(move for move in moves if move is not None),
        tuple(point.label for point in panel.points if _key(point) not in before),
        tuple(point.label for key, point in before.items() if key not in here),
    )


def _key(point: Point) -> tuple[str, ImageShape]:
    """Identity of a network across panels: a label has a resolution only where its panel has several."""
    return point.case.network, point.case.shape


def moved_from(before: Point, now: Point) -> Moved | None:
    """The move between the two places of a network; None where they are the same, or the data do not tell.

    A move is sure when both places are. Else it comes with its chance: that of being beaten in the one panel times that
    of a place on the other's front. Where both places are open, it is reported from `LIKELY` on.
    """
    if before.chance is None or now.chance is None:
        if before.on_front == now.on_front:
            return None
        return Moved(Move.MAY_JOIN if now.on_front else Move.MAY_LEAVE, now, None)
    joins, leaves = (1 - before.chance) * now.chance, before.chance * (1 - now.chance)
    chance = max(joins, leaves)
    open_ = [before.standing, now.standing].count(Standing.OPEN)
    if open_ == 0:
        sure = Move.JOINS if now.standing is Standing.MEMBER else Move.LEAVES
        return None if before.standing is now.standing else Moved(sure, now, chance)
    if chance < (LIKELY if open_ == 2 else RARE):
        return None
    return Moved(Move.MAY_JOIN if joins > leaves else Move.MAY_LEAVE, now, chance)
