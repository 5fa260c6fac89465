"""Who joins the front and who leaves it when the setting changes: panels against one of them.

Knows places and how sure they are; refuses to compare two panels' speeds, which may be two machines'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from bench.errors import UsageError
from bench.judge.comparable import Setting, enumerate_values, natural, values
from bench.judge.front import Panel, Point
from bench.judge.membership import Standing
from bench.records import Case

_USUAL = Case(network="", resolution=1)
_RANK = {Standing.BEATEN: 0, Standing.OPEN: 1, Standing.MEMBER: 2}


class Move(StrEnum):
    """What became of a network's place."""

    JOINS = "joins"
    """Surely beaten in the base, surely on the front here."""
    LEAVES = "leaves"
    """Surely on the front in the base, surely beaten here."""
    MAY_JOIN = "may join"
    """Likelier on the front here, but one of the two places is open."""
    MAY_LEAVE = "may leave"
    """Likelier on the front in the base, but one of the two places is open."""


class Moved(NamedTuple):
    """A network whose place is another one."""

    move: Move
    point: Point
    """Here, where its chance may be told."""


class Change(NamedTuple):
    """A panel against the base."""

    panel: Panel
    moved: tuple[Moved, ...]
    """In the order of the panel's points."""
    only_here: tuple[str, ...]
    """Labels that the base does not have."""
    only_base: tuple[str, ...]
    """Labels that this panel does not have."""


def base_of(found: Sequence[Panel], wanted: Mapping[str, str] | None = None) -> Panel:
    """The panel that others are held against: the wanted one, else the most usual setting, the first of several.

    Raises:
        UsageError: no panel has these values, or several have; the message names what there is.
    """
    drawn = [panel for panel in found if panel.points]
    if not wanted:
        return min(drawn, key=lambda panel: _unusual(panel.setting))
    known = {
        name: sorted({values(panel.setting)[name] for panel in drawn}, key=natural) for name in values(drawn[0].setting)
    }
    for name, value in wanted.items():
        if value not in known.get(name, ()):
            there = f"it is {enumerate_values(known[name])}" if name in known else f"the fields are {', '.join(known)}"
            raise UsageError(f"--base {name}={value[:80]}: no panel has it; {there}.")
    fits = [panel for panel in drawn if all(values(panel.setting)[name] == value for name, value in wanted.items())]
    if not fits:
        raise UsageError(f"--base {', '.join(f'{n}={v}' for n, v in wanted.items())}: no panel has all of these.")
    return min(fits, key=lambda panel: _unusual(panel.setting))


def _unusual(setting: Setting) -> int:
    """In how many fields a setting is not what a case has unless asked otherwise."""
    fields = ("device", "threads", "streams", "batch", "runtime", "precision", "form", "allocator")
    return sum(getattr(setting, name) != getattr(_USUAL, name) for name in fields)


def changes(found: Sequence[Panel], base: Panel) -> list[Change]:
    """Every other panel that has points, against the base, in order."""
    return [_change(panel, base) for panel in found if panel.points and panel is not base]


def _change(panel: Panel, base: Panel) -> Change:
    before = {point.label: point for point in base.points}
    here = {point.label for point in panel.points}
    moved = [
        Moved(move, point)
        for point in panel.points
        if point.label in before and (move := moved_from(before[point.label].standing, point.standing)) is not None
    ]
    return Change(
        panel,
        tuple(moved),
        tuple(point.label for point in panel.points if point.label not in before),
        tuple(label for label in before if label not in here),
    )


def moved_from(before: Standing, now: Standing) -> Move | None:
    """What a pair of places says; None where both are the same."""
    step = _RANK[now] - _RANK[before]
    if step == 0:
        return None
    if abs(step) == 2:
        return Move.JOINS if step > 0 else Move.LEAVES
    return Move.MAY_JOIN if step > 0 else Move.MAY_LEAVE
