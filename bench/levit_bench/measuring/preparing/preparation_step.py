"""A step of the preparation, as progress shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from levit_bench.records import Case

_SHOWN = ("form", "precision", "device")


class PreparationStep(NamedTuple):
    """A network whose preparation begins."""

    case: Case
    """The case that stands for all with this artifact."""
    done: int
    """Artifacts that are there already."""
    total: int
    """All artifacts of the session."""
    varying: tuple[str, ...]
    """Axes beside the network and the runtime in which artifacts of the session differ, such as `precision`."""
    left_s: float
    """Seconds until all are prepared, as far as can be told."""


def varying_axes(artifacts: Iterable[Case]) -> tuple[str, ...]:
    """Axes beside the network and the runtime in which the cases that stand for artifacts differ."""
    cases = list(artifacts)
    return tuple(axis for axis in _SHOWN if len({case.value(axis) for case in cases}) > 1)
